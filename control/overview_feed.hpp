// One subscriber's view of everything, as server-sent events: `service` with all migrations at first and whenever
// Sluice got ready or ceased to be, `progress` with the status of each that changed since, `clients` with how long
// clients' statements took. A comment where nothing was said for a while. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/event_feed.hpp"
#include "control/latency_history.hpp"
#include "migrator/api.hpp"

namespace sluice::control {

class OverviewFeed {
 public:
  using TimePoint = EventFeed::TimePoint;

  struct Look {
    std::vector<migrator::Status> migrations;  // all
    bool ready = false;
    LatencyHistory::Part latency;  // after latency_seen()
  };

  explicit OverviewFeed(std::chrono::milliseconds heartbeat) noexcept : heartbeat_(heartbeat) {}

  [[nodiscard]] std::uint64_t latency_seen() const noexcept { return latency_seen_; }
  // What is to be sent; may be empty.
  [[nodiscard]] std::string next(const Look& look, TimePoint now);

 private:
  std::chrono::milliseconds heartbeat_;
  std::optional<bool> ready_;                          // as told; nothing: nothing has been told
  std::map<migrator::MigrationId, std::string> told_;  // the statuses
  std::uint64_t latency_seen_ = 0;
  TimePoint spoke_at_{};
};

}  // namespace sluice::control
