// One subscriber's view of a migration as server-sent events (WHATWG HTML, 9.2): `progress` with the status whenever it
// changed, `journal` with each entry, whose number is the event's id, and `end` after the last of a migration that has
// ended. A comment where nothing was said for a while, so that a subscriber who left is noticed. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"

namespace sluice::control {

class EventFeed {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // What the migration looks like now: the status taken first, so that an ended one's entries are complete.
  struct Look {
    std::optional<migrator::Status> status;  // none: the migration is gone
    std::vector<migrator::JournalEntry> entries;
  };
  enum class Next : std::uint8_t { look_again, end };
  struct Step {
    std::string text;  // to be sent; may be empty
    Next next = Next::look_again;
  };

  EventFeed(std::uint64_t after, std::chrono::milliseconds heartbeat) noexcept : after_(after), heartbeat_(heartbeat) {}

  // The number above which journal entries are wanted.
  [[nodiscard]] std::uint64_t after() const noexcept { return after_; }
  [[nodiscard]] Step next(const Look& look, TimePoint now);

 private:
  std::uint64_t after_;
  std::chrono::milliseconds heartbeat_;
  std::string last_status_;
  TimePoint spoke_at_{};
};

}  // namespace sluice::control
