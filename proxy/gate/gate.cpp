#include "proxy/gate/gate.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "proxy/gate/gate_fsm.hpp"

namespace sluice::gate {
namespace {

// How long, and how many, connections that are gone are still known as clients: the binlog tells of them later.
constexpr auto kRemembered = std::chrono::minutes(10);
constexpr std::size_t kRememberedMax = 100'000;

struct Table {
  GateFsm fsm;
  std::vector<Target> targets;
  std::string label;
  std::map<SessionId, std::string> statements;  // the last one of each busy session
  Millis held_for{};
};

bool same(const std::vector<Target>& a, const std::vector<Target>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Target& x, const Target& y) { return x.name == y.name && x.kind == y.kind; });
}

}  // namespace

struct Gate::Impl {
  using Waker = std::pair<std::shared_ptr<Slot>, Wake>;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::map<SessionId, std::shared_ptr<Slot>> slots;
  std::map<TableName, Table> tables;
  std::shared_ptr<const ArmedSet> armed = std::make_shared<ArmedSet>();
  std::unordered_map<std::uint64_t, std::uint32_t>
      connections;  // how many live or remembered sessions bear this number
  std::deque<std::pair<TimePoint, ConnectionId>> gone;
  std::uint64_t next_session = 1;
  std::uint64_t last_epoch = 0;
  std::jthread keeper;  // opens gates whose deadline has passed

  // Under the mutex. What wake() must be called for is collected, and called after it is unlocked.
  void collect(const std::vector<SessionId>& sessions, Wake why, std::vector<Waker>& out) const {
    for (SessionId session : sessions) {
      if (const auto slot = slots.find(session); slot != slots.end()) out.emplace_back(slot->second, why);
    }
  }

  void publish(std::atomic<std::uint64_t>& epoch) {
    auto next = std::make_shared<ArmedSet>();
    for (const auto& [name, table] : tables) next->tables.push_back({name, table.targets});
    next->epoch = next->tables.empty() ? 0 : ++last_epoch;
    armed = next;
    epoch.store(next->epoch, std::memory_order_seq_cst);
  }

  // Sessions with a command at the server or a transaction open. Marks them as listed first, so that one which ends
  // while we look tells us afterwards.
  enum class Look : std::uint8_t { busy, in_transaction, may_hold_snapshot };
  std::vector<SessionId> sessions(Look look) {
    std::vector<SessionId> found;
    for (const auto& [id, slot] : slots) {
      slot->listed_.store(true, std::memory_order_seq_cst);
      const bool in_transaction = slot->in_transaction_.load(std::memory_order_seq_cst);
      const bool running = slot->at_server_.load(std::memory_order_seq_cst) > 0;
      bool wanted = false;
      switch (look) {
        case Look::busy:
          wanted = running || in_transaction;
          break;
        case Look::in_transaction:
          wanted = in_transaction;
          break;
        case Look::may_hold_snapshot:
          wanted = running || (in_transaction && slot->may_hold_snapshot_.load());
          break;
      }
      if (wanted) found.push_back(id);
    }
    return found;
  }

  void unlist(Slot& slot) const {
    for (const auto& entry : tables) {
      if (entry.second.fsm.lists(slot.id())) return;
    }
    slot.listed_.store(false, std::memory_order_seq_cst);
  }

  void note_opened(Table& table, Phase before, TimePoint now) const {
    const bool was_closed = before == Phase::draining || before == Phase::held;
    if (was_closed && table.fsm.phase() == Phase::armed) {
      table.held_for = std::chrono::duration_cast<Millis>(now - table.fsm.closed_at());
    }
  }

  // Also tells close(), which may wait for the drain to expire while no session waits at the gate.
  std::vector<Waker> tick(TimePoint now) {
    std::vector<Waker> wakers;
    for (auto& [name, table] : tables) {
      const Phase before = table.fsm.phase();
      collect(table.fsm.tick(now), Wake::judge_again, wakers);
      note_opened(table, before, now);
      if (table.fsm.phase() != before) changed.notify_all();
    }
    return wakers;
  }

  TimePoint next_deadline() const {
    TimePoint next = TimePoint::max();
    for (const auto& [name, table] : tables) next = std::min(next, table.fsm.deadline());
    return next;
  }

  void forget_the_gone(TimePoint now) {
    while (!gone.empty() && (gone.size() > kRememberedMax || now - gone.front().first > kRemembered)) {
      const auto entry = connections.find(static_cast<std::uint64_t>(gone.front().second));
      if (entry != connections.end() && --entry->second == 0) connections.erase(entry);
      gone.pop_front();
    }
  }

  static void call(std::vector<Waker>& wakers) {
    for (auto& [slot, why] : wakers) slot->wake_(why);
  }

