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

DeliveryQueue::Lines::const_iterator DeliveryQueue::first() const {
  auto best = lines_.end();
  for (auto line = lines_.begin(); line != lines_.end(); ++line) {
    if (!line->second.under_way && (best == lines_.end() || line->second.due < best->second.due)) best = line;
  }
  return best;
}

std::optional<Delivery> DeliveryQueue::next(TimePoint now) {
  const auto line = first();
  if (line == lines_.end() || line->second.due > now) return std::nullopt;
  Line& taken = lines_.at(line->first);
  taken.under_way = true;
  return taken.waiting.front();
}

std::optional<DeliveryQueue::TimePoint> DeliveryQueue::due() const {
  const auto line = first();
  return line == lines_.end() ? std::nullopt : std::optional(line->second.due);
}

void DeliveryQueue::drop_first(const std::string& url) {
  const auto line = lines_.find(url);
  line->second.waiting.pop_front();
  line->second.attempts = 0;
  --waiting_;
  if (line->second.waiting.empty()) lines_.erase(line);
}

void DeliveryQueue::done(const std::string& url) {
  Line& line = lines_.at(url);
  line.due = {};
  line.under_way = false;
  drop_first(url);
}

bool DeliveryQueue::failed(const std::string& url, TimePoint now) {
  Line& line = lines_.at(url);
  line.under_way = false;
  ++line.attempts;
  const auto pause = kRetryFirst * (1U << std::min(line.attempts - 1, 10U));
  line.due = now + std::min<std::chrono::seconds>(pause, kRetryMax);
  if (line.attempts < kAttemptsMax) return false;
  drop_first(url);
  return true;
}

}  // namespace sluice::migrator
