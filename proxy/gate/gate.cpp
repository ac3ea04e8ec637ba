// The sessions' side of the gate; the engine's is table_gate.cpp.
#include <algorithm>
#include <cstdlib>

#include "proxy/gate/gate_impl.hpp"

namespace sluice::gate {

const char* to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::open:
      return "open";
    case Phase::armed:
      return "armed";
    case Phase::draining:
      return "draining";
    case Phase::held:
      return "held";
  }
  return "unknown";
}

Gate::Gate() : impl_(std::make_unique<Impl>()) {
  impl_->keeper = std::jthread([impl = impl_.get()](const std::stop_token& stopping) { impl->keep(stopping); });
}

Gate::~Gate() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->keeper.request_stop();
  }
  impl_->changed.notify_all();
}

std::shared_ptr<Slot> Gate::enter(ConnectionId connection, std::function<void(Wake)> wake) {
  const std::scoped_lock lock(impl_->mutex);
  auto slot = std::make_shared<Slot>(SessionId{impl_->next_session++}, connection, std::move(wake));
  impl_->slots.emplace(slot->id(), slot);
  ++impl_->connections[static_cast<std::uint64_t>(connection)];
  return slot;
}

void Gate::identify(Slot& slot, std::string user, std::string host) {
  const std::scoped_lock lock(impl_->mutex);
  slot.user_ = std::move(user);
  slot.host_ = std::move(host);
}

void Gate::leave(Slot& slot) {
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->slots.erase(slot.id()) == 0) return;
    const TimePoint now = Clock::now();
    impl_->gone.emplace_back(now, slot.connection());
    impl_->forget_the_gone(now);
    for (auto& [name, table] : impl_->tables) {
      table.statements.erase(slot.id());
      impl_->collect(table.fsm.leave(slot.id(), now), Wake::judge_again, wakers);
    }
  }
  impl_->changed.notify_all();
  Impl::call(wakers);
}

void Gate::begin(Slot& slot) noexcept {
  ++slot.in_flight_;
  slot.at_server_.store(slot.in_flight_, std::memory_order_seq_cst);
}

std::shared_ptr<const ArmedSet> Gate::armed() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->armed;
}

Verdict Gate::admit(Slot& slot, std::uint64_t armed_epoch, const std::vector<Touch>& touches, std::string statement,
                    Autocommit autocommit, TimePoint now) {
  // Most statements: no table's state machine knows of the session, and none is to. One that has waited has still to be
  // counted among those at the server.
  if (touches.empty() && !slot.parked_ && !slot.listed_.load(std::memory_order_seq_cst)) {
    return epoch_.load(std::memory_order_seq_cst) == armed_epoch ? Verdict::pass : Verdict::rescan;
  }
  std::vector<Impl::Waker> wakers;
  const auto judge = [&]() -> Verdict {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->armed->epoch != armed_epoch) return Verdict::rescan;
    slot.parked_ = false;
    // This command has not been sent: what the swap saw at the server was nothing, if nothing else is in flight.
    const bool no_snapshot = slot.in_flight_ == 1 && !slot.may_hold_snapshot_.load();
    const bool only_reads =
        std::ranges::all_of(touches, [](const Touch& touch) { return touch.access <= Access::read; });
    const auto work =
        only_reads && autocommit == Autocommit::on && !slot.in_transaction_.load() && !slot.holds_tables_.load()
            ? GateFsm::Work::single_read
            : GateFsm::Work::any;
    Impl::Table* blocked_by = nullptr;
    std::vector<Impl::Table*> touched;
    for (const Touch& touch : touches) {
      if (touch.access == Access::none) continue;
      if (touch.access == Access::definition) return Verdict::refuse_ddl;
      Impl::Table& table = impl_->tables.at(impl_->armed->tables.at(touch.table).table);
      if (no_snapshot) table.fsm.has_no_snapshot(slot.id());
      const GateFsm::Decision decision = table.fsm.judge(slot.id(), work);
      if (decision == GateFsm::Decision::refuse_snapshot) return Verdict::refuse_snapshot;
      if (decision == GateFsm::Decision::wait && blocked_by == nullptr) blocked_by = &table;
      touched.push_back(&table);
    }
    slot.listed_.store(true, std::memory_order_seq_cst);
    if (blocked_by != nullptr) {
      for (Impl::Table* table : touched) {
        if (table != blocked_by) impl_->collect(table->fsm.withdraw(slot.id(), now), Wake::judge_again, wakers);
      }
      blocked_by->fsm.enqueue(slot.id());
      slot.parked_ = true;
      slot.at_server_.store(slot.in_flight_ - 1, std::memory_order_seq_cst);
      return Verdict::wait;
    }
    slot.at_server_.store(slot.in_flight_, std::memory_order_seq_cst);
    for (Impl::Table* table : touched) {
      table->fsm.start(slot.id(), work, now);
      table->statements[slot.id()] = statement;
    }
    return Verdict::pass;
  };
  const Verdict verdict = judge();
  if (verdict == Verdict::wait) impl_->changed.notify_all();  // a slot that runs out is something to wake up for now
  Impl::call(wakers);
  return verdict;
}