  void keep(const std::stop_token& stopping) {
    std::unique_lock lock(mutex);
    while (!stopping.stop_requested()) {
      const TimePoint next = next_deadline();
      if (next == TimePoint::max()) {
        changed.wait(lock);
      } else {
        changed.wait_until(lock, next);
      }
      auto wakers = tick(Clock::now());
      if (wakers.empty()) continue;
      lock.unlock();
      call(wakers);
      lock.lock();
    }
  }
};

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

// ---- sessions

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
  std::vector<Impl::Waker> wakers;
  const auto judge = [&]() -> Verdict {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->armed->epoch != armed_epoch) return Verdict::rescan;
    slot.parked_ = false;
    // This command has not been sent: what the swap saw at the server was nothing, if nothing else is in flight.
    const bool no_snapshot = slot.in_flight_ == 1 && !(slot.in_transaction_.load() && slot.may_hold_snapshot_.load());
    const bool only_reads =
        std::ranges::all_of(touches, [](const Touch& touch) { return touch.access <= Access::read; });
    const auto work = only_reads && autocommit == Autocommit::on && !slot.in_transaction_.load()
                          ? GateFsm::Work::single_read
                          : GateFsm::Work::any;
    Table* blocked_by = nullptr;
    std::vector<Table*> touched;
    for (const Touch& touch : touches) {
      if (touch.access == Access::none) continue;
      if (touch.access == Access::definition) return Verdict::refuse_ddl;
      Table& table = impl_->tables.at(impl_->armed->tables.at(touch.table).table);
      if (no_snapshot) table.fsm.has_no_snapshot(slot.id());
      const GateFsm::Decision decision = table.fsm.judge(slot.id(), work);
      if (decision == GateFsm::Decision::refuse_snapshot) return Verdict::refuse_snapshot;
      if (decision == GateFsm::Decision::wait && blocked_by == nullptr) blocked_by = &table;
      touched.push_back(&table);
    }
    slot.listed_.store(true, std::memory_order_seq_cst);
    if (blocked_by != nullptr) {
      for (Table* table : touched) {
        if (table != blocked_by) impl_->collect(table->fsm.withdraw(slot.id(), now), Wake::judge_again, wakers);
      }
      blocked_by->fsm.enqueue(slot.id());
      slot.parked_ = true;
      slot.at_server_.store(slot.in_flight_ - 1, std::memory_order_seq_cst);
      return Verdict::wait;
    }
    slot.at_server_.store(slot.in_flight_, std::memory_order_seq_cst);
    for (Table* table : touched) {
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

void Gate::finish(Slot& slot, bool in_transaction, bool may_hold_snapshot) {
  if (slot.in_flight_ == 0) std::abort();  // a finish() without its begin()
  if (--slot.in_flight_ == 0) slot.parked_ = false;
  const std::uint32_t at_server = slot.in_flight_ - (slot.parked_ ? 1 : 0);
  slot.may_hold_snapshot_.store(may_hold_snapshot, std::memory_order_relaxed);
  slot.in_transaction_.store(in_transaction, std::memory_order_seq_cst);
  slot.at_server_.store(at_server, std::memory_order_seq_cst);
  if (!slot.listed_.load(std::memory_order_seq_cst)) return;

  const GateFsm::Ending ending = in_transaction  ? GateFsm::Ending::keeps_table
                                 : at_server > 0 ? GateFsm::Ending::pending
                                                 : GateFsm::Ending::free;
  const TimePoint now = Clock::now();
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    for (auto& [name, table] : impl_->tables) {
      if (!may_hold_snapshot && at_server == 0) table.fsm.has_no_snapshot(slot.id());
      impl_->collect(table.fsm.finish(slot.id(), ending, now), Wake::judge_again, wakers);
      if (ending == GateFsm::Ending::free) table.statements.erase(slot.id());
    }
    impl_->unlist(slot);
  }
  impl_->changed.notify_all();
  Impl::call(wakers);
}

void Gate::interrupt(ConnectionId connection) {
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    for (const auto& [id, slot] : impl_->slots) {
      if (slot->connection() != connection) continue;
      for (auto& [name, table] : impl_->tables) {
        if (!table.fsm.waits(id)) continue;
        impl_->collect(table.fsm.withdraw(id, Clock::now()), Wake::judge_again, wakers);
        wakers.emplace_back(slot, Wake::interrupted);
      }
    }
  }
  Impl::call(wakers);
}

std::string Gate::refusal_label(const TableName& table) const {
  const std::scoped_lock lock(impl_->mutex);
  const auto entry = impl_->tables.find(table);
  return entry == impl_->tables.end() ? std::string{} : entry->second.label;
}

// ---- the engine

void Gate::arm(const TableName& table, std::vector<Target> targets, std::string label) {
  const std::scoped_lock lock(impl_->mutex);
  const auto [entry, is_new] = impl_->tables.try_emplace(table, Table{.fsm = GateFsm({}, Clock::now())});
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
  std::vector<Impl::Waker> wakers;
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto entry = impl_->tables.find(table);
    if (entry == impl_->tables.end()) return;
    const TimePoint now = Clock::now();
    const Phase before = entry->second.fsm.phase();
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
