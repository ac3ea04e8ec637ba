// How many rows the next chunk takes, so that a chunk takes about the time asked for. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::migrator {

inline constexpr std::uint64_t kChunkRowsMin = 10;
inline constexpr std::uint64_t kChunkRowsMax = 100'000;

// Grows and shrinks by at most a factor of two a step, so that one slow chunk says little.
[[nodiscard]] inline std::uint64_t next_chunk_rows(std::uint64_t rows, std::chrono::nanoseconds took,
                                                   std::chrono::milliseconds target) {
  const double ratio =
      took.count() <= 0 ? 2.0 : std::chrono::duration<double>(target) / std::chrono::duration<double>(took);
  const double next = static_cast<double>(rows) * std::clamp(ratio, 0.5, 2.0);
  return std::clamp(static_cast<std::uint64_t>(next), kChunkRowsMin, kChunkRowsMax);
}

}  // namespace sluice::migrator
