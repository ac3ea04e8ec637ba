// The engine's side of the gate.
#include <algorithm>

#include "proxy/gate/gate_impl.hpp"

namespace sluice::gate {
namespace {

bool same(const std::vector<Target>& a, const std::vector<Target>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Target& x, const Target& y) { return x.name == y.name && x.kind == y.kind; });
}

}  // namespace

void Gate::arm(const TableName& table, std::vector<Target> targets, std::string label) {
  const std::scoped_lock lock(impl_->mutex);
  const auto [entry, is_new] = impl_->tables.try_emplace(table, Impl::Table{.fsm = GateFsm({}, Clock::now())});
  if (!is_new && same(entry->second.targets, targets)) return;
  entry->second.targets = std::move(targets);
  entry->second.label = std::move(label);
  // The epoch first, the look at the sessions after it: see begin().
  impl_->publish(epoch_);
  entry->second.fsm.suspect(impl_->sessions(Impl::Look::busy), Clock::now());
}

void Gate::disarm(const TableName& table) {
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto entry = impl_->tables.find(table);
    if (entry == impl_->tables.end()) return;
    for (const auto& [id, slot] : impl_->slots) {
      if (entry->second.fsm.waits(id)) wakers.emplace_back(slot, Wake::judge_again);
    }
    impl_->tables.erase(entry);
    impl_->publish(epoch_);
  }
  impl_->changed.notify_all();
  Impl::call(wakers);
}

CloseResult Gate::close(const TableName& table, TimePoint drain_deadline, TimePoint hold_deadline) {
  std::unique_lock lock(impl_->mutex);
  const auto find = [&] { return impl_->tables.find(table); };
  if (find() == impl_->tables.end()) return CloseResult::not_armed;
  if (find()->second.abandoned) return CloseResult::drain_expired;
  find()->second.fsm.close(Clock::now(), drain_deadline, hold_deadline, impl_->sessions(Impl::Look::in_transaction));
  impl_->changed.notify_all();
  while (true) {
    const auto entry = find();
    if (entry == impl_->tables.end()) return CloseResult::not_armed;
    if (entry->second.fsm.phase() == Phase::held) return CloseResult::held;
    if (entry->second.fsm.phase() != Phase::draining) return CloseResult::drain_expired;
    impl_->changed.wait(lock);
  }
}

void Gate::abandon(const TableName& table) {
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto entry = impl_->tables.find(table);
    if (entry == impl_->tables.end()) return;
    entry->second.abandoned = true;
  }
  open(table, When::draining);
}

bool Gate::extend(const TableName& table, TimePoint hold_deadline) {
  const std::scoped_lock lock(impl_->mutex);
  const auto entry = impl_->tables.find(table);
  const bool extended = entry != impl_->tables.end() && entry->second.fsm.extend(hold_deadline);
  impl_->changed.notify_all();
  return extended;
}

void Gate::swapped(const TableName& table) {
  const std::scoped_lock lock(impl_->mutex);
  const auto entry = impl_->tables.find(table);
  if (entry != impl_->tables.end()) entry->second.fsm.swapped(impl_->sessions(Impl::Look::may_hold_snapshot));
}

void Gate::hold_no_snapshot(const TableName& table, std::vector<ConnectionId> connections) {
  std::ranges::sort(connections);
  const std::scoped_lock lock(impl_->mutex);
  const auto entry = impl_->tables.find(table);
  if (entry == impl_->tables.end()) return;
  for (const auto& [id, slot] : impl_->slots) {
    if (std::ranges::binary_search(connections, slot->connection())) entry->second.fsm.has_no_snapshot(id);
  }
}

void Gate::open(const TableName& table) {
  open(table, When::closed);
}

void Gate::open(const TableName& table, When when) {
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto entry = impl_->tables.find(table);
    if (entry == impl_->tables.end()) return;
    const TimePoint now = Clock::now();
    const Phase before = entry->second.fsm.phase();
    if (when == When::draining && before != Phase::draining) return;
    impl_->collect(entry->second.fsm.open(now), Wake::judge_again, wakers);
    impl_->note_opened(entry->second, before, now);
  }
  impl_->changed.notify_all();
  Impl::call(wakers);
}

GateStatus Gate::status(const TableName& table) const {
  const std::scoped_lock lock(impl_->mutex);
  GateStatus status;
  const auto entry = impl_->tables.find(table);
  if (entry == impl_->tables.end()) return status;
  const auto& [name, state] = *entry;
  const TimePoint now = Clock::now();
  status.phase = state.fsm.phase();
  status.waiting = state.fsm.waiting();
  status.stale = state.fsm.stale();
  status.held_statements = state.fsm.held_statements();
  status.held_for = state.held_for;
  for (const auto& [id, busy] : state.fsm.busy()) {
    const auto slot = impl_->slots.find(id);
    if (slot == impl_->slots.end()) continue;
    const auto statement = state.statements.find(id);
    status.busy.push_back({.connection = slot->second->connection(),
                           .user = slot->second->user_,
                           .host = slot->second->host_,
                           .statement = statement == state.statements.end() ? std::string{} : statement->second,
                           .since = std::chrono::duration_cast<Millis>(now - busy.since),
                           .in_transaction = busy.touched});
  }
  std::ranges::sort(status.busy, [](const Blocker& a, const Blocker& b) { return a.since > b.since; });
  return status;
}

bool Gate::knows(ConnectionId connection) const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->connections.contains(static_cast<std::uint64_t>(connection));
}

}  // namespace sluice::gate
