#include "control/overview_feed.hpp"

#include "control/json_text.hpp"

namespace sluice::control {

std::string OverviewFeed::next(const Look& look, TimePoint now) {
  std::string text;
  const bool whole = ready_ != look.ready;
  if (whole) text += "event: service\ndata: " + service_text(look.ready, look.migrations) + "\n\n";
  ready_ = look.ready;
  for (const auto& status : look.migrations) {
    auto now_told = status_text(status);
    auto& told = told_[status.id];
    if (!whole && told != now_told) text += "event: progress\ndata: " + now_told + "\n\n";
    told = std::move(now_told);
  }
  if (look.latency.up_to != latency_seen_) text += "event: clients\ndata: " + latency_text(look.latency) + "\n\n";
  latency_seen_ = look.latency.up_to;
  if (text.empty() && now - spoke_at_ >= heartbeat_) text = ": still here\n\n";
  if (!text.empty()) spoke_at_ = now;
  return text;
}

}  // namespace sluice::control
