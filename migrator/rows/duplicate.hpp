// Two rows that a unique key of the shadow takes for one: which, and whether for good. Blocks.
#pragma once

#include <cstdint>
#include <string>

#include "migrator/rows/key_literals.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

struct Duplicate {
  enum class Kind : std::uint8_t {
    real,     // the source has both rows at one instant, as they are in each other's way
    passing,  // none such is found: what is in the way has changed in the source since, and its own change is on its
              // way
    unknown   // can't be told: an expression, a column that the source has not got, no answer
  };
  Kind kind = Kind::unknown;
  std::string index;  // of the shadow; empty: the server's words do not tell
  KeyLiterals other;  // of `real`: the row of the shadow that is in the way
};

// `error`: with what the server refused the source's row of `key` (duplicate_entry). A few plain reads and a temporary
// table in schema _sluice; each table is named once in each statement, so under LOCK TABLES too.
[[nodiscard]] Duplicate find_duplicate(Connection& connection, const RowSql& sql, const KeyLiterals& key,
                                       const SqlError& error);

// The same in words, for the row of `key`.
[[nodiscard]] std::string describe(const Duplicate& duplicate, const KeyLiterals& key, const SqlError& error);

}  // namespace sluice::migrator
