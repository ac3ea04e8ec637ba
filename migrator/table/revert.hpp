// The way back from a completed migration: its old table becomes the shadow of the table that has taken its place, as
// it stands; only rows that were changed since the swap are written again. Blocks.
#pragma once

#include <cstdint>
#include <variant>

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/plan.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

// Which way the alter's text leads: a revert of a revert goes the first way again.
enum class AlterDirection : std::uint8_t {
  there,  // from the source to the shadow
  back
};

// What is in the shadow's own columns stays there. Refusals: those of make_plan() and make_plan_back().
[[nodiscard]] boost::system::result<CopyPlan, Problems> plan_of_revert(const Specification& specification,
                                                                       AlterDirection direction,
                                                                       const TableDefinition& source,
                                                                       const TableDefinition& shadow);

// What old and new table will be to each other, once take_old_table() has given the one the shadow's name. Changes
// nothing. Refusals: those of check_revert() and the plan's.
[[nodiscard]] SqlResult<std::variant<Shadow, Problems>> old_table_as_shadow(Connection& connection,
                                                                            const Specification& specification,
                                                                            AlterDirection direction);

// The old table gets the shadow's name. No effect where it has it already; refused where both names are taken, or none.
[[nodiscard]] SqlResult<void> take_old_table(Connection& connection, const TableRef& source);

// The other way round, where a revert is given up, so that it may be asked for once more. No effect where it has been
// done, or the tables were swapped.
[[nodiscard]] SqlResult<void> give_old_table_back(Connection& connection, const TableRef& source);

}  // namespace sluice::migrator
