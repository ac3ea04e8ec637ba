// When each heartbeat was written, so that what a replica has of them tells how far it is behind: no clock but the
// engine's own is asked. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "migrator/options.hpp"

namespace sluice::migrator {

class Heartbeats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kKept = 20'000;  // more than an hour's; who lacks more lags at least that long

  // `number` grows from call to call.
  void written(std::uint64_t number, TimePoint at);
  // Of a replica that had the beats up to `number` at that time: the age of the first that it lacked.
  [[nodiscard]] Millis lag_of(std::uint64_t number, TimePoint at) const;

 private:
  struct Beat {
    std::uint64_t number;
    TimePoint at;
  };
  std::deque<Beat> beats_;
};

}  // namespace sluice::migrator
