// SQL conditions by which a row is found by its key, in the source or in the shadow. A column whose character set or
// collation changes is compared by the bytes that its value has in the source, see docs/decisions/0010; the comparison
// under the table's own collation is only there for the index. Pure.
#pragma once

#include <span>
#include <string>

#include "migrator/rows/row_sql.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// The column is `literal`, which is one of the source's, or of the shadow's where the value has a counterpart.
[[nodiscard]] std::string equals_literal(const SharedColumn& column, Side side, const std::string& literal);

// The column is one of the literals, at least one.
[[nodiscard]] std::string in_literals(const SharedColumn& column, Side side, std::span<const std::string> literals);

// The column has the value that `other`, the column of the other side as an SQL expression, has there.
[[nodiscard]] std::string equals_other_side(const SharedColumn& column, Side side, const std::string& other);

}  // namespace sluice::migrator
