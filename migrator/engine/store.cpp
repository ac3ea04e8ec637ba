#include "migrator/engine/store.hpp"

#include <charconv>
#include <utility>

#include "migrator/options/options_json.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

constexpr std::string_view kNow = "DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%fZ')";

// "m17" -> "17"; ids are only ever made here.
std::string number_of(const MigrationId& id) {
  return id.substr(1);
}

std::optional<State> state_from(std::string_view text) {
  for (const State state : kStates) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

std::string text(const Value& value) {
  return value.value_or(std::string());
}

}  // namespace

std::string beats_query(const MigrationId& id) {
  return "SELECT beats FROM _sluice.heartbeat WHERE migration = " + number_of(id);
}

std::uint64_t beats_of(const Rows& rows) {
  std::uint64_t beats = 0;
  if (rows.rows.empty()) return beats;
  const std::string number = text(rows.rows[0].at(0));
  std::from_chars(number.data(), number.data() + number.size(), beats);
  return beats;
}

SqlResult<void> Store::prepare() {
  // Asked for first: a user without the right to create it may still be given it ready-made.
  auto exists = connection_.query(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '_sluice'"
      " AND table_name IN ('migrations', 'journal', 'heartbeat')");
  if (exists.has_error()) return exists.error();
  if (text(exists->rows.at(0).at(0)) == "3") return {};
  for (const char* statement :
       {"CREATE DATABASE IF NOT EXISTS _sluice DEFAULT CHARACTER SET utf8mb4",
        "CREATE TABLE IF NOT EXISTS _sluice.migrations (number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
        " swap_group VARCHAR(36) NOT NULL,"
        " database_name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL, table_name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,"
        " alter_text LONGTEXT NOT NULL,"
        " options LONGTEXT NOT NULL, state VARCHAR(16) NOT NULL, paused TINYINT NOT NULL, checkpoint LONGTEXT NOT NULL,"
        " error_code VARCHAR(64) NULL, error_message LONGTEXT NULL, started_at VARCHAR(32) NOT NULL,"
        " ended_at VARCHAR(32) NOT NULL DEFAULT '', UNIQUE KEY (swap_group, database_name, table_name))"
        " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
        "CREATE TABLE IF NOT EXISTS _sluice.journal (migration BIGINT UNSIGNED NOT NULL, number BIGINT UNSIGNED NOT "
        "NULL,"
        " at VARCHAR(32) NOT NULL, event VARCHAR(64) NOT NULL, details LONGTEXT NOT NULL,"
        " PRIMARY KEY (migration, number)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
        "CREATE TABLE IF NOT EXISTS _sluice.heartbeat (migration BIGINT UNSIGNED NOT NULL PRIMARY KEY,"
        " beats BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB"}) {
    auto created = connection_.execute(statement);
    if (created.has_error()) return created.error();
  }
  return {};
}

SqlResult<std::vector<StoredMigration>> Store::load() {
  auto rows = connection_.query(
      "SELECT number, database_name, table_name, alter_text, options, state, paused, checkpoint, error_code,"
      " error_message, started_at, ended_at, swap_group FROM (SELECT * FROM _sluice.migrations ORDER BY ended_at = '' "
      "DESC,"
      " number DESC LIMIT " +
      std::to_string(kEndedMigrationsListedMax) + ") AS newest ORDER BY number");
  if (rows.has_error()) return rows.error();
  std::vector<StoredMigration> stored;
  for (const Row& row : rows->rows) {
    StoredMigration migration;
    migration.id = "m" + text(row[0]);
    migration.specification.database = text(row[1]);
    migration.specification.table = text(row[2]);
    migration.specification.alter = text(row[3]);
    const auto options = options_from_json_text(text(row[4]));
    if (options.has_value()) {
      migration.specification.options = *options;
    } else {
      migration.unreadable_options = options.error().message;
      migration.specification.options.postpone_cut_over = true;
    }
    migration.state = state_from(text(row[5])).value_or(State::failed);
    migration.paused = text(row[6]) == "1" || !options.has_value();
    if (auto checkpoint = checkpoint_from_json(text(row[7])); checkpoint.has_value())
      migration.checkpoint = *checkpoint;
    if (row[8]) migration.error = Problem{text(row[8]), text(row[9])};
    migration.started_at = text(row[10]);
    migration.ended_at = text(row[11]);
    migration.swap_group = text(row[12]);
    stored.push_back(std::move(migration));
  }
  return stored;
}

