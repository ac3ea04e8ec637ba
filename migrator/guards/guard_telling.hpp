// Which changes of a guard are worth an entry of the journal, as a plain state machine: so many in a minute; what comes
// beyond is told when the minute is over, as one entry that says how many there were.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "migrator/guards/guard_fsm.hpp"

namespace sluice::migrator {

class GuardTelling {
 public:
  using TimePoint = GuardFsm::TimePoint;
  static constexpr std::chrono::minutes kWithin{1};
  static constexpr unsigned kToldMax = 4;

  struct Entry {
    GuardFsm::Event event{};
    std::uint64_t left_out = 0;  // changes before it that have no entry
  };

  // To be called at each look, with what has changed, if anything has. What is to be told now.
  [[nodiscard]] std::optional<Entry> look(std::optional<GuardFsm::Event> event, TimePoint now) noexcept {
    if (event) {
      last_ = *event;
      ++untold_;
    }
    if (!began_ || now - *began_ >= kWithin) {
      began_ = now;
      told_ = 0;
    }
    if (untold_ == 0 || told_ == kToldMax) return std::nullopt;
    ++told_;
    const Entry entry{.event = last_, .left_out = untold_ - 1};
    untold_ = 0;
    return entry;
  }

 private:
  GuardFsm::Event last_{};
  std::uint64_t untold_ = 0;
  std::optional<TimePoint> began_;  // the minute
  unsigned told_ = 0;               // in it
};

}  // namespace sluice::migrator
