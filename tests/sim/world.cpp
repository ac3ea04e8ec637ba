#include "tests/sim/world.hpp"

#include <array>
#include <bit>

namespace sluice::sim {
namespace {

constexpr std::array<const char*, 17> kKindNames = {
    "send", "execute", "log",         "finish",      "leave",       "vanish",       "follow", "resync", "advance",
    "fail", "panic",   "rename_runs", "rename_dies", "rename_lost", "gate_expires", "crash",  "restart"};

class Digest {
 public:
  void add(std::uint64_t value) {
    state_ = std::rotl((state_ ^ value) * 0x9E3779B97F4A7C15ULL, 29);
    state_ ^= state_ >> 31;
  }
  template <typename T>
  void add_bytes(const T& value) {
    const auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
    std::uint64_t word = 0;
    std::size_t filled = 0;
    for (const std::uint8_t byte : bytes) {
      word = word << 8 | byte;
      if (++filled % 8 == 0) add(word);
    }
    add(word);
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0x243F6A8885A308D3ULL;
};

}  // namespace

std::string to_string(Action action) {
  return std::string(kKindNames.at(static_cast<std::size_t>(action.kind))) + "(" + std::to_string(action.who) + ")";
}

World::World(const Scenario& scenario, Mutation mutation)
    : scenario_(&scenario),
      mutation_(mutation),
      cut_over_(scenario.fence == Fence::lock_tables ? migrator::CutOverFsm::Fencing::lock_tables
                                                     : migrator::CutOverFsm::Fencing::pin) {}

void World::require(bool holds, const char* otherwise) {
  if (!holds && violation_ == nullptr) violation_ = otherwise;
}

bool World::is_fault(Kind kind) {
  switch (kind) {
    case Kind::leave:
    case Kind::panic:
    case Kind::rename_lost:
    case Kind::crash:
      return true;
    case Kind::send:
    case Kind::execute:
    case Kind::log:
    case Kind::finish:
    case Kind::vanish:
    case Kind::follow:
    case Kind::resync:
    case Kind::advance:
    case Kind::fail:
    case Kind::rename_runs:
    case Kind::rename_dies:
    case Kind::gate_expires:
    case Kind::restart:
      return false;
  }
  return false;
}

std::vector<Action> World::actions() const {
  std::vector<Action> out;
  const auto add = [&](bool possible, Kind kind, std::uint8_t who = 0) {
    if (possible) out.push_back({kind, who});
  };
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    const Client& client = model_.clients[who];
    const bool may_leave = scenario_->clients[who].patience == Patience::may_leave;
    add(can_send(who), Kind::send, who);
    add(can_execute(who), Kind::execute, who);
    add(client.at == At::executed, Kind::log, who);
    add(client.at == At::logged, Kind::finish, who);
    add(client.at == At::waiting && may_leave && client.left == 0, Kind::leave, who);
    add(client.at == At::server && client.orphan != 0, Kind::vanish, who);
  }
  const Engine& engine = model_.engine;
  const Server& server = model_.server;
  add(follows() && engine.read < server.events, Kind::follow);
  for (std::uint8_t key = 0; follows() && key < kKeysMax; ++key) {
    const bool pending = (engine.pending >> key & 1) != 0;
    const bool locked = row(Table::source, key).owner != kNobody;
    add(pending && (!locked || mutation_ == Mutation::plain_reads_in_resync), Kind::resync, key);
  }
  const bool attempting =
      engine.up != 0 && engine.over == 0 && (cut_over_.step() != Step::close_gate || engine.phase > 0);
  const bool before_rename = cut_over_.step() < Step::rename;
  add(can_advance(), Kind::advance);
  add(can_fail(), Kind::fail);
  add(attempting && before_rename && engine.panics < scenario_->panics, Kind::panic);
  add(server.rename != Rename::none && nobody_inside(), Kind::rename_runs);
  add(server.rename == Rename::orphan, Kind::rename_dies);
  add(engine.up != 0 && cut_over_.step() == Step::rename && engine.phase > 0, Kind::rename_lost);
  const bool closed = gate_ && (gate_->phase() == gate::Phase::draining || gate_->phase() == gate::Phase::held);
  add(closed && engine.drained == 0, Kind::gate_expires);
  add(engine.up != 0 && engine.armed != 0 && engine.crashes < scenario_->crashes, Kind::crash);
  add(engine.up == 0, Kind::restart);
  return out;
}

void World::apply(Action action) {
  switch (action.kind) {
    case Kind::send:
      return send(action.who);
    case Kind::execute:
      return execute(action.who);
    case Kind::log:
      return log(action.who);
    case Kind::finish:
      return finish(action.who);
    case Kind::leave:
      return leave(action.who);
    case Kind::vanish:
      return vanish(action.who);
    case Kind::follow:
      return follow();
    case Kind::resync:
      return resync(action.who);
    case Kind::advance:
      return advance();
    case Kind::fail:
      return fail();
    case Kind::panic:
      return panic();
    case Kind::rename_runs:
      return rename_runs();
    case Kind::rename_dies:
      model_.server.rename = Rename::none;
      return;
    case Kind::rename_lost:
      return rename_lost();
    case Kind::gate_expires:
      return wake(gate_->tick(gate_->deadline()));
    case Kind::crash:
      return crash();
    case Kind::restart:
      return restart();
  }
}

void World::check_end() {
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    require(!has_more(who) && model_.clients[who].at == At::client, "a client hangs");
  }
  require(model_.engine.over != 0, "the engine hangs");
  require(!gate_ || gate_->phase() == gate::Phase::armed, "the gate is shut at the end");
  require(!gate_ || (gate_->busy().empty() && gate_->waiting() == 0), "the gate remembers somebody who is done");
  require(model_.server.fence == Lock::none, "the tables are still locked at the end");
  for (std::uint8_t key = 0; key < kKeysMax; ++key) {
    std::uint8_t newest = 0;
    for (std::uint8_t i = 0; i < model_.server.events; ++i) {
      if (model_.server.log[i].key == key) newest = static_cast<std::uint8_t>(i + 1);
    }
    require(row(live(), key).visible == newest, "a committed write is lost");
  }
}

std::uint64_t World::digest() const {
  Digest digest;
  digest.add_bytes(model_);
  digest.add_bytes(cut_over_);
  digest.add(violation_ == nullptr ? 0 : 1);
  if (!gate_) return digest.value();
  digest.add(static_cast<std::uint64_t>(gate_->phase()) + 1);
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    const gate::SessionId session{who};
    const auto busy = gate_->busy().find(session);
    const std::uint64_t is_busy =
        busy == gate_->busy().end() ? 0U : 1U + (busy->second.touched ? 1U : 0U) + (busy->second.only_reads ? 2U : 0U);
    const auto judged = [&](gate::GateFsm::Work work) {
      return static_cast<std::uint64_t>(gate_->judge(session, work));
    };
    digest.add(is_busy << 8 | judged(gate::GateFsm::Work::single_read) << 6 | judged(gate::GateFsm::Work::any) << 4 |
               (gate_->waits(session) ? 2U : 0U) | (gate_->lists(session) ? 1U : 0U));
  }
  return digest.value();
}

}  // namespace sluice::sim
