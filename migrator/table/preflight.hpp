// Whether a migration may start: facts are gathered from the server, then each rule looks at them and says every reason
// against it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/grants.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

struct PreflightFacts {
  ServerFlavor server;
  std::string log_bin;               // "1" or "0", as the variable says
  std::string binlog_format;         // global
  std::string binlog_order_commits;  // "1" or "0"; empty where the server has no such variable
  std::string native_foreign_keys;   // MySQL 9.6 and newer: "ON" or "OFF"; else empty
  Grants grants;
  bool database_exists = false;
  std::optional<TableDefinition> table;
  bool shadow_exists = false;
  bool old_exists = false;
  AlterText alter;
};

// Blocks for some ten short queries.
[[nodiscard]] SqlResult<PreflightFacts> gather_facts(Connection& connection, const Specification& specification);

// Every reason against the migration; empty: none. Pure. Codes:
// alter.empty alter.unterminated alter.second_statement alter.whole_statement alter.renames_table alter.moves_data
// alter.engine database.unknown table.unknown table.not_base table.engine table.name_too_long
// table.foreign_keys table.cascades table.triggers key.missing shadow.exists old.exists binlog.off binlog.format
// binlog.order_commits privilege.missing
[[nodiscard]] Problems check(const Specification& specification, const PreflightFacts& facts);

// The same of a revert of its table, whose old table is to become the shadow. Codes beside those of above: old.missing
// revert.foreign_keys revert.triggers.
[[nodiscard]] Problems check_revert(const Specification& specification, const PreflightFacts& facts);

// Both: refusals as Problems; an error of the connection or of a query as SqlError.
[[nodiscard]] SqlResult<Problems> preflight(Connection& connection, const Specification& specification);

}  // namespace sluice::migrator
