// A small world around the real state machines of the gate and the cut-over: every action that may happen next can be
// listed and done, so that all orders of events can be walked. See README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/cut_over_fsm.hpp"
#include "proxy/gate/gate_fsm.hpp"
#include "tests/sim/model.hpp"
#include "tests/sim/mutation.hpp"

namespace sluice::sim {

enum class Kind : std::uint8_t {
  send,          // the client's next statement reaches the gate (or, for a bypass writer, the server)
  execute,       // the server runs the statement
  log,           // a commit's events are in the binlog, its rows still locked
  finish,        // visible, unlocked, answered
  leave,         // the client hangs up while it waits
  vanish,        // a statement whose proxy died is dropped by the server unexecuted
  follow,        // the engine takes one event from the stream, the gate being open
  resync,        // the engine resyncs one pending key, the gate being open
  advance,       // the engine does the next bit of its cut-over step
  fail,          // the step runs into its time-out or another definite error
  panic,         //
  rename_runs,   // the server gets the locks and renames
  rename_dies,   // the server notices that the RENAME's connection is lost
  rename_lost,   // the connection is lost while the RENAME runs, or before its answer came
  gate_expires,  // the drain's or the hold's deadline
  crash,         // kill -9 of proxy and engine
  restart,       //
};

struct Action {
  Kind kind = Kind::send;
  std::uint8_t who = 0;  // a client or a key
};

class World {
 public:
  World(const Scenario& scenario, Mutation mutation);

  [[nodiscard]] std::vector<Action> actions() const;
  void apply(Action action);

  // Nothing but a fault could move this world on: then all must be well.
  [[nodiscard]] static bool is_fault(Kind kind);
  void check_end();

  [[nodiscard]] const char* violation() const { return violation_; }
  [[nodiscard]] std::uint64_t digest() const;
  [[nodiscard]] const Model& model() const { return model_; }

 private:
  using Step = migrator::CutOverFsm::Step;
  using Outcome = migrator::CutOverFsm::Outcome;

  // ---- clients and the server (world_clients.cpp)
  [[nodiscard]] bool can_send(std::uint8_t who) const;
  [[nodiscard]] bool can_execute(std::uint8_t who) const;
  void send(std::uint8_t who);
  void execute(std::uint8_t who);
  void execute_read(std::uint8_t who, const Statement& statement);
  void log(std::uint8_t who);
  void finish(std::uint8_t who);
  void answered(std::uint8_t who);
  void end_transaction(Client& client);
  void refuse(std::uint8_t who);
  void leave(std::uint8_t who);
  void vanish(std::uint8_t who);
  [[nodiscard]] const Statement& statement(std::uint8_t who) const;
  [[nodiscard]] bool has_more(std::uint8_t who) const;
  [[nodiscard]] bool touches(const Statement& statement) const;
  [[nodiscard]] bool proxied(std::uint8_t who) const;
  [[nodiscard]] bool at_server(std::uint8_t who) const;
  [[nodiscard]] bool waits_at_server(std::uint8_t who) const;
  [[nodiscard]] Table live() const;
  [[nodiscard]] Row& row(Table table, std::uint8_t key);
  [[nodiscard]] const Row& row(Table table, std::uint8_t key) const;
  [[nodiscard]] bool exclusive() const;      // somebody waits for, or holds, the tables for himself
  [[nodiscard]] bool nobody_inside() const;  // no client holds a metadata lock
  void skip_transaction(Client& client, std::uint8_t who);

  // ---- the gate (world_gate.cpp)
  void wake(std::vector<gate::SessionId> woken);
  void forget_arrival(std::uint8_t who);
  [[nodiscard]] gate::GateFsm::Decision judge(std::uint8_t who) const;
  [[nodiscard]] gate::GateFsm::Work work(std::uint8_t who) const;
  [[nodiscard]] std::vector<gate::SessionId> in_transaction() const;
  [[nodiscard]] std::vector<gate::SessionId> holding_snapshot() const;
  [[nodiscard]] std::vector<gate::SessionId> busy() const;
  void close_gate();
  void open_gate();
  [[nodiscard]] gate::Phase phase() const;

  // ---- the engine (world_engine.cpp)
  [[nodiscard]] bool follows() const;  // the gate is open and no attempt has begun
  [[nodiscard]] bool can_advance() const;
  [[nodiscard]] bool can_fail() const;
  void follow();
  void resync(std::uint8_t key);
  void checkpoint();
  void advance();
  void done(Outcome outcome);
  void fail();
  void panic();
  void advance_close();
  void advance_catch_up();
  void advance_rename();
  void advance_reconcile();
  void advance_open();
  void attempt_ended();
  void rename_runs();
  void rename_lost();
  void crash();
  void restart();

  void require(bool holds, const char* otherwise);

  const Scenario* scenario_;
  Mutation mutation_;
  Model model_;
  std::optional<gate::GateFsm> gate_;  // none: not armed, or the proxy is down
  migrator::CutOverFsm cut_over_;
  const char* violation_ = nullptr;
};

[[nodiscard]] std::string to_string(Action action);

}  // namespace sluice::sim
