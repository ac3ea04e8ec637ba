// Whether the shadow's rows equal the source's, by a strong hash the server computes. Blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

struct Comparison {
  std::uint64_t rows = 0;            // of the source
  std::vector<KeyLiterals> unequal;  // different, or in one table only; each once as far as its literal tells
};

// In one REPEATABLE READ snapshot. See also find_strays(). Changes that are pending make rows unequal: resync them,
// then compare them again.
[[nodiscard]] SqlResult<Comparison> compare_range(Connection& connection, const RowSql& sql, const KeyRange& range);

struct Strays {
  std::optional<KeyLiterals> up_to;  // how far was looked, in the shadow's literals; nullopt: to its last row
  std::vector<KeyLiterals> keys;     // in the source's literals
};

// The shadow's rows that the source has not got, among the next `rows` above `above` in the shadow's own order: what
// compare_range() does not see where a range of the source is none of the shadow (KeyOrder::other). Plain reads.
[[nodiscard]] SqlResult<Strays> find_strays(Connection& connection, const RowSql& sql,
                                            const std::optional<KeyLiterals>& above, std::uint64_t rows);

// Two statements, no transaction of its own: under LOCK TABLES, or inside the caller's. Any number of keys.
[[nodiscard]] SqlResult<Comparison> compare_keys(Connection& connection, const RowSql& sql, Keys keys, SourceLock lock);

}  // namespace sluice::migrator
