// Which names lead to a table: its own, and those of views, routines, other tables' triggers and foreign keys' other
// ends, however indirectly.
#pragma once

#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

// Blocks for three queries. Errs towards too many: a text that contains the name counts, and so does every text
// where the name is not ASCII.
[[nodiscard]] SqlResult<std::vector<gate::Target>> names_that_lead_to(Connection& connection, const TableRef& table);

}  // namespace sluice::migrator
