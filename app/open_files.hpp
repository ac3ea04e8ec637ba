// How many files, and so connections, the process may have open.
#pragma once

#include <cstdint>

namespace sluice::app {

// Raises the soft limit to the hard one, as servers do, and returns what holds now.
[[nodiscard]] std::uint64_t raise_open_files_limit() noexcept;

}  // namespace sluice::app
