#include "proxy/gate/gate_fsm.hpp"

namespace sluice::gate {

void GateFsm::suspect(const std::vector<SessionId>& sessions, TimePoint now) {
  for (SessionId session : sessions) busy_.try_emplace(session, Busy{.since = now}).first->second.touched = true;
}

GateFsm::Decision GateFsm::judge(SessionId session) const {
  if (stale_.contains(session)) return Decision::refuse_snapshot;
  const auto entry = busy_.find(session);
  // A transaction that is waited for must be able to end; it may need this statement for that.
  if (entry != busy_.end() && entry->second.touched) return Decision::pass;
  switch (phase_) {
    case Phase::open:
    case Phase::armed:
      // Behind those who already wait, unless it is this session's own turn.
      return queue_.empty() || released_.contains(session) ? Decision::pass : Decision::wait;
    case Phase::draining:
      return passing_.contains(session) ? Decision::pass : Decision::wait;
    case Phase::held:
      return Decision::wait;
  }
  return Decision::wait;
}

void GateFsm::start(SessionId session, TimePoint now) {
  Busy& entry = busy_.try_emplace(session, Busy{.since = now}).first->second;
  entry.running = true;
}

void GateFsm::enqueue(SessionId session) {
  released_.erase(session);
  const auto [ticket, is_new] = tickets_.try_emplace(session, next_ticket_);
  if (is_new) {
    ++next_ticket_;
    ++held_statements_;
  }
  queue_.emplace(ticket->second, session);
}

std::vector<SessionId> GateFsm::finish(SessionId session, Ending ending) {
  switch (ending) {
    case Ending::pending:
      return {};
    case Ending::keeps_table:
      if (const auto entry = busy_.find(session); entry != busy_.end()) {
        entry->second.running = false;
        entry->second.touched = true;
      }
      break;
    case Ending::free:
      busy_.erase(session);
      stale_.erase(session);
      passing_.erase(session);
      break;
  }
  if (released_.erase(session) > 0) tickets_.erase(session);
  settle();
  return release();
}

std::vector<SessionId> GateFsm::withdraw(SessionId session) {
  released_.erase(session);
  if (const auto ticket = tickets_.find(session); ticket != tickets_.end()) {
    queue_.erase(ticket->second);
    tickets_.erase(ticket);
  }
  return release();
}

std::vector<SessionId> GateFsm::leave(SessionId session) {
  busy_.erase(session);
  stale_.erase(session);
  passing_.erase(session);
  settle();
  return withdraw(session);
}

void GateFsm::close(TimePoint now, TimePoint drain_deadline, TimePoint hold_deadline,
                    const std::vector<SessionId>& in_transaction) {
  phase_ = Phase::draining;
  closed_at_ = now;
  held_statements_ = queue_.size();
  drain_deadline_ = drain_deadline;
  hold_deadline_ = hold_deadline;
  passing_ = {in_transaction.begin(), in_transaction.end()};
  settle();
}

bool GateFsm::extend(TimePoint hold_deadline) {
  if (phase_ != Phase::held) return false;
  hold_deadline_ = hold_deadline;
  return true;
}

void GateFsm::swapped(const std::vector<SessionId>& may_hold_snapshot) {
  stale_.insert(may_hold_snapshot.begin(), may_hold_snapshot.end());
}

std::vector<SessionId> GateFsm::open() {
  if (!closed()) return {};
  phase_ = Phase::armed;
  passing_.clear();
  return release();
}

std::vector<SessionId> GateFsm::tick(TimePoint now) {
  const bool expired =
      (phase_ == Phase::draining && now >= drain_deadline_) || (phase_ == Phase::held && now >= hold_deadline_);
  return expired ? open() : std::vector<SessionId>{};
}

TimePoint GateFsm::deadline() const noexcept {
  switch (phase_) {
    case Phase::draining:
      return drain_deadline_;
    case Phase::held:
      return hold_deadline_;
    case Phase::open:
    case Phase::armed:
      return TimePoint::max();
  }
  return TimePoint::max();
}

bool GateFsm::lists(SessionId session) const {
  return busy_.contains(session) || stale_.contains(session) || passing_.contains(session) ||
         tickets_.contains(session);
}

void GateFsm::settle() {
  if (phase_ == Phase::draining && busy_.empty()) phase_ = Phase::held;
}

std::vector<SessionId> GateFsm::release() {
  std::vector<SessionId> woken;
  if (closed()) return woken;
  while (!queue_.empty() && released_.size() < kReleaseConcurrencyMax) {
    const auto first = queue_.begin();
    released_.insert(first->second);
    woken.push_back(first->second);
    queue_.erase(first);
  }
  return woken;
}

}  // namespace sluice::gate
