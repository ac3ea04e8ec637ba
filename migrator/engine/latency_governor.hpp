// Keeps the clients' p99 under a limit by what share of its full speed the copy may have: it rises by small steps while
// there is room, the smaller the nearer the limit, and is cut by a factor when the limit is passed. Pure.
//
// Where clients are slow for reasons of their own, the share sinks to kShareMin and stays there until they are faster:
// the copy is slow then, by a factor of fifty at most, but never stands still.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "migrator/options.hpp"

namespace sluice::migrator {

class LatencyGovernor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr Millis kEvery{500};     // decides so often
  static constexpr Millis kSettles{3500};  // then what was measured before a cut counts no more
  static constexpr double kShareMin = 0.02;
  static constexpr double kShareFirst = 0.1;  // of a copy that begins: nobody knows yet what it does to the clients
  static constexpr double kStepMax = 0.05;    // of the full speed
  static constexpr double kGrowthMax = 0.25;  // of the share that it was
  static constexpr double kCutMax = 0.5;      // to half of what it was, however far the limit was passed
  static constexpr double kCutMin = 0.9;

  // To be called often; `p99` of the last seconds. Nothing: no statement has ended, so there is nobody to be kept
  // waiting.
  void observe(std::optional<std::chrono::nanoseconds> p99, Millis limit, TimePoint now);

  [[nodiscard]] bool is_due(TimePoint now) const { return now >= next_; }
  [[nodiscard]] double share() const noexcept { return share_; }
  // It is the clients' latency that slows the copy down: p99 is near the limit or above.
  [[nodiscard]] bool holds_back() const noexcept { return share_ < 1 && near_; }
  // How many of `hands` connections are to work at the same time, and for how long none of them after so much work: the
  // share is that of all hands working all the time.
  [[nodiscard]] std::size_t hands_of(std::size_t hands) const noexcept;
  [[nodiscard]] Millis pause_after(std::chrono::nanoseconds worked, std::size_t hands) const noexcept;

 private:
  double share_ = kShareFirst;
  bool near_ = false;
  TimePoint next_{};
};

}  // namespace sluice::migrator