void Gate::finish(Slot& slot, Left left) {
  if (slot.in_flight_ == 0) std::abort();  // a finish() without its begin()
  if (--slot.in_flight_ == 0) slot.parked_ = false;
  const std::uint32_t at_server = slot.in_flight_ - (slot.parked_ ? 1 : 0);
  slot.may_hold_snapshot_.store(left.may_hold_snapshot, std::memory_order_seq_cst);
  slot.holds_tables_.store(left.holds_tables, std::memory_order_seq_cst);
  slot.in_transaction_.store(left.in_transaction, std::memory_order_seq_cst);
  // Last: who sees this command gone sees what it left. See Impl::sessions().
  slot.at_server_.store(at_server, std::memory_order_seq_cst);
  if (!slot.listed_.load(std::memory_order_seq_cst)) return;

  const GateFsm::Ending ending = left.holds_tables ? GateFsm::Ending::keeps_table
                                 : at_server > 0   ? GateFsm::Ending::pending
                                                   : GateFsm::Ending::free;
  std::vector<Impl::Waker> wakers;
  bool is_held_now = false;
  {
    const std::scoped_lock lock(impl_->mutex);
    const TimePoint now = Clock::now();
    for (auto& [name, table] : impl_->tables) {
      const Phase before = table.fsm.phase();
      if (!left.may_hold_snapshot && at_server == 0) table.fsm.has_no_snapshot(slot.id());
      impl_->collect(table.fsm.finish(slot.id(), ending, now), Wake::judge_again, wakers);
      if (ending == GateFsm::Ending::free) table.statements.erase(slot.id());
      is_held_now |= table.fsm.phase() != before;
    }
    impl_->unlist(slot);
  }
  // Only close() waits for this. What the keeper waits for is put off at most, and a thread woken by each statement
  // would cost more than all the rest of it.
  if (is_held_now) impl_->changed.notify_all();
  Impl::call(wakers);
}

void Gate::interrupt(ConnectionId connection) {
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    for (const auto& [id, slot] : impl_->slots) {
      if (slot->connection() != connection) continue;
      if (slot->hears_kills_) wakers.emplace_back(slot, Wake::interrupted);
      for (auto& [name, table] : impl_->tables) {
        if (!table.fsm.waits(id)) continue;
        impl_->collect(table.fsm.withdraw(id, Clock::now()), Wake::judge_again, wakers);
        wakers.emplace_back(slot, Wake::interrupted);
      }
    }
  }
  Impl::call(wakers);
}

void Gate::hear(Slot& slot, Kills kills) noexcept {
  slot.hears_kills_ = kills == Kills::anywhere;
}

std::string Gate::refusal_label(const TableName& table) const {
  const std::scoped_lock lock(impl_->mutex);
  const auto entry = impl_->tables.find(table);
  return entry == impl_->tables.end() ? std::string{} : entry->second.label;
}

}  // namespace sluice::gate
