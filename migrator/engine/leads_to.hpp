// Which names lead to a table: its own, and those of views, routines, other tables' triggers and foreign keys' other
// ends, however indirectly.
#pragma once

#include <cstdint>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

// Foreign keys' other ends: a change of one of them may change the table, or wait for it.
enum class Relatives : std::uint8_t { included, left_out };

// Blocks for a query. Errs towards too many: a text that contains the name counts, or what a server may take for it.
[[nodiscard]] SqlResult<std::vector<gate::Target>> names_that_lead_to(Connection& connection, const TableRef& table,
                                                                      Relatives relatives);

}  // namespace sluice::migrator
