// The gate: where clients' statements on an armed table are judged, held and let go, and where the engine asks for
// that.
//
// Two sides meet here. Sessions (the proxy, on its I/O threads) call Gate; the engine calls it through TableGate only.
// Every call is thread-safe, takes one short mutex, and never blocks, except TableGate::close.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/gate/types.hpp"

namespace sluice::gate {

// ---- the engine's side -------------------------------------------------------------------------------------------

// A session that keeps a hold from being complete.
struct Blocker {
  ConnectionId connection{};
  std::string user;
  std::string host;
  std::string statement;  // without literals; the last one that touched the table
  Millis since{};         // how long its transaction (or statement) has touched the table
  bool in_transaction = false;
};

enum class Phase : std::uint8_t { open, armed, draining, held };
[[nodiscard]] const char* to_string(Phase phase) noexcept;

struct GateStatus {
  Phase phase = Phase::open;
  std::vector<Blocker> busy;          // who touches the table now, the oldest first
  std::size_t waiting = 0;            // statements held back now
  std::size_t stale = 0;              // transactions that are still to be refused for their old snapshot
  std::uint64_t held_statements = 0;  // held back by the last close, until its release
  Millis held_for{};                  // how long the last close kept the gate shut, drain included
};

enum class CloseResult : std::uint8_t {
  held,           // nothing that touches the table is in flight, and nothing new starts
  drain_expired,  // somebody did not finish in time: the gate is open again
  not_armed,
};

// A name that leads to the table: the table itself, a view, a routine, a trigger's table.
struct Target {
  TableName name;
  enum class Kind : std::uint8_t { table, alias } kind = Kind::table;
};

class TableGate {
 public:
  virtual ~TableGate() = default;

  // Statements that name one of `targets` are judged from here on. Arming again replaces the targets.
  // `label` names the migration in the error that a client's DDL gets.
  virtual void arm(const TableName& table, std::vector<Target> targets, std::string label) = 0;
  virtual void disarm(const TableName& table) = 0;

  // Blocks the calling thread until the table is held or `drain_deadline` passes. Once held, the gate opens by itself
  // at `hold_deadline` (a dead engine must not hang clients).
  [[nodiscard]] virtual CloseResult close(const TableName& table, TimePoint drain_deadline,
                                          TimePoint hold_deadline) = 0;

  // A close that drains now, or begins from now on, ends at once as drain_expired, with the gate open: nobody is to
  // wait for a swap that is not to come. Does nothing to what is held. Lasts until the table is disarmed.
  virtual void abandon(const TableName& table) = 0;

  // Moves the hold's deadline. False: the gate has already opened by itself, and nothing may be swapped any more.
  [[nodiscard]] virtual bool extend(const TableName& table, TimePoint hold_deadline) = 0;

  // The name means another table from now on: a transaction whose snapshot is older must not read it (1412).
  // To be called as soon as the swap is known, with the gate still held.
  virtual void swapped(const TableName& table) = 0;

  // Of those that swapped() found: these hold no snapshot, as their transactions read each statement's own (READ
  // COMMITTED, READ UNCOMMITTED). To be called with the gate still held, as of a moment after swapped().
  virtual void hold_no_snapshot(const TableName& table, std::vector<ConnectionId> connections) = 0;

  // Lets the waiting statements go, in arrival order. Opening an open gate does nothing.
  virtual void open(const TableName& table) = 0;

  [[nodiscard]] virtual GateStatus status(const TableName& table) const = 0;

