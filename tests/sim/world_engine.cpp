// The engine: what the driver of the cut-over does for each step, the change stream and resync, crashes; and the bugs
// planted there.

#include <algorithm>

#include "tests/sim/world.hpp"

namespace sluice::sim {

using migrator::CutOverFsm;

namespace {
constexpr std::uint8_t bit(std::uint8_t key) {
  return static_cast<std::uint8_t>(1U << key);
}
}  // namespace

bool World::follows() const {
  const Engine& engine = model_.engine;
  return engine.up != 0 && engine.over == 0 && engine.phase == 0 && cut_over_.step() == Step::close_gate;
}

void World::follow() {
  Engine& engine = model_.engine;
  const Event& event = model_.server.log[engine.read++];
  if (event.table == Table::source) engine.pending |= bit(event.key);
  checkpoint();
}

// Makes the shadow's row what the source's is. The caller has seen that the row isn't locked.
void World::resync(std::uint8_t key) {
  model_.engine.pending &= static_cast<std::uint8_t>(~bit(key));
  if (model_.server.swapped == 0) row(Table::shadow, key).visible = row(Table::source, key).visible;
  checkpoint();
}

void World::checkpoint() {
  Engine& engine = model_.engine;
  if (engine.pending == 0 || mutation_ == Mutation::checkpoint_past_pending) engine.checkpoint = engine.read;
}

// ---- the steps

bool World::can_advance() const {
  const Engine& engine = model_.engine;
  if (engine.up == 0 || engine.over != 0) return false;
  switch (cut_over_.step()) {
    case Step::close_gate:
      return engine.phase == 0 || phase() != gate::Phase::draining;
    case Step::fence:
      return engine.phase == 0 || nobody_inside();
    case Step::pin:
    case Step::catch_up:
      if (engine.phase == 0 || engine.read < engine.head || engine.pending == 0) return true;
      for (std::uint8_t key = 0; key < kKeysMax; ++key) {
        const bool free = row(Table::source, key).owner == kNobody || mutation_ == Mutation::plain_reads_in_resync;
        if ((engine.pending & bit(key)) != 0 && free) return true;
      }
      return false;
    case Step::rename:
      return engine.phase != 1;  // 1: the server has it; 2: done, the answer is on its way
    case Step::look_at_names:
      return model_.server.rename == Rename::none || mutation_ == Mutation::look_while_rename_may_run;
    case Step::reconcile:
      for (std::uint8_t key = 0; engine.phase == 1 && key < kKeysMax; ++key) {
        if ((engine.stragglers & bit(key)) != 0) return row(Table::shadow, key).owner == kNobody;
      }
      return true;
    case Step::record:
    case Step::extend_gate:
    case Step::hand_over:
    case Step::mark_swapped:
    case Step::unfence:
    case Step::open_gate:
      return true;
    case Step::end:
      return false;
  }
  return false;
}

void World::done(Outcome outcome) {
  model_.engine.phase = 0;
  cut_over_.done(outcome);
}

void World::advance() {
  Engine& engine = model_.engine;
  switch (cut_over_.step()) {
    case Step::close_gate:
      return advance_close();
    case Step::fence:
      model_.server.fence = engine.phase == 0 ? Lock::waiting : Lock::held;
      if (engine.phase == 0) {
        engine.phase = 1;
        return;
      }
      return done(Outcome::ok);
    case Step::catch_up:
      return advance_catch_up();
    case Step::pin:
      return done(Outcome::ok);
    case Step::record:
      engine.recorded = 1;
      engine.recorded_at = engine.read;
      return done(Outcome::ok);
    case Step::extend_gate: {
      const bool extended = gate_->extend(gate_->deadline()) || phase() == gate::Phase::held;
      if (extended) engine.drained = 1;
      return done(extended || mutation_ == Mutation::rename_without_gate ? Outcome::ok : Outcome::gate_lost);
    }
    case Step::rename:
      return advance_rename();
    case Step::look_at_names:
      return done(model_.server.swapped != 0 ? Outcome::swapped : Outcome::original);
    case Step::hand_over:
      if (mutation_ != Mutation::forget_to_hand_over) model_.server.handed_over = 1;
      return done(Outcome::ok);
    case Step::mark_swapped:
      gate_->swapped(holding_snapshot());
      return done(Outcome::ok);
    case Step::unfence:
      if (mutation_ == Mutation::unlock_after_opening) {
        open_gate();
      } else {
        model_.server.fence = Lock::none;
      }
      return done(Outcome::ok);
    case Step::reconcile:
      return advance_reconcile();
    case Step::open_gate:
      return advance_open();
    case Step::end:
      return;
  }
}

void World::advance_close() {
  Engine& engine = model_.engine;
  if (engine.armed == 0) {
    engine.armed = 1;
    gate_.emplace(mutation_ == Mutation::ignore_suspects ? std::vector<gate::SessionId>{} : busy(), gate::TimePoint{});
    return;
  }
  if (engine.phase == 0) {
    engine.phase = 1;
    ++engine.attempt;
    engine.head = model_.server.events;
    return close_gate();
  }
  done(phase() == gate::Phase::held ? Outcome::ok : Outcome::expired);
}

void World::advance_catch_up() {
  Engine& engine = model_.engine;
  if (mutation_ == Mutation::skip_catch_up) return done(Outcome::ok);
  if (engine.phase == 0) {
    engine.phase = 1;
    if (mutation_ != Mutation::read_head_before_drain) engine.head = model_.server.events;
    return;
  }
  if (engine.read < engine.head) return follow();
  for (std::uint8_t key = 0; key < kKeysMax; ++key) {
    const bool free = row(Table::source, key).owner == kNobody || mutation_ == Mutation::plain_reads_in_resync;
    if ((engine.pending & bit(key)) != 0 && free) return resync(key);
  }
  done(Outcome::ok);
}

void World::advance_rename() {
  Engine& engine = model_.engine;
  if (engine.phase == 2) return done(Outcome::ok);
  if (mutation_ == Mutation::open_before_rename) open_gate();
  // The shadow's name is gone once the tables are swapped: a definite error.
  if (model_.server.swapped != 0) return done(Outcome::failed);
  model_.server.rename = Rename::waiting;
  engine.phase = 1;
}

void World::rename_runs() {
  Server& server = model_.server;
  Engine& engine = model_.engine;
  for (std::uint8_t i = engine.recorded_at; i < server.events; ++i) {
    require(server.log[i].through_gate == 0, "a client wrote to the source after it was caught up with");
  }
  if (server.rename == Rename::waiting && engine.up != 0) engine.phase = 2;
  server.rename = Rename::none;
  server.swapped = 1;
  server.swapped_at = server.events;
  for (Client& client : model_.clients) client.snapshot_is_old = client.snapshot;
}

void World::rename_lost() {
  Server& server = model_.server;
  if (server.rename == Rename::waiting) server.rename = Rename::orphan;
  server.fence = Lock::none;
  if (mutation_ == Mutation::retry_unknown_rename) {
    model_.engine.phase = 0;  // the same step once more
    return;
  }
  done(Outcome::unknown);
}

void World::advance_reconcile() {
  Engine& engine = model_.engine;
  Server& server = model_.server;
  if (mutation_ == Mutation::ignore_stragglers) return done(Outcome::ok);
  if (engine.phase == 0) {
    engine.phase = 1;
    engine.stragglers = 0;
    if (mutation_ == Mutation::hand_over_before_stragglers) server.handed_over = 1;
    for (std::uint8_t i = engine.recorded_at; i < server.swapped_at; ++i) engine.stragglers |= bit(server.log[i].key);
    return;
  }
  for (std::uint8_t key = 0; key < kKeysMax; ++key) {
    if ((engine.stragglers & bit(key)) == 0) continue;
    engine.stragglers &= static_cast<std::uint8_t>(~bit(key));
    bool written_since = false;
    for (std::uint8_t i = server.swapped_at; i < server.events; ++i) written_since |= server.log[i].key == key;
    if (written_since && mutation_ != Mutation::stragglers_overwrite) {
      ++engine.conflicts;
    } else if (row(Table::shadow, key).visible != row(Table::source, key).visible) {
      require(server.handed_over == 0, "a trigger fired for what the engine brought over");
      row(Table::shadow, key).visible = row(Table::source, key).visible;
    }
    return;
  }
  done(Outcome::ok);
}

void World::advance_open() {
  Engine& engine = model_.engine;
  if (engine.phase == 0) {
    engine.phase = 1;
    if (mutation_ == Mutation::unlock_after_opening) model_.server.fence = Lock::none;
    if (mutation_ != Mutation::never_open_after_failure || cut_over_.swapped()) open_gate();
    return;
  }
  // One durable write says both that the attempt is over and how it ended.
  engine.recorded = 0;
  done(Outcome::ok);
  attempt_ended();
}

void World::attempt_ended() {
  Engine& engine = model_.engine;
  require(cut_over_.swapped() == (model_.server.swapped != 0), "the engine is wrong about which table has the name");
  require(model_.server.rename == Rename::none, "an attempt ended while its RENAME may still run");
  const bool again = cut_over_.result() == CutOverFsm::Result::again && engine.attempt < scenario_->attempts;
  if (!again) {
    engine.over = 1;
    return;
  }
  cut_over_ = World(*scenario_, mutation_).cut_over_;
}

// ---- what goes wrong

bool World::can_fail() const {
  const Engine& engine = model_.engine;
  if (engine.up == 0 || engine.over != 0) return false;
  switch (cut_over_.step()) {
    case Step::fence:
    case Step::catch_up:
      return engine.phase == 1;
    case Step::pin:
    case Step::record:
    case Step::hand_over:
      return true;
    case Step::rename:
      return engine.phase == 1 && model_.server.rename == Rename::waiting;
    case Step::close_gate:
    case Step::extend_gate:
    case Step::look_at_names:
    case Step::mark_swapped:
    case Step::unfence:
    case Step::reconcile:
    case Step::open_gate:
    case Step::end:
      return false;
  }
  return false;
}

void World::fail() {
  if (cut_over_.step() == Step::fence) model_.server.fence = Lock::none;
  if (cut_over_.step() == Step::rename) model_.server.rename = Rename::none;
  done(Outcome::failed);
}

void World::panic() {
  ++model_.engine.panics;
  if (cut_over_.step() == Step::fence) model_.server.fence = Lock::none;
  done(Outcome::panic);
}

void World::crash() {
  Engine& engine = model_.engine;
  ++engine.crashes;
  engine.up = engine.armed = engine.phase = engine.pending = engine.drained = engine.stragglers = 0;
  gate_.reset();
  model_.arrivals = {};
  model_.arrived = 0;
  if (model_.server.rename == Rename::waiting) model_.server.rename = Rename::orphan;
  model_.server.fence = Lock::none;
  for (std::uint8_t who = 0; who < scenario_->clients.size(); ++who) {
    Client& client = model_.clients[who];
    if (!proxied(who) || client.left != 0) continue;
    client.told_transaction = client.told_snapshot = 0;
    if (at_server(who)) {
      client.orphan = 1;
    } else if (client.in_transaction != 0) {
      end_transaction(client);
      client.at = At::client;
      skip_transaction(client, who);
    } else if (client.at != At::client) {
      client.at = At::client;
      ++client.next;
    }
  }
}

void World::restart() {
  Engine& engine = model_.engine;
  engine.up = 1;
  if (engine.over != 0) return;
  engine.read = engine.checkpoint;
  engine.attempt = static_cast<std::uint8_t>(engine.attempt == 0 ? 0 : engine.attempt - 1);
  if (engine.recorded == 0) {
    cut_over_ = World(*scenario_, mutation_).cut_over_;
    return;
  }
  engine.armed = 1;
  gate_.emplace(std::vector<gate::SessionId>{}, gate::TimePoint{});
  if (mutation_ != Mutation::open_before_reconcile_after_crash) close_gate();
  engine.drained = 1;
  cut_over_ = CutOverFsm::after_crash();
}

}  // namespace sluice::sim
