// The constraints of a shadow table, which CREATE TABLE ... LIKE renames (CHECKs, on MySQL) or leaves out (foreign
// keys). The alter is tried on a shadow that has them all; while rows are copied it has no foreign keys: it lags behind
// the source, and the server would refuse deletes in the parent that are right.
// Blocks; MySQL locks the parents' metadata for a moment.
#pragma once

#include <variant>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/table/constraint.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

enum class ForeignKeys : std::uint8_t { keep, discard };

// Gives the shadow, empty and made LIKE the source, the source's constraints under the names that are returned.
[[nodiscard]] SqlResult<ConstraintNames> add_constraints(Connection& connection, const TableRef& source,
                                                         const TableRef& shadow, ForeignKeys foreign_keys);

// After the alter: takes the shadow's foreign keys off, and says what they are to be on the new table.
// Refusals: alter.foreign_key, of one that the source's rows have not been held to.
[[nodiscard]] SqlResult<std::variant<std::vector<Constraint>, Problems>> take_foreign_keys(Connection& connection,
                                                                                           const TableRef& source,
                                                                                           const TableRef& shadow,
                                                                                           const ConstraintNames& names,
                                                                                           const AlterText& alter);

}  // namespace sluice::migrator
