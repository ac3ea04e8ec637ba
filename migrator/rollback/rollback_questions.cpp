// What a rollback asks the server about the tables.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "migrator/rollback/rollback_driver.hpp"
#include "migrator/table/shadow.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::migrator {
namespace {

// Defaults of binary columns may hold bytes that JSON can't.
std::string as_utf8(std::string text) {
  if (protocol::sql::is_utf8(text)) return text;
  constexpr unsigned char kAsciiEnd = 0x80;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= kAsciiEnd) c = '?';
  }
  return text;
}

bool is_gone(const SqlError& error) {
  return error.code == server_error::no_such_table || error.code == server_error::bad_table;
}

std::string plan_line(const Rows& explained, const Row& row) {
  const auto column = [&](std::string_view name) {
    const auto found = std::ranges::find(explained.columns, name);
    if (found == explained.columns.end()) return std::string();
    return row.at(static_cast<std::size_t>(found - explained.columns.begin())).value_or("");
  };
  const std::string key = column("key");
  return column("table") + ": " + column("type") + (key.empty() ? "" : " by " + key) + ", " + column("rows") + " rows";
}

}  // namespace

SqlResult<Connection*> RollbackDriver::asker() {
  if (asker_) return &*asker_;
  SessionSettings settings;
  settings.lock_wait_timeout = kAnswersWithin;
  settings.select_limit = std::max(kAnswersWithin, kCountWithin);
  auto made = Connection::connect(parts_.primary, settings);
  if (made.has_error()) return made.error();
  // As the application's own.
  for (const std::string& statement : {std::string("SET SESSION sql_mode = @@GLOBAL.sql_mode"),
                                       "SET SESSION sql_select_limit = " + std::to_string(kRowsFetchedMax),
                                       "USE " + quote_identifier(parts_.source.database)}) {
    if (auto set = made->execute(statement); set.has_error()) return set.error();
  }
  asker_ = std::move(*made);
  return &*asker_;
}

SqlResult<TableRecord> RollbackDriver::look_at(const TableRef& table) {
  TableRecord record{.name = table.table};
  auto open = connection();
  if (open.has_error()) return open.error();
  auto bytes = bytes_of(**open, table);
  if (bytes.has_error()) return bytes.error();
  if (!*bytes) return record;
  record.exists = true;
  record.bytes = **bytes;
  auto definition = definition_but_for_counters(**open, table);
  if (definition.has_error()) {
    if (definition.error().outcome == Outcome::unknown) return definition.error();
    record.exists = !is_gone(definition.error());
    return record;
  }
  record.definition = as_utf8(std::move(*definition));
  if (auto counted = count(record, table); counted.has_error()) return counted.error();
  return record;
}

SqlResult<void> RollbackDriver::count(TableRecord& record, const TableRef& table) {
  const auto number = [](const Rows& rows) {
    constexpr int kDecimal = 10;
    return rows.rows.empty() ? 0 : std::strtoull(rows.rows[0].at(0).value_or("0").c_str(), nullptr, kDecimal);
  };
  auto open = asker();
  if (open.has_error()) return open.error();
  auto rows = (*open)->query("SELECT COUNT(*) FROM " + quote(table));
  if (rows.has_error() && rows.error().outcome == Outcome::unknown) return rows.error();
  record.counted = rows.has_value();
  if (!record.counted) {
    // It takes too long, or somebody has locked the table.
    rows = (*open)->query("SELECT COALESCE(TABLE_ROWS, 0) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                          quote_string(table.database) + " AND TABLE_NAME = " + quote_string(table.table));
    if (rows.has_error()) return rows.error();
  }
  record.rows = number(*rows);
  return {};
}

SqlResult<QueryReport> RollbackDriver::ask(const std::string& sql, std::string_view prefix) {
  QueryReport report{.sql = sql};
  auto open = asker();
  if (open.has_error()) return open.error();
  // What is only planned changes nothing, and a plan of an UPDATE is refused where nothing may be changed.
  const std::string_view begin = prefix.empty() ? "START TRANSACTION READ ONLY" : "START TRANSACTION";
  if (auto begun = (*open)->execute(begin); begun.has_error()) return begun.error();
  const auto began = std::chrono::steady_clock::now();
  auto rows = (*open)->query(std::string(prefix) + sql);
  report.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  if (rows.has_error()) {
    if (rows.error().outcome == Outcome::unknown) return rows.error();
    report.problem = describe(rows.error());
  } else {
    report.rows = rows->rows.size();
    for (const Row& row : rows->rows) {
      if (!prefix.empty()) report.plan.push_back(plan_line(*rows, row));
    }
  }
  if (auto undone = (*open)->execute("ROLLBACK"); undone.has_error()) return undone.error();
  return report;
}

SqlResult<RollbackDriver::Step> RollbackDriver::verify() {
  if (!verifying_) {
    auto now = look_at(parts_.source);
    if (now.has_error()) return now.error();
    const TableRecord& before = report_.record->source;
    verifying_ = VerifyReport{.definition_unchanged = now->exists && now->definition == before.definition,
                              .rows = now->rows,
                              .counted = now->counted,
                              .test_queries = {},
                              .explain = {}};
    return Step::more;
  }
  // One a time: each may take its while.
  if (const auto next = verifying_->test_queries.size(); next < report_.test_queries.size()) {
    auto answer = ask(report_.test_queries[next], "");
    if (answer.has_error()) return answer.error();
    verifying_->test_queries.push_back(std::move(*answer));
    return Step::more;
  }
  if (const auto next = verifying_->explain.size(); next < report_.explain.size()) {
    auto answer = ask(report_.explain[next], "EXPLAIN FORMAT=TRADITIONAL ");
    if (answer.has_error()) return answer.error();
    verifying_->explain.push_back(std::move(*answer));
    return Step::more;
  }
  if (!verifying_->definition_unchanged) {
    find("the definition of " + parts_.source.table + " is not what it was when the migration was stopped");
  }
  std::size_t failed_queries = 0;
  for (const auto* queries : {&verifying_->test_queries, &verifying_->explain}) {
    failed_queries += static_cast<std::size_t>(
        std::ranges::count_if(*queries, [](const QueryReport& query) { return !query.problem.empty(); }));
  }
  const std::size_t asked = verifying_->test_queries.size() + verifying_->explain.size();
  if (failed_queries > 0) find(std::to_string(failed_queries) + " of " + std::to_string(asked) + " queries fail");
  std::string outcome = parts_.source.table + (verifying_->definition_unchanged ? " is as it was" : " has changed") +
                        ", " + std::to_string(verifying_->rows) + " rows";
  if (asked > 0)
    outcome += "; " + std::to_string(asked - failed_queries) + " of " + std::to_string(asked) + " queries work";
  report_.verify = std::move(verifying_);
  verifying_.reset();
  return done(std::move(outcome));
}

}  // namespace sluice::migrator
