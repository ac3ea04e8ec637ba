// What holds a migration back: wholly (Brakes), or a round at a time (nice_ratio, the clients' latency).
#include <algorithm>

#include "migrator/engine/migration.hpp"

namespace sluice::migrator {

void Migration::look_at_brakes(const Options& options, TimePoint now) {
  govern(options, now);
  if (auto brakes = throttle_.look(*connection_, options, now); brakes.has_value()) {
    brakes_ = *brakes;
    if (brakes_.critical) fail(*brakes_.critical);
  } else if (brakes.error().outcome == Outcome::unknown) {
    connection_.reset();
  }
}

void Migration::govern(const Options& options, TimePoint now) {
  const bool has_rounds_left = !checkpoint_.copied || (!checkpoint_.verified && options.verify == Verify::full);
  const bool wanted = options.max_client_latency_ms > Millis{0} && parts_.watch_latency && has_rounds_left;
  if (wanted && !latency_) latency_ = parts_.watch_latency();
  if (!wanted && latency_) {
    latency_.reset();
    governor_ = {};
    slowed_by_.clear();
  }
  if (!latency_ || !governor_.is_due(now)) return;
  const auto p99 = latency_->p99(now);
  governor_.observe(p99, options.max_client_latency_ms, now);
  slowed_by_.clear();
  if (!p99 || !governor_.holds_back()) return;
  slowed_by_ = "clients' p99 is " + std::to_string(std::chrono::ceil<Millis>(*p99).count()) +
               " ms (max_client_latency_ms " + std::to_string(options.max_client_latency_ms.count()) + ")";
}

void Migration::worked_for(std::chrono::nanoseconds time) {
  worked_ = time;
  worked_until_ = gate::Clock::now();
}

Millis Migration::pause_after(std::chrono::nanoseconds worked) const {
  const Options now = options();
  const auto nice = std::chrono::round<Millis>(worked * now.nice_ratio);
  return latency_ ? std::max(nice, governor_.pause_after(worked, now.copy_threads)) : nice;
}

std::size_t Migration::hands_now() const {
  // Of those that were gathered: the option may have been changed since.
  return latency_ ? governor_.hands_of(crew_->size()) : crew_->size();
}

Millis Migration::rest_left(TimePoint now) const {
  return std::chrono::ceil<Millis>(worked_until_ + pause_after(worked_) - now);
}

std::string Migration::throttled_by() const {
  if (!brakes_.throttled_by.empty()) return brakes_.throttled_by;
  const std::string guard = guards_.throttled_by();
  return guard.empty() ? slowed_by_ : guard;
}

}  // namespace sluice::migrator
