// Does what CutOverFsm says: one attempt at the cut-over. Blocks; on the engine's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/engine/applier.hpp"
#include "migrator/engine/checkpoint.hpp"
#include "migrator/engine/cut_over_fsm.hpp"
#include "migrator/engine/definition_pin.hpp"
#include "migrator/engine/inbox.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

class CutOver {
 public:
  using TimePoint = gate::TimePoint;

  // The server counts lock waits in whole seconds; what takes longer than that is killed from another connection.
  static constexpr std::chrono::seconds kLockWaitMax{1};
  static constexpr std::chrono::milliseconds kRenameMax{1500};
  // How much longer than the RENAME the gate stays shut by itself, for the look at the names and the stragglers.
  static constexpr std::chrono::seconds kAftermathMax{10};
  static constexpr std::chrono::milliseconds kAskAgain{100};
  // Between two looks whether the RENAME is next.
  static constexpr std::chrono::milliseconds kLookAgain{1};
  // Nobody can tell a transaction that has just begun and will be short from one that will be long: the first attempts
  // give up soon, and who is busy still is then waited for with the gate open.
  static constexpr std::chrono::milliseconds kQuickDrain{100};
  static constexpr std::uint64_t kQuickAttempts = 5;

  // One of the tables that swap together, in one RENAME.
  struct Table {
    Inbox& inbox;
    Applier& applier;
    const CopyPlan& plan;
    TableRef old_table;
    const Attachments& attachments;
  };
  struct Instant {
    std::string alter;   // the statement
    std::string before;  // the source's definition_but_for_counters()
  };
  struct Parts {  // all outlive the CutOver
    std::string hand_over_tag;
    std::string tag;  // of the RENAME: rename_tag() of the migration, or of the first of those that swap together
    ServerAddress primary;
    gate::TableGate& gate;
    gate::TableName gate_of;    // the name that all of the tables were armed under
    std::vector<Table> tables;  // not empty
    Options options;
    std::optional<Instant> instant;                         // of the one table, instead of the RENAME
    std::function<bool(const Position& caught_up)> record;  // durably
    std::function<void(std::string_view event, std::string details)> journal;
    std::function<bool()> panicked;
    std::function<void()> arm_after_swap;  // only those whom the new table's rows concern
    std::function<bool()> shutting_down;
  };

  explicit CutOver(Parts parts, CutOverStatus& status);
  ~CutOver();

  // May return with result() pending when the process is shutting down.
  [[nodiscard]] CutOverFsm::Result run();
  // What a crash left: the gate must be closed; the stream must follow from Checkpoint::caught_up.
  [[nodiscard]] CutOverFsm::Result recover();
  // The server refused the instant alter for what it is: another attempt would not help.
  [[nodiscard]] bool instant_refused() const noexcept { return instant_refused_; }

 private:
  using Outcome = CutOverFsm::Outcome;
  using Step = CutOverFsm::Step;

  CutOverFsm::Result drive(CutOverFsm fsm);
  [[nodiscard]] Outcome perform(Step step);
  [[nodiscard]] bool connect();
  [[nodiscard]] CutOverFsm::Fencing fencing() const;
  [[nodiscard]] bool prepare_pins();

  [[nodiscard]] std::chrono::milliseconds drain_patience() const;
  [[nodiscard]] Outcome close_gate();
  [[nodiscard]] Outcome fence();
  [[nodiscard]] Outcome pin();
  [[nodiscard]] bool is_pin_in_the_way();
  [[nodiscard]] Outcome catch_up();
  [[nodiscard]] Outcome record();
  [[nodiscard]] Outcome extend_gate();
  [[nodiscard]] Outcome rename();
  // Lets go of the pins one after the other as the RENAME is next for their tables. Why it may not be: somebody else's
  // DDL would come first; or that can't be told by then.
  [[nodiscard]] std::optional<std::string> let_pass(const std::function<bool()>& has_ended, TimePoint until);
  [[nodiscard]] Outcome alter_instantly();
  [[nodiscard]] Outcome look_at_names();
  [[nodiscard]] Outcome hand_over();
  [[nodiscard]] Outcome mark_swapped();
  [[nodiscard]] Outcome unfence();
  [[nodiscard]] Outcome reconcile();
  [[nodiscard]] Outcome open_gate();

  [[nodiscard]] SqlResult<void> hand_over_all(Connection& connection);
  [[nodiscard]] Outcome keep_numbers(const Table& table);
  [[nodiscard]] bool reach(const Position& head);
  [[nodiscard]] Outcome apply_all_before(const Position& head, Table& table);
  [[nodiscard]] Outcome look_at_names_of(const Table& table);
  [[nodiscard]] Outcome look_at_definition_of(const Table& table);
  [[nodiscard]] Outcome reconcile(Table& table);
  enum class Batch : std::uint8_t { done, ask_again, hopeless };
  [[nodiscard]] Batch reconcile_batch(Connection& connection, const RowSql& sql, Inbox& inbox, const TableRef& table,
                                      const std::vector<PendingKeys::Entry>& entries);
  void leave_behind(const TableRef& table, const KeyLiterals& key, const std::string& why);
  void kill_blockers();
  void let_statement_snapshots_pass();
  void note(const std::string& what, const std::string& why);
  void note(const std::string& what, const SqlError& error);
  void took(HoldPart part, TimePoint since);
  void keep_shut();  // for as long as a step of the aftermath takes

  Parts parts_;
  CutOverStatus& status_;
  bool fenced_ = false;
  bool instant_refused_ = false;
  bool swapped_ = false;
  TimePoint held_at_{};
  TimePoint closed_at_{};
  Position caught_up_;
  std::optional<TimePoint> hands_over_since_;
  std::size_t reconciled_ = 0;        // of the tables, from the first
  std::size_t reported_ = 0;          // of these, as changed by others before the RENAME
  std::unique_ptr<Connection> main_;  // locks and renames
  std::unique_ptr<Connection> side_;  // kills and looks
  std::vector<std::unique_ptr<DefinitionPin>> pins_;
};

// What the RENAME of a migration is known by, in the binlog and in the list of processes.
[[nodiscard]] std::string rename_tag(const MigrationId& id);

// What its hand-over is known by, in the binlog.
[[nodiscard]] std::string hand_over_tag(const MigrationId& id);

// The binlog's end, as the server says it.
[[nodiscard]] SqlResult<Position> binlog_head(Connection& connection);

}  // namespace sluice::migrator
