#include "migrator/engine/definition_pin.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "migrator/table/alter_text.hpp"
#include "protocol/sql/scan.hpp"

namespace sluice::migrator {
namespace {

// Lets a statement fail at once where it would have to wait for a table.
SessionSettings never_waiting() {
  return {.lock_wait_timeout = std::chrono::seconds{0}};
}

std::string touch(const TableRef& table) {
  // What the query cache answers opens no table.
  return "SELECT SQL_NO_CACHE 1 FROM " + quote(table) + " LIMIT 0";
}

std::string metadata_locks(const TableRef& table, std::string_view which) {
  return "SELECT 1 FROM performance_schema.metadata_locks WHERE object_type = 'TABLE' AND object_schema = " +
         quote_string(table.database) + " AND object_name = " + quote_string(table.table) + " AND " +
         std::string(which) + " LIMIT 1";
}

// The list of processes cuts a long text: of such a one only the first word is sure.
bool is_plain(const std::string& statement) {
  constexpr std::array plain{"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "WITH"};
  const std::vector<Token> tokens = tokenize(std::string_view(statement).substr(0, 1000)).tokens;
  return std::ranges::any_of(plain, [&](const char* word) { return is_keyword(tokens, 0, word); });
}

bool drops_trigger(const std::string& statement) {
  const std::vector<Token> tokens = tokenize(statement).tokens;
  return is_keyword(tokens, 0, "DROP") && is_keyword(tokens, 1, "TRIGGER");
}

// False where it is off, too.
bool shows_metadata_locks(Connection& connection) {
  const auto on = connection.query(
      "SELECT 1 FROM performance_schema.setup_instruments WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = "
      "'YES'");
  return on.has_value() && !on->rows.empty();
}

}  // namespace

DefinitionPin::DefinitionPin(TableRef table, Connection pin, Connection probe)
    : table_(std::move(table)), pin_(std::move(pin)), probe_(std::move(probe)) {}

SqlResult<std::unique_ptr<DefinitionPin>> DefinitionPin::prepare(const ServerAddress& primary, TableRef table,
                                                                 std::chrono::seconds lock_wait_max) {
  auto pin = Connection::connect(primary, {.autocommit = Autocommit::off, .lock_wait_timeout = lock_wait_max});
  if (pin.has_error()) return pin.error();
  const bool may_look = has_metadata_lock_instruments(pin->flavor());
  auto probe = Connection::connect(primary, may_look ? SessionSettings{} : never_waiting());
  if (probe.has_error()) return probe.error();
  if (may_look && !shows_metadata_locks(*probe)) return std::unique_ptr<DefinitionPin>();
  return std::unique_ptr<DefinitionPin>(new DefinitionPin(std::move(table), std::move(*pin), std::move(*probe)));
}

SqlResult<bool> DefinitionPin::take() {
  auto taken = pin_.query(touch(table_));
  if (taken.has_error()) return taken.error();
  if (!has_metadata_lock_instruments(probe_.flavor())) return true;
  auto shown = probe_.query(metadata_locks(table_, "lock_status = 'GRANTED'"));
  if (shown.has_error()) return shown.error();
  if (shown->rows.empty()) release();
  return !shown->rows.empty();
}

SqlResult<bool> DefinitionPin::is_waited_for() {
  if (has_metadata_lock_instruments(probe_.flavor())) {
    auto waiting = probe_.query(metadata_locks(table_, "lock_type = 'EXCLUSIVE' AND lock_status = 'PENDING'"));
    if (waiting.has_error()) return waiting.error();
    return !waiting->rows.empty();
  }
  const auto got_in = probe_.query(touch(table_));
  if (got_in.has_value()) return false;
  if (got_in.error().code == server_error::lock_wait_timeout) return true;
  return got_in.error();
}

void DefinitionPin::release() {
  // Where even this fails, the lock has gone with the connection.
  (void)pin_.execute("ROLLBACK");
}

SqlResult<std::optional<std::string>> definition_changed_by(Connection& connection, std::uint64_t own,
                                                            const TableRef& table) {
  const protocol::TargetIndex index({{{.database = table.database, .name = table.table}}},
                                    protocol::RoutinesKnown::all);
  auto running = connection.query(
      "SELECT id, db, info, user, host, state LIKE 'Waiting for%metadata lock' FROM information_schema.processlist "
      "WHERE "
      "info IS NOT NULL AND id NOT IN (CONNECTION_ID(), " +
      std::to_string(own) + ")");
  if (running.has_error()) return running.error();
  for (const Row& row : running->rows) {
    const std::string text = row.at(2).value_or("");
    if (is_plain(text)) continue;
    const auto scanned = protocol::scan(text, {.database = row.at(1), .charset = protocol::ClientCharset::utf8}, index);
    const bool changes = std::ranges::any_of(scanned.touches, [](const protocol::TableTouch& touch) {
      return touch.access == protocol::TableAccess::definition;
    });
    const bool waits = row.at(5).value_or("") == "1";
    // A trigger is dropped without a word of its table.
    const bool in_its_way =
        (changes && !scanned.opaque) || (waits && (!scanned.touches.empty() || drops_trigger(text)));
    if (!in_its_way) continue;
    return row.at(3).value_or("") + "@" + row.at(4).value_or("") + " (connection " + row.at(0).value_or("0") + ")";
  }
  return std::optional<std::string>();
}

}  // namespace sluice::migrator
