// Counts that all I/O threads add to at every statement: each thread has a stripe of its own, as far as there are
// enough, so that they don't fight for cache lines; whoever reads adds the stripes up. Thread-safe, lock-free.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

namespace sluice::metrics {

inline constexpr std::size_t STRIPES = 16;

template <std::size_t Size>
class StripedCounters {
 public:
  using Totals = std::array<std::uint64_t, Size>;

  void add(std::size_t index, std::uint64_t count = 1) noexcept {
    const std::size_t stripe = std::hash<std::thread::id>{}(std::this_thread::get_id()) % STRIPES;
    stripes_[stripe].counts[index].fetch_add(count, std::memory_order_relaxed);
  }

  [[nodiscard]] Totals totals() const noexcept {
    Totals totals{};
    for (const Stripe& stripe : stripes_) {
      for (std::size_t i = 0; i < Size; ++i) totals[i] += stripe.counts[i].load(std::memory_order_relaxed);
    }
    return totals;
  }

 private:
  static constexpr std::size_t CACHE_LINE_BYTES = 64;
  struct alignas(CACHE_LINE_BYTES) Stripe {
    std::array<std::atomic<std::uint64_t>, Size> counts{};
  };
  std::array<Stripe, STRIPES> stripes_{};
};

// Durations in buckets by their upper bounds, which belong to the bucket, as Prometheus counts them.
template <std::size_t Bounds>
class StripedHistogram {
 public:
  using Duration = std::chrono::nanoseconds;
  using UpperBounds = std::array<Duration, Bounds>;

  struct Totals {
    std::array<std::uint64_t, Bounds + 1> counts;  // one for each bucket, the last for what is above all bounds
    Duration sum;
  };

  // `bounds` ascend.
  explicit StripedHistogram(const UpperBounds& bounds) noexcept : bounds_(bounds) {}

  void observe(Duration value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    counters_.add(static_cast<std::size_t>(bucket - bounds_.begin()));
    counters_.add(SUM, static_cast<std::uint64_t>(std::max(value, Duration::zero()).count()));
  }

  [[nodiscard]] const UpperBounds& bounds() const noexcept { return bounds_; }
  [[nodiscard]] Totals totals() const noexcept {
    const auto all = counters_.totals();
    Totals totals{.counts = {}, .sum = Duration{static_cast<Duration::rep>(all[SUM])}};
    std::copy_n(all.begin(), Bounds + 1, totals.counts.begin());
    return totals;
  }

 private:
  static constexpr std::size_t SUM = Bounds + 1;
  UpperBounds bounds_;
  StripedCounters<Bounds + 2> counters_;
};

}  // namespace sluice::metrics
