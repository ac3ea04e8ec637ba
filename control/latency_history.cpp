#include "control/latency_history.hpp"

#include <algorithm>

namespace sluice::control {

void LatencyHistory::add(const LatencySample& sample) {
  ++added_;
  const auto begin = std::chrono::floor<std::chrono::minutes>(sample.at);
  if (minute_ && minute_->at != begin) {
    minutes_.push_back({added_, *minute_});
    if (minutes_.size() > MINUTES_KEPT) minutes_.pop_front();
    minute_.reset();
  }
  if (!minute_) minute_ = LatencySample{begin, std::nullopt};
  minute_->p99 = std::max(minute_->p99, sample.p99);
  seconds_.push_back({added_, sample});
  if (seconds_.size() > SECONDS_KEPT) seconds_.pop_front();
}

LatencyHistory::Part LatencyHistory::after(std::uint64_t seen) const {
  return {.up_to = added_, .seconds = newer(seconds_, seen), .minutes = newer(minutes_, seen)};
}

std::vector<LatencySample> LatencyHistory::newer(const std::deque<Numbered>& kept, std::uint64_t than) {
  std::vector<LatencySample> samples;
  for (auto one = std::ranges::upper_bound(kept, than, {}, &Numbered::number); one != kept.end(); ++one) {
    samples.push_back(one->sample);
  }
  return samples;
}

}  // namespace sluice::control