  // Whether this server connection is (or was, within the last minutes) a client's that came through the gate.
  [[nodiscard]] virtual bool knows(ConnectionId connection) const = 0;
};

// ---- the sessions' side ------------------------------------------------------------------------------------------

// The armed names, immutable; replaced as a whole when something is armed or disarmed.
struct ArmedTable {
  TableName table;
  std::vector<Target> targets;
};
struct ArmedSet {
  std::uint64_t epoch = 0;  // 0: nothing is armed
  std::vector<ArmedTable> tables;
};

// What the scan of one command found about one armed table (an index into ArmedSet::tables).
struct Touch {
  std::size_t table = 0;
  Access access = Access::none;
};

// On: a statement of the session, as it stands, is a transaction of its own.
enum class Autocommit : std::uint8_t { off, on };

enum class Verdict : std::uint8_t {
  pass,             // send it to the server
  wait,             // keep it; wake() will be called once
  refuse_ddl,       // answer with an error naming the migration (refusal_label())
  refuse_snapshot,  // answer 1412: the transaction's snapshot is older than the table
  rescan,           // the armed set changed since the scan: scan again with armed()
};

enum class Wake : std::uint8_t {
  judge_again,  // released: call admit() again, it will pass unless another table holds it
  interrupted,  // KILL QUERY: answer 1317 and forget the statement
};

// What a session is left with when a command has its answer.
struct Left {
  bool in_transaction = false;     // one is open
  bool may_hold_snapshot = false;  // and has done more than begin
  bool holds_tables = false;       // that, or locks that outlast their statement
};

class Gate;

// One client's session as the gate knows it. Made by Gate::enter; the session keeps it for its life and then calls
// leave. Only the session's own thread calls the member functions.
class Slot {
 public:
  Slot(SessionId id, ConnectionId connection, std::function<void(Wake)> wake) noexcept
      : id_(id), connection_(connection), wake_(std::move(wake)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  [[nodiscard]] SessionId id() const noexcept { return id_; }
  [[nodiscard]] ConnectionId connection() const noexcept { return connection_; }

 private:
  friend class Gate;
  SessionId id_;
  ConnectionId connection_;
  std::function<void(Wake)> wake_;  // called from any thread, never under the gate's mutex
  // What the session tells of itself with plain stores, armed or not, so that arming can see who is busy.
  std::atomic<std::uint32_t> at_server_{0};  // commands sent, or about to be, and not answered yet
  std::atomic<bool> in_transaction_{false};
  std::atomic<bool> may_hold_snapshot_{false};
  std::atomic<bool> holds_tables_{false};
  std::atomic<bool> hears_kills_{false};
  std::atomic<bool> listed_{false};  // some table's state machine has an entry for this session
  std::uint32_t in_flight_ = 0;  // commands begun and not finished, a waiting one included; the session's thread only
  bool parked_ = false;          // the last command begun waits at the gate; the session's thread only
  std::string user_;
  std::string host_;
};

class Gate : public TableGate {
 public:
  Gate();
  ~Gate() override;

  // ---- life of a session
  // `wake` is called from any thread, at most once per Verdict::wait; it must only post to the session's own executor.
  [[nodiscard]] std::shared_ptr<Slot> enter(ConnectionId connection, std::function<void(Wake)> wake);
  void identify(Slot& slot, std::string user, std::string host);
  // Also from a wait: the statement counts as never sent.
  void leave(Slot& slot);

  // ---- life of a command. The order is the contract: begin() *before* asking armed_epoch(), so that arming either is
  // seen by the session or sees the session busy. Each begin() is owed one finish(), in the order of the commands, also
  // for one that was refused or interrupted and answered by the proxy. A session that waits begins nothing more.
  void begin(Slot& slot) noexcept;
  // 0 while nothing is armed: then no statement is scanned and admit() is not called.
  [[nodiscard]] std::uint64_t armed_epoch() const noexcept { return epoch_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::shared_ptr<const ArmedSet> armed() const;
  // Judges one command that was scanned against `armed_epoch`. All of `touches` are judged as one: none is marked
  // unless all pass. `statement` (no literals) is what a blocker is shown with. After a wait it is always called again,
  // with whatever a new scan finds, be it nothing.
  [[nodiscard]] Verdict admit(Slot& slot, std::uint64_t armed_epoch, const std::vector<Touch>& touches,
                              std::string statement, Autocommit autocommit, TimePoint now);
  // The command has its whole answer (or was answered by the proxy itself).
  void finish(Slot& slot, Left left);

  // A client sent KILL QUERY for this connection: whoever waits under that number, or hears it wherever it is, is woken
  // with Wake::interrupted.
  void interrupt(ConnectionId connection);
  enum class Kills : std::uint8_t { at_gate, anywhere };
  static void hear(Slot& slot, Kills kills) noexcept;
  [[nodiscard]] std::string refusal_label(const TableName& table) const;

  // ---- TableGate
  void arm(const TableName& table, std::vector<Target> targets, std::string label) override;
  void disarm(const TableName& table) override;
  [[nodiscard]] CloseResult close(const TableName& table, TimePoint drain_deadline, TimePoint hold_deadline) override;
  void abandon(const TableName& table) override;
  [[nodiscard]] bool extend(const TableName& table, TimePoint hold_deadline) override;
  void swapped(const TableName& table) override;
  void hold_no_snapshot(const TableName& table, std::vector<ConnectionId> connections) override;
  void open(const TableName& table) override;
  [[nodiscard]] GateStatus status(const TableName& table) const override;
  [[nodiscard]] bool knows(ConnectionId connection) const override;

 private:
  enum class When : std::uint8_t { draining, closed };
  void open(const TableName& table, When when);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::atomic<std::uint64_t> epoch_{0};
};

}  // namespace sluice::gate
