// The shadow table: made by the server itself from the source and the alter, so that the alter is tried for real before
// a row is touched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/attachments.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// Stands in each statement of Sluice's that changes the definition of a shadow whose migration runs: whoever else does
// so spoils it.
inline constexpr std::string_view kOwnDefinition = "/* sluice */";
[[nodiscard]] std::string as_own(std::string statement);

struct Shadow {
  TableDefinition source;
  TableDefinition shadow;
  CopyPlan plan;
  bool instant = false;  // attempt_instant_ddl, and the server can do it so
  Attachments attachments;
};

// Drops what initially_drop_ghost_table and initially_drop_old_table allow, creates the shadow LIKE the source, alters
// it and plans the copy. After Problems (the server's refusal as alter.refused, or the plan's) and, as far as the
// connection allows, after an error the shadow is dropped again. Blocks.
[[nodiscard]] SqlResult<std::variant<Shadow, Problems>> create_shadow(Connection& connection,
                                                                      const Specification& specification);

// The alter as a statement that the server refuses where it would take more than a moment.
[[nodiscard]] std::string instant_alter(const TableRef& table, const std::string& alter);

// What the specification makes of the two tables. Refusals: those of make_plan(), and options.approve_renamed_columns.
[[nodiscard]] boost::system::result<CopyPlan, Problems> plan_for(const Specification& specification,
                                                                 const TableDefinition& source,
                                                                 const TableDefinition& shadow);

[[nodiscard]] SqlResult<Affected> drop_table(Connection& connection, const TableRef& table);

// The next AUTO_INCREMENT value, 0 where the table has none. Setting it does not go below what its rows have. Blocks.
[[nodiscard]] SqlResult<std::uint64_t> next_auto_increment(Connection& connection, const TableRef& table);
[[nodiscard]] SqlResult<void> set_auto_increment(Connection& connection, const TableRef& shadow, std::uint64_t next);

// Makes sure that the shadow's next AUTO_INCREMENT value is not below the source's: rows that were deleted from the
// source must not have their numbers given out again. Blocks; no effect where neither has one.
[[nodiscard]] SqlResult<void> keep_auto_increment(Connection& connection, const TableRef& source,
                                                  const TableRef& shadow);

// The same before and after whatever does not alter the table. Blocks for one statement.
[[nodiscard]] SqlResult<std::string> definition_but_for_counters(Connection& connection, const TableRef& table);

// SHOW CREATE TABLE.
[[nodiscard]] SqlResult<std::string> show_create(Connection& connection, const TableRef& table);

}  // namespace sluice::migrator
