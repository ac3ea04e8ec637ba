#include "migrator/engine/latency_governor.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::migrator {

void LatencyGovernor::observe(std::optional<std::chrono::nanoseconds> p99, Millis limit, TimePoint now) {
  if (!is_due(now)) return;
  using Real = std::chrono::duration<double>;
  const double load = p99 ? Real(*p99) / Real(limit) : 0;  // 1: at the limit
  constexpr double kNear = 0.5;
  near_ = load > kNear;
  if (load > 1) {
    share_ = std::max(kShareMin, share_ * std::clamp(1 / load, kCutMax, kCutMin));
    next_ = now + kSettles;
    return;
  }
  const double step = std::min(kStepMax, share_ * kGrowthMax) * std::min(1.0, (1 - load) / (1 - kNear));
  share_ = std::min(1.0, share_ + step);
  next_ = now + kEvery;
}

std::size_t LatencyGovernor::hands_of(std::size_t hands) const noexcept {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(share_ * static_cast<double>(hands))));
}

Millis LatencyGovernor::pause_after(std::chrono::nanoseconds worked, std::size_t hands) const noexcept {
  const double working = share_ * static_cast<double>(hands) / static_cast<double>(hands_of(hands));  // of the time
  return std::chrono::round<Millis>(std::chrono::duration<double, std::nano>(worked) * (1 / working - 1));
}

}  // namespace sluice::migrator
