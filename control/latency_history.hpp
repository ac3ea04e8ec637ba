// How long clients' statements took, second by second for the last minutes and minute by minute for the last day: a
// chart of it shows what a migration changed for the clients. Pure; not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sluice::control {

struct LatencySample {
  std::chrono::system_clock::time_point at;
  std::optional<std::chrono::nanoseconds> p99;  // nothing: no statement ended
  bool operator==(const LatencySample&) const = default;
};

class LatencyHistory {
 public:
  static constexpr std::chrono::seconds INTERVAL{1};  // at which samples are to be added
  static constexpr std::size_t SECONDS_KEPT = 900;
  static constexpr std::size_t MINUTES_KEPT = 1440;

  struct Part {
    std::uint64_t up_to = 0;  // what after() is to be asked with to go on from here
    std::vector<LatencySample> seconds;
    std::vector<LatencySample> minutes;  // the worst second of each whole minute, under the minute's begin
  };

  void add(const LatencySample& sample);
  // What came after the first `seen` samples, as far as it is kept, the oldest first; 0: everything.
  [[nodiscard]] Part after(std::uint64_t seen) const;

 private:
  struct Numbered {
    std::uint64_t number;
    LatencySample sample;
  };
  static std::vector<LatencySample> newer(const std::deque<Numbered>& kept, std::uint64_t than);

  std::uint64_t added_ = 0;
  std::deque<Numbered> seconds_;
  std::deque<Numbered> minutes_;
  std::optional<LatencySample> minute_;  // the one that is not over yet
};

}  // namespace sluice::control
