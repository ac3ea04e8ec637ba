#include "proxy/gate/gate_fsm.hpp"

#include <algorithm>

namespace sluice::gate {

void GateFsm::suspect(const std::vector<SessionId>& sessions, TimePoint now) {
  for (SessionId session : sessions) {
    Busy& entry = busy_.try_emplace(session, Busy{.since = now}).first->second;
    entry.touched = true;
    entry.only_reads = false;
  }
}

GateFsm::Decision GateFsm::judge(SessionId session, Work work) const {
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
      if (work == Work::single_read && !reads_wait_) return Decision::pass;
      return passing_.contains(session) ? Decision::pass : Decision::wait;
    case Phase::held:
      return Decision::wait;
  }
  return Decision::wait;
}

void GateFsm::start(SessionId session, Work work, TimePoint now) {
  const bool reads = work == Work::single_read;
  Busy& entry = busy_.try_emplace(session, Busy{.only_reads = reads, .since = now}).first->second;
  entry.running = true;
  entry.only_reads = entry.only_reads && reads;
}

void GateFsm::enqueue(SessionId session) {
  released_.erase(session);
  slots_.erase(session);
  const auto [ticket, is_new] = tickets_.try_emplace(session, next_ticket_);
  if (is_new) {
    ++next_ticket_;
    ++held_statements_;
  }
  queue_.emplace(ticket->second, session);
}

std::vector<SessionId> GateFsm::finish(SessionId session, Ending ending, TimePoint now) {
  switch (ending) {
    case Ending::pending:
      return {};
    case Ending::keeps_table:
      if (const auto entry = busy_.find(session); entry != busy_.end()) {
        entry->second.running = false;
        entry->second.touched = true;
        entry->second.only_reads = false;
      }
      break;
    case Ending::free:
      busy_.erase(session);
      stale_.erase(session);
      passing_.erase(session);
      break;
  }
  slots_.erase(session);
  if (released_.erase(session) > 0) {
    tickets_.erase(session);
    progress_at_ = std::max(progress_at_, now);
  }
  settle();
  return release(now);
}

std::vector<SessionId> GateFsm::withdraw(SessionId session, TimePoint now) {
  released_.erase(session);
  slots_.erase(session);
  if (const auto ticket = tickets_.find(session); ticket != tickets_.end()) {
    queue_.erase(ticket->second);
    tickets_.erase(ticket);
  }
  return release(now);
}

std::vector<SessionId> GateFsm::leave(SessionId session, TimePoint now) {
  busy_.erase(session);
  stale_.erase(session);
  passing_.erase(session);
  settle();
  return withdraw(session, now);
}

void GateFsm::close(TimePoint now, TimePoint drain_deadline, TimePoint hold_deadline,
                    const std::vector<SessionId>& in_transaction) {
  phase_ = Phase::draining;
  reads_wait_ = false;
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

std::vector<SessionId> GateFsm::open(TimePoint now) {
  if (!closed()) return {};
  phase_ = Phase::armed;
  passing_.clear();
  paced_until_ = next_ticket_;
  return release(now);
}

std::vector<SessionId> GateFsm::tick(TimePoint now) {
  const bool expired =
      (phase_ == Phase::draining && now >= drain_deadline_) || (phase_ == Phase::held && now >= hold_deadline_);
  return expired ? open(now) : release(now);
}

TimePoint GateFsm::deadline() const noexcept {
  switch (phase_) {
    case Phase::draining:
      return drain_deadline_;
    case Phase::held:
      return hold_deadline_;
    case Phase::open:
    case Phase::armed:
      break;
  }
  return queue_.empty() ? TimePoint::max() : progress_at_ + kReleaseStallMax;
}

bool GateFsm::lists(SessionId session) const {
  return busy_.contains(session) || stale_.contains(session) || passing_.contains(session) ||
         tickets_.contains(session);
}

void GateFsm::settle() {
  if (phase_ != Phase::draining) return;
  if (std::ranges::all_of(busy_, [](const auto& entry) { return entry.second.only_reads; })) reads_wait_ = true;
  if (busy_.empty()) phase_ = Phase::held;
}

std::vector<SessionId> GateFsm::release(TimePoint now) {
  std::vector<SessionId> woken;
  if (closed() || queue_.empty()) return woken;
  if (now >= progress_at_ + kReleaseStallMax) slots_.clear();
  while (!queue_.empty()) {
    const auto first = queue_.begin();
    const bool paced = first->first < paced_until_;
    if (paced && slots_.size() >= kReleaseConcurrencyMax) break;
    released_.insert(first->second);
    if (paced) slots_.insert(first->second);
    progress_at_ = std::max(progress_at_, now);
    woken.push_back(first->second);
    queue_.erase(first);
  }
  return woken;
}

}  // namespace sluice::gate
