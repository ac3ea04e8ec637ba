#include "control/event_feed.hpp"

#include <algorithm>

#include "control/json_text.hpp"

namespace sluice::control {

EventFeed::Step EventFeed::next(const Look& look, TimePoint now) {
  Step step;
  for (const auto& entry : look.entries) {
    step.text += "event: journal\nid: " + std::to_string(entry.number) + "\ndata: " + journal_text(entry) + "\n\n";
    after_ = std::max(after_, entry.number);
  }
  if (look.status) {
    auto status = status_text(*look.status);
    if (status != last_status_) step.text += "event: progress\ndata: " + status + "\n\n";
    last_status_ = std::move(status);
  }
  if (!look.status || has_ended(look.status->state)) {
    step.text += "event: end\ndata: {}\n\n";
    step.next = Next::end;
  }
  if (step.text.empty() && now - spoke_at_ >= heartbeat_) step.text = ": still here\n\n";
  if (!step.text.empty()) spoke_at_ = now;
  return step;
}

}  // namespace sluice::control
