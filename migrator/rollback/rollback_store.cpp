#include "migrator/rollback/rollback_store.hpp"

#include <cstdlib>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

const char* name_of(MeasuredWork work) {
  switch (work) {
    case MeasuredWork::drop:
      return "'drop'";
    case MeasuredWork::dump:
      return "'dump'";
  }
  return "";
}

}  // namespace

SqlResult<void> RollbackStore::prepare() {
  // Asked for first: a user without the right to create them may still be given them ready-made.
  auto exists = connection_.query(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '_sluice'"
      " AND table_name IN ('rollbacks', 'measured')");
  if (exists.has_error()) return exists.error();
  if (exists->rows.at(0).at(0) == "2") return {};
  for (const char* statement :
       {"CREATE TABLE IF NOT EXISTS _sluice.rollbacks (migration BIGINT UNSIGNED NOT NULL PRIMARY KEY,"
        " report LONGTEXT NOT NULL) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
        "CREATE TABLE IF NOT EXISTS _sluice.measured (number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
        " work VARCHAR(16) NOT NULL, bytes BIGINT UNSIGNED NOT NULL, ms DOUBLE NOT NULL, KEY (work, number))"
        " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4"}) {
    if (auto created = connection_.execute(statement); created.has_error()) return created.error();
  }
  return {};
}

SqlResult<std::map<std::string, RollbackReport>> RollbackStore::load() {
  auto rows = connection_.query("SELECT report FROM _sluice.rollbacks");
  if (rows.has_error()) return rows.error();
  std::map<std::string, RollbackReport> reports;
  for (const Row& row : rows->rows) {
    if (auto report = rollback_report_from(row.at(0).value_or(""))) reports.emplace(report->migration, *report);
  }
  return reports;
}

SqlResult<void> RollbackStore::save(const RollbackReport& report) {
  return save(std::vector{report});
}

SqlResult<void> RollbackStore::save(const std::vector<RollbackReport>& reports) {
  std::string rows;
  for (const RollbackReport& report : reports) {
    rows += (rows.empty() ? "(" : ", (") + report.migration.substr(1) + ", " + quote_string(to_json(report)) + ")";
  }
  auto saved = connection_.execute("REPLACE INTO _sluice.rollbacks (migration, report) VALUES " + rows);
  if (saved.has_error()) return saved.error();
  return {};
}

SqlResult<void> RollbackStore::add(MeasuredWork work, const Measured& measured) {
  auto added =
      connection_.execute("INSERT INTO _sluice.measured (work, bytes, ms) VALUES (" + std::string(name_of(work)) +
                          ", " + std::to_string(measured.bytes) + ", " + std::to_string(measured.ms) + ")");
  if (added.has_error()) return added.error();
  auto forgotten = connection_.execute(
      "DELETE FROM _sluice.measured WHERE work = " + std::string(name_of(work)) +
      " AND number < (SELECT number FROM (SELECT number FROM _sluice.measured WHERE work = " + name_of(work) +
      " ORDER BY number DESC LIMIT 1 OFFSET " + std::to_string(kMeasuredMax - 1) + ") AS oldest)");
  if (forgotten.has_error()) return forgotten.error();
  return {};
}

SqlResult<std::vector<Measured>> RollbackStore::measured(MeasuredWork work) {
  auto rows = connection_.query("SELECT bytes, ms FROM _sluice.measured WHERE work = " + std::string(name_of(work)) +
                                " ORDER BY number DESC LIMIT " + std::to_string(kMeasuredMax));
  if (rows.has_error()) return rows.error();
  std::vector<Measured> measured;
  constexpr int kDecimal = 10;
  for (const Row& row : rows->rows) {
    measured.push_back({std::strtoull(row.at(0).value_or("0").c_str(), nullptr, kDecimal),
                        std::strtod(row.at(1).value_or("0").c_str(), nullptr)});
  }
  return measured;
}

}  // namespace sluice::migrator
