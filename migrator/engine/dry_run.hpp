// What a dry run tells of one table, whose shadow has been made for it.
#pragma once

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

// `shadow`: made with attempt_instant_ddl, so that it tells whether the server could do it in an instant. `together`:
// how many tables swap together. Blocks for some queries.
[[nodiscard]] SqlResult<Plan> plan_of(Connection& connection, const ServerAddress& primary,
                                      const Specification& specification, const Shadow& shadow, std::size_t together);

}  // namespace sluice::migrator
