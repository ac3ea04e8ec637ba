#include "migrator/engine/heartbeats.hpp"

#include <algorithm>

namespace sluice::migrator {

void Heartbeats::written(std::uint64_t number, TimePoint at) {
  beats_.push_back({number, at});
  if (beats_.size() > kKept) beats_.pop_front();
}

Millis Heartbeats::lag_of(std::uint64_t number, TimePoint at) const {
  const auto lacked = std::ranges::upper_bound(beats_, number, {}, &Beat::number);
  if (lacked == beats_.end()) return Millis{0};
  return std::max(Millis{0}, std::chrono::round<Millis>(at - lacked->at));
}

}  // namespace sluice::migrator
