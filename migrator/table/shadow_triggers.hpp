// The triggers of a table that is migrated. The shadow never has them: they would fire once more for each write that
// the engine brings over. They are tried on it while it is empty, and made on the new table at the swap.
// Blocks. Leaves the session's character set and sql_mode as they were, unless the connection is lost.
#pragma once

#include <variant>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/table/attachments.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// In the order in which they fire.
[[nodiscard]] SqlResult<std::vector<Trigger>> read_triggers(Connection& connection, const TableRef& table);

// The names only.
[[nodiscard]] SqlResult<std::vector<std::string>> trigger_names(Connection& connection, const TableRef& table);

// The source's, each of which has been made on the shadow, and dropped again. Refusals: table.triggers, of each that
// the server does not take there (it names a column that is dropped or renamed, its definer can't be kept, ...).
[[nodiscard]] SqlResult<std::variant<std::vector<Trigger>, Problems>> try_triggers(Connection& connection,
                                                                                   const TableRef& source,
                                                                                   const TableRef& shadow);

// As it was read, on the table that now has the name.
[[nodiscard]] SqlResult<void> create_trigger(Connection& connection, const std::string& database,
                                             const Trigger& trigger);

}  // namespace sluice::migrator
