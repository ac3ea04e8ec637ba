// The gate's glue: what Gate does around GateFsm, and the bugs planted there.

#include <algorithm>

#include "tests/sim/world.hpp"

namespace sluice::sim {

using gate::GateFsm;
using gate::SessionId;

namespace {
// Deadlines pass when the walk says so; the instants only have to be in order.
constexpr gate::TimePoint kNow{};
constexpr gate::TimePoint kDrainDeadline = kNow + gate::Millis(1);
constexpr gate::TimePoint kHoldDeadline = kNow + gate::Millis(2);
}  // namespace

std::vector<SessionId> World::in_transaction() const {
  std::vector<SessionId> out;
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    if (proxied(who) && model_.clients[who].told_transaction != 0) out.push_back(SessionId{who});
  }
  return out;
}

std::vector<SessionId> World::busy() const {
  std::vector<SessionId> out;
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    const bool is_busy = at_server(who) || model_.clients[who].told_snapshot != 0;
    if (proxied(who) && model_.clients[who].orphan == 0 && is_busy) out.push_back(SessionId{who});
  }
  return out;
}

std::vector<SessionId> World::holding_snapshot() const {
  std::vector<SessionId> out;
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    const Client& client = model_.clients[who];
    if (!proxied(who) || client.orphan != 0) continue;
    const bool in_flight = at_server(who) && mutation_ != Mutation::forget_snapshots_in_flight;
    const bool told = client.told_transaction != 0 && client.told_snapshot != 0;
    if (in_flight || told) out.push_back(SessionId{who});
  }
  return out;
}

gate::Phase World::phase() const {
  if (mutation_ == Mutation::ignore_open_transactions_when_draining && gate_->phase() == gate::Phase::draining) {
    const bool running = std::ranges::any_of(gate_->busy(), [](const auto& entry) { return entry.second.running; });
    return running ? gate::Phase::draining : gate::Phase::held;
  }
  return gate_->phase();
}

GateFsm::Work World::work(std::uint8_t who) const {
  const bool single = statement(who).op == Op::read && model_.clients[who].told_transaction == 0;
  return single ? GateFsm::Work::single_read : GateFsm::Work::any;
}

GateFsm::Decision World::judge(std::uint8_t who) const {
  const GateFsm::Decision decision = gate_->judge(SessionId{who}, work(who));
  const bool too_late = mutation_ == Mutation::reads_pass_while_held && gate_->phase() == gate::Phase::held &&
                        work(who) == GateFsm::Work::single_read;
  if (too_late) return GateFsm::Decision::pass;
  const bool hide = mutation_ == Mutation::admit_old_snapshot && decision == GateFsm::Decision::refuse_snapshot;
  return hide ? GateFsm::Decision::pass : decision;
}

void World::wake(std::vector<SessionId> woken) {
  if (mutation_ == Mutation::release_without_order) std::ranges::reverse(woken);
  auto next = woken.begin();
  for (std::uint8_t i = 0; i < model_.arrived; ++i) {
    const std::uint8_t who = model_.arrivals[i];
    if (model_.clients[who].at != At::waiting || next == woken.end()) continue;
    require(*next == SessionId{who}, "somebody was let go before one who had come earlier");
    model_.clients[static_cast<std::size_t>(*next++)].at = At::woken;
  }
  require(next == woken.end(), "somebody was woken who did not wait");
}

void World::forget_arrival(std::uint8_t who) {
  const auto begin = model_.arrivals.begin();
  const auto end = begin + model_.arrived;
  const auto entry = std::find(begin, end, who);
  if (entry == end) return;
  std::copy(entry + 1, end, entry);
  model_.arrivals[--model_.arrived] = 0;
}

void World::close_gate() {
  model_.engine.drained = 0;
  gate_->close(kNow, kDrainDeadline, kHoldDeadline, in_transaction());
}

void World::open_gate() {
  require(model_.server.fence != Lock::held, "the gate was opened before the tables were unlocked");
  model_.engine.drained = 0;
  wake(gate_->open(kNow));
}

}  // namespace sluice::sim
