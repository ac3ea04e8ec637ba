#include "migrator/notify/delivery_queue.hpp"

#include <algorithm>
#include <utility>

namespace sluice::migrator {

bool DeliveryQueue::push(Delivery delivery) {
  if (waiting_ >= kWaitingMax) return false;
  ++waiting_;
  lines_[delivery.url].waiting.push_back(std::move(delivery));
  return true;
}

std::optional<Delivery> DeliveryQueue::next(TimePoint now) const {
  // The one that has been due for longest, so that none is overlooked.
  const auto first = std::ranges::min_element(lines_, {}, [](const auto& line) { return line.second.due; });
  if (first == lines_.end() || first->second.due > now) return std::nullopt;
  return first->second.waiting.front();
}

std::optional<DeliveryQueue::TimePoint> DeliveryQueue::due() const {
  const auto first = std::ranges::min_element(lines_, {}, [](const auto& line) { return line.second.due; });
  return first == lines_.end() ? std::nullopt : std::optional(first->second.due);
}

void DeliveryQueue::drop_first(const std::string& url) {
  const auto line = lines_.find(url);
  line->second.waiting.pop_front();
  line->second.attempts = 0;
  --waiting_;
  if (line->second.waiting.empty()) lines_.erase(line);
}

void DeliveryQueue::done(const std::string& url) {
  lines_.at(url).due = {};
  drop_first(url);
}

bool DeliveryQueue::failed(const std::string& url, TimePoint now) {
  Line& line = lines_.at(url);
  ++line.attempts;
  const auto pause = kRetryFirst * (1U << std::min(line.attempts - 1, 10U));
  line.due = now + std::min<std::chrono::seconds>(pause, kRetryMax);
  if (line.attempts < kAttemptsMax) return false;
  drop_first(url);
  return true;
}

}  // namespace sluice::migrator
