// Copies ranges of keys: resync of everything in a range. Blocks; on the thread that owns the connection.
#pragma once

#include <cstdint>
#include <optional>

#include "migrator/rows/range_result.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

// The next `rows` rows above `above`; where there are fewer, all that is above. Plain read.
[[nodiscard]] SqlResult<KeyRange> next_range(Connection& connection, const RowSql& sql,
                                             const std::optional<KeyLiterals>& above, std::uint64_t rows);

// Reads the source without locks, so that no client ever waits for it, as of one moment after the call. A change that
// is not visible by then, or comes later, must be resynced after it returns (decision 0011). Nothing is changed unless
// done. Statuses: done, busy (the shadow's rows are locked), conflict, failed, lost.
[[nodiscard]] RangeResult copy_range(Connection& connection, const RowSql& sql, const KeyRange& range);

}  // namespace sluice::migrator
