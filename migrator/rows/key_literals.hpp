// The key of one row as SQL literals, in the order of the plan's key columns. They are exact, whatever the session's
// settings but a time zone of +00:00: integers, BIT, ENUM, SET and YEAR as numbers, DECIMAL as digits, strings in the
// column's own charset (_latin1 x'e9', small letters), temporals quoted with their fraction. Compared by the server
// only: two different literals may be one row.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace sluice::migrator {

using KeyLiterals = std::vector<std::string>;
using Keys = std::span<const KeyLiterals>;

// A key for a message, e.g. "(17, _utf8mb4 x'61')".
[[nodiscard]] inline std::string describe(const KeyLiterals& key) {
  std::string text = "(";
  for (const std::string& literal : key) text += (text.size() > 1 ? ", " : "") + literal;
  return text + ")";
}

}  // namespace sluice::migrator
