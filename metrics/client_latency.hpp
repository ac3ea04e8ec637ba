// How long clients' statements took lately: counts that only grow, which each watch compares with what they were some
// seconds ago. Nothing is counted while nobody watches. note() is lock-free and takes some ten nanoseconds.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "metrics/striped.hpp"
#include "migrator/engine/client_latency.hpp"

namespace sluice::metrics {

// Of a duration in microseconds: eight buckets an octave, so that a bucket is an eighth of its time wide at most.
inline constexpr unsigned SUB_BUCKET_BITS = 3;
inline constexpr unsigned MICROS_BITS = 32;  // longer ones, of more than an hour, count as that long
inline constexpr std::size_t LATENCY_BUCKETS = (MICROS_BITS - SUB_BUCKET_BITS + 1) << SUB_BUCKET_BITS;
using LatencyCounts = std::array<std::uint64_t, LATENCY_BUCKETS>;

[[nodiscard]] constexpr std::size_t latency_bucket(std::chrono::nanoseconds time) noexcept {
  const auto longest = std::chrono::microseconds{(std::int64_t{1} << MICROS_BITS) - 1};
  const auto micros = static_cast<std::uint64_t>(
      std::clamp(std::chrono::duration_cast<std::chrono::microseconds>(time), std::chrono::microseconds{0}, longest)
          .count());
  const auto bits = static_cast<unsigned>(std::bit_width(micros));
  const unsigned shift = bits > SUB_BUCKET_BITS + 1 ? bits - SUB_BUCKET_BITS - 1 : 0;
  return (static_cast<std::size_t>(shift) << SUB_BUCKET_BITS) + static_cast<std::size_t>(micros >> shift);
}

// The time below which this share of the counted ones lie, as exact as the buckets are. Nothing: none was counted.
[[nodiscard]] std::optional<std::chrono::nanoseconds> quantile(const LatencyCounts& counts, double share) noexcept;

class ClientLatency {
 public:
  static constexpr std::chrono::milliseconds WINDOW{3000};
  static constexpr std::chrono::milliseconds STEP{500};  // the window slides by

  // Thread-safe.
  void note(std::chrono::nanoseconds time) noexcept {
    if (watches_.load(std::memory_order_relaxed) != 0) counts_.add(latency_bucket(time));
  }
  // Must not outlive this object.
  [[nodiscard]] std::unique_ptr<migrator::LatencyWatch> watch();

 private:
  class Watch;
  std::atomic<unsigned> watches_ = 0;
  StripedCounters<LATENCY_BUCKETS> counts_;
};

}  // namespace sluice::metrics
