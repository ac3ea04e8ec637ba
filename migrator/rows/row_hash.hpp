// SQL expressions over one column: its key literal, what is stored of it, and its part of a row's hash. Pure.
#pragma once

#include <string>
#include <vector>

#include "migrator/rows/row_sql.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// Makes the server answer exactly the literal of KeyLiterals; on the shadow's side in the source's type and charset.
[[nodiscard]] std::string key_literal_expression(const SharedColumn& column, Side side);

// What is selected from the source for the shadow's column, so that it becomes what the server's ALTER TABLE would make
// of it, or is refused.
[[nodiscard]] std::string stored_expression(const SharedColumn& column, const ServerFlavor& server);

// Makes the server answer the literal by which the change stream of the shadow names the value that `literal`, of the
// source, has become in it.
[[nodiscard]] std::string shadow_literal_expression(const SharedColumn& column, const std::string& literal);

// SHA2-256 in hexadecimal over all columns, NULLs and lengths tagged; the source's values cast to the shadow's types.
// NULL where a value could not be cast.
[[nodiscard]] std::string row_hash_expression(const std::vector<SharedColumn>& columns, Side side);

}  // namespace sluice::migrator
