// What the preflight may refuse though the server would do it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::alters {

// The codes of a 422's problems; alter.refused with the number of the server's error.
[[nodiscard]] std::vector<std::string> codes_of(const std::string& body);
// Why this code is right; empty: it is not known to be.
[[nodiscard]] std::string_view reason_for(std::string_view code);

}  // namespace sluice::alters
