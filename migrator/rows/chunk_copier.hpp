// Copies ranges of keys: resync of everything in a range. Blocks; on the thread that owns the connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "migrator/rows/resync.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

struct ChunkResult {
  ResyncStatus status = ResyncStatus::done;  // done, busy (the shadow's rows are locked), conflict, failed, lost
  std::uint64_t rows = 0;                    // copied
  std::vector<KeyLiterals> skipped;          // rows that were locked: the caller makes them pending
  std::chrono::nanoseconds duration{0};
  SqlError error;
};

// The next `rows` rows above `above`; fewer at the end. nullopt: there are none. Plain read.
[[nodiscard]] SqlResult<std::optional<KeyRange>> next_range(Connection& connection, const RowSql& sql,
                                                            const std::optional<KeyLiterals>& above,
                                                            std::uint64_t rows);

// Nothing is changed unless done. Never waits for a lock of the source's.
[[nodiscard]] ChunkResult copy_range(Connection& connection, const RowSql& sql, const KeyRange& range);

}  // namespace sluice::migrator