SqlResult<std::vector<StoredMigration>> Store::add(const std::vector<Added>& tables) {
  auto named = connection_.query("SELECT UUID()");
  if (named.has_error()) return named.error();
  const std::string group = text(named->rows.at(0).at(0));
  std::string rows;
  for (const auto& [table, checkpoint] : tables) {
    rows += (rows.empty() ? "(" : ", (") + quote_string(group) + ", " + quote_string(table.database) + ", " +
            quote_string(table.table) + ", " + quote_string(table.alter) + ", " +
            quote_string(options_to_json_text(table.options)) + ", 'preparing', 0, " +
            quote_string(to_json(checkpoint)) + ", " + std::string(kNow) + ")";
  }
  auto inserted = connection_.execute(
      "INSERT INTO _sluice.migrations (swap_group, database_name, table_name, alter_text, options, state, paused,"
      " checkpoint, started_at) VALUES " +
      rows);
  // Said twice after a lost answer, it has been done.
  if (inserted.has_error() && inserted.error().code != server_error::duplicate_entry) return inserted.error();
  auto made =
      connection_.query("SELECT number, started_at FROM _sluice.migrations WHERE swap_group = " + quote_string(group) +
                        " ORDER BY number");
  if (made.has_error()) return made.error();
  if (made->rows.size() != tables.size()) {
    return SqlError{.code = 0, .sqlstate = "HY000", .text = "schema _sluice does not keep what was written"};
  }
  std::vector<StoredMigration> stored;
  for (const Row& row : made->rows) {
    stored.push_back({.id = "m" + text(row.at(0)),
                      .specification = tables.at(stored.size()).specification,
                      .swap_group = group,
                      .started_at = text(row.at(1)),
                      .checkpoint = tables.at(stored.size()).checkpoint});
  }
  return stored;
}

SqlResult<void> Store::save(const MigrationId& id, State state, bool paused, const Checkpoint& checkpoint,
                            const std::optional<Problem>& error) {
  std::string sql = "UPDATE _sluice.migrations SET state = '" + std::string(to_string(state)) +
                    "', paused = " + (paused ? "1" : "0") + ", checkpoint = " + quote_string(to_json(checkpoint));
  if (error) sql += ", error_code = " + quote_string(error->code) + ", error_message = " + quote_string(error->message);
  if (has_ended(state)) sql += ", ended_at = IF(ended_at = '', " + std::string(kNow) + ", ended_at)";
  auto saved = connection_.execute(sql + " WHERE number = " + number_of(id));
  if (saved.has_error()) return saved.error();
  return {};
}

SqlResult<void> Store::save_options(const MigrationId& id, const Options& options) {
  auto saved =
      connection_.execute("UPDATE _sluice.migrations SET options = " + quote_string(options_to_json_text(options)) +
                          " WHERE number = " + number_of(id));
  if (saved.has_error()) return saved.error();
  return {};
}

SqlResult<void> Store::append(const MigrationId& id, const JournalEntry& entry) {
  // REPLACE: said twice after a lost answer, it is still one entry.
  auto appended =
      connection_.execute("REPLACE INTO _sluice.journal (migration, number, at, event, details) VALUES (" +
                          number_of(id) + ", " + std::to_string(entry.number) + ", " + quote_string(entry.at) + ", " +
                          quote_string(entry.event) + ", " + quote_string(entry.details) + ")");
  if (appended.has_error()) return appended.error();
  return {};
}

SqlResult<std::vector<JournalEntry>> Store::journal(const MigrationId& id) {
  auto rows = connection_.query(
      "SELECT number, at, event, details FROM _sluice.journal WHERE migration = " + number_of(id) + " ORDER BY number");
  if (rows.has_error()) return rows.error();
  std::vector<JournalEntry> entries;
  for (const Row& row : rows->rows) {
    JournalEntry entry{.at = text(row[1]), .event = text(row[2]), .details = text(row[3])};
    const std::string number = text(row[0]);
    std::from_chars(number.data(), number.data() + number.size(), entry.number);
    entries.push_back(std::move(entry));
  }
  return entries;
}

SqlResult<bool> Store::is_latest(const MigrationId& id) {
  auto rows = connection_.query(
      "SELECT COUNT(*) FROM _sluice.migrations AS one JOIN _sluice.migrations AS later"
      " ON later.database_name = one.database_name AND later.table_name = one.table_name"
      " AND later.number > one.number AND NOT (later.state IN ('stopped', 'failed', 'panicked')"
      " AND JSON_EXTRACT(later.checkpoint, '$.revert') IS NOT NULL) WHERE one.number = " +
      number_of(id));
  if (rows.has_error()) return rows.error();
  return text(rows->rows.at(0).at(0)) == "0";
}

SqlResult<Affected> Store::forget_beats(const MigrationId& id) {
  return connection_.execute("DELETE FROM _sluice.heartbeat WHERE migration = " + number_of(id));
}

SqlResult<std::uint64_t> Store::beat(const MigrationId& id) {
  auto beaten = connection_.execute("INSERT INTO _sluice.heartbeat (migration, beats) VALUES (" + number_of(id) +
                                    ", 1) ON DUPLICATE KEY UPDATE beats = beats + 1");
  if (beaten.has_error()) return beaten.error();
  auto beats = connection_.query(beats_query(id));
  if (beats.has_error()) return beats.error();
  return beats_of(*beats);
}

}  // namespace sluice::migrator
