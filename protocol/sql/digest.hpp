// The shape of a statement, fit to be shown and logged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::protocol {

// Literals become ?, comments go, white space becomes one space; valid UTF-8, at most `length_max` bytes. No literal
// gets through: where it is not certain where one ends (it does not end, or a backslash stands before a quote, whose
// meaning hangs on sql_mode and character set) the digest ends. The cost is bounded by `length_max` and the literals in
// front of it.
[[nodiscard]] std::string digest(std::string_view sql, std::size_t length_max);

}  // namespace sluice::protocol
