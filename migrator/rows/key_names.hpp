// How the change stream of the shadow, or of the table that it has become, names the source's keys. Blocks.
#pragma once

#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

// The literals in the rows of RowSql::key_list() and its like.
[[nodiscard]] std::vector<KeyLiterals> keys_of(const Rows& rows);

// One for each of `keys`, in their order; any number of them. The same value, letter for letter as the stream spells
// it.
[[nodiscard]] SqlResult<std::vector<KeyLiterals>> named_by_shadow(Connection& connection, const RowSql& sql, Keys keys);

}  // namespace sluice::migrator
