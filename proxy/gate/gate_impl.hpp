// What Gate is made of: the state machine of each armed table, the sessions, and the thread that opens what has
// expired. Included by the two halves of Gate only. All members are guarded by `mutex`, but for `keeper`.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "proxy/gate/gate.hpp"
#include "proxy/gate/gate_fsm.hpp"

namespace sluice::gate {

struct Gate::Impl {
  // How long, and how many, connections that are gone are still known as clients: the binlog tells of them later.
  static constexpr auto kRemembered = std::chrono::minutes(10);
  static constexpr std::size_t kRememberedMax = 100'000;

  struct Table {
    GateFsm fsm;
    std::vector<Target> targets;
    std::string label;
    std::map<SessionId, std::string> statements;  // the last one of each busy session
    Millis held_for{};
    bool abandoned = false;
  };
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
      // First: a command that is not seen here any more has said before what it left.
      const bool running = slot->at_server_.load(std::memory_order_seq_cst) > 0;
      bool wanted = false;
      switch (look) {
        case Look::busy:
          wanted = running || slot->holds_tables_.load(std::memory_order_seq_cst);
          break;
        case Look::in_transaction:
          wanted = slot->in_transaction_.load(std::memory_order_seq_cst);
          break;
        case Look::may_hold_snapshot:
          wanted = running || slot->may_hold_snapshot_.load(std::memory_order_seq_cst);
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

}  // namespace sluice::gate
