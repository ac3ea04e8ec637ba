#include "migrator/engine/definition_pin.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "protocol/sql/scan.hpp"

namespace sluice::migrator {
namespace {

// Lets a statement fail at once where it would have to wait for a table.
SessionSettings never_waiting() {
  return {.lock_wait_timeout = std::chrono::seconds{0}};
}

std::string touch(const TableRef& table) {
  return "SELECT 1 FROM " + quote(table) + " LIMIT 0";
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

SqlResult<void> DefinitionPin::take() {
  auto taken = pin_.query(touch(table_));
  if (taken.has_error()) return taken.error();
  return {};
}

SqlResult<bool> DefinitionPin::is_waited_for() {
  if (has_metadata_lock_instruments(probe_.flavor())) {
    auto waiting = probe_.query(
        "SELECT 1 FROM performance_schema.metadata_locks WHERE object_type = 'TABLE' AND lock_type = 'EXCLUSIVE' AND "
        "lock_status = 'PENDING' AND object_schema = " +
        quote_string(table_.database) + " AND object_name = " + quote_string(table_.table) + " LIMIT 1");
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
                                                            const std::vector<TableRef>& tables) {
  std::vector<protocol::ScanTargets> targets;
  for (const TableRef& table : tables) targets.push_back({{.database = table.database, .name = table.table}});
  const protocol::TargetIndex index(targets, protocol::RoutinesKnown::all);
  auto running = connection.query(
      "SELECT id, db, info, user, host FROM information_schema.processlist WHERE info IS NOT NULL AND id NOT IN "
      "(CONNECTION_ID(), " +
      std::to_string(own) + ")");
  if (running.has_error()) return running.error();
  for (const Row& row : running->rows) {
    const auto scanned = protocol::scan(row.at(2).value_or(""),
                                        {.database = row.at(1), .charset = protocol::ClientCharset::utf8}, index);
    const bool changes = std::ranges::any_of(scanned.touches, [](const protocol::TableTouch& touch) {
      return touch.access == protocol::TableAccess::definition;
    });
    if (!changes && !scanned.opaque) continue;
    return row.at(3).value_or("") + "@" + row.at(4).value_or("") + " (connection " + row.at(0).value_or("0") + ")";
  }
  return std::optional<std::string>();
}

}  // namespace sluice::migrator
