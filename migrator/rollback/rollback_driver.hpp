// Does what RollbackFsm says, a small piece at a time, on the migration's thread, and keeps the report in the primary
// after each step: a restart goes on at the step that was at hand. All steps may be done again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/backup/backup.hpp"
#include "migrator/rollback/gentle_drop.hpp"
#include "migrator/rollback/joint_decision.hpp"
#include "migrator/rollback/report.hpp"
#include "migrator/rollback/rollback_fsm.hpp"
#include "migrator/rollback/rollback_store.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

class RollbackDriver {
 public:
  // Then a count is given up, and the server's estimate shown.
  static constexpr std::chrono::seconds kCountWithin{10};
  static constexpr std::chrono::seconds kAnswersWithin{10};  // each query of the verification
  static constexpr unsigned kRowsFetchedMax = 1000;          // of each
  // Clients would queue up behind a statement that waits for a table.
  static constexpr std::chrono::seconds kTriesLocksFor{1};

  // What the migration does for it. Called on its thread.
  struct Host {
    // Nothing of it moves any more, in words.
    std::function<std::string()> stop;
    // Positions and counts, without the tables.
    std::function<RollbackRecord()> whereabouts;
    // Why its shadow must not be dropped, in words; empty: it may be.
    std::function<SqlResult<std::string>()> objection;
    GentleDrop::HeldBackBy held_back_by;
    // Heartbeat, flag files, checkpoint: forgotten. What there was, in words. An error: ask again.
    std::function<SqlResult<std::vector<std::string>>()> forget;
    // Of a deferred one: `mine` is what it would decide, nothing: it would wait. What stands for all whose tables swap
    // together; nothing: nobody has decided yet.
    std::function<std::optional<JointDecision::Verdict>(const std::string& requested_at,
                                                        std::optional<JointDecision::Verdict> mine)>
        agree;
    std::function<void(std::string_view event, std::string details)> note;
    // For the metrics.
    std::function<void(const RollbackReport&)> ended;
    std::function<void(const BackupStatus&)> backed_up;
    // For the status.
    std::function<void(const RollbackReport&, const std::optional<BackupStatus>&)> publish;
  };
  struct Parts {
    ServerAddress primary;
    BackupConfig backup;
    TableRef source;
    Host host;
  };
  enum class Next : std::uint8_t { go_on, rest, ended };

  // A new one, or one that is taken up; it is in the store.
  RollbackDriver(Parts parts, RollbackReport report);

  // The next piece. Blocks for a statement or two.
  [[nodiscard]] Next advance(const RollbackFsm::Facts& facts, WallTime now);
  [[nodiscard]] const RollbackReport& report() const noexcept { return report_; }
  [[nodiscard]] RollbackPhase phase() const noexcept { return report_.phase; }
  // `why`, in words, for the report: of a deferred one, before it is decided.
  void tell_guards(std::string why) { guards_ = std::move(why); }
  // Of a new one: to the journal.
  void announce();
  // Ends it, as the migration has come to another end.
  void overtaken(const std::string& by);

 private:
  enum class Step : std::uint8_t { done, more, waits, failed };

  [[nodiscard]] RollbackFsm::Todo agreed(RollbackFsm::Todo todo);
  [[nodiscard]] Next decided(RollbackFsm::Todo todo);
  [[nodiscard]] SqlResult<Step> perform();
  [[nodiscard]] SqlResult<Step> record();
  [[nodiscard]] SqlResult<Step> check();
  [[nodiscard]] SqlResult<Step> back_up();
  [[nodiscard]] SqlResult<Step> clean();
  [[nodiscard]] SqlResult<Step> verify();
  [[nodiscard]] Next finish_step(Step outcome);
  [[nodiscard]] SqlResult<TableRecord> look_at(const TableRef& table);
  [[nodiscard]] SqlResult<void> count(TableRecord& record, const TableRef& table);
  [[nodiscard]] SqlResult<QueryReport> ask(const std::string& sql, std::string_view prefix);
  [[nodiscard]] SqlResult<Connection*> connection();
  [[nodiscard]] SqlResult<Connection*> asker();
  void find(std::string what);  // a finding
  void end();                   // in the phase that the machine is in
  [[nodiscard]] bool save();
  void publish() const;
  void note(std::string_view what, std::string outcome);
  // The outcome of the step at hand, for the report and the journal.
  [[nodiscard]] Step done(std::string outcome);
  [[nodiscard]] Step failed(std::string why);

  Parts parts_;
  RollbackReport report_;
  RollbackFsm fsm_;
  RollbackStore store_;
  bool unsaved_ = false;
  std::string guards_;
  std::optional<Connection> connection_;  // with short waits for locks
  std::optional<Connection> asker_;       // with limits on how long a SELECT may take
  std::optional<std::chrono::steady_clock::time_point> step_began_;
  std::string step_began_at_;
  std::string outcome_;
  bool outcome_is_problem_ = false;
  std::unique_ptr<Backup> backup_;
  std::chrono::steady_clock::time_point backup_began_;
  std::unique_ptr<GentleDrop> drop_;
  std::optional<VerifyReport> verifying_;
};

}  // namespace sluice::migrator
