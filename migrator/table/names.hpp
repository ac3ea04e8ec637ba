// The names of a migration's tables, as DBAs know them from gh-ost.
#pragma once

#include <cstddef>
#include <string>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

inline constexpr std::size_t max_name_length_characters = 64;  // the server's, for every identifier

[[nodiscard]] inline TableRef shadow_table(const TableRef& source) {
  return {source.database, "_" + source.table + "_gho"};
}
[[nodiscard]] inline TableRef old_table(const TableRef& source) {
  return {source.database, "_" + source.table + "_del"};
}

}  // namespace sluice::migrator
