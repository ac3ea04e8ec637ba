// One migration, from its shadow table to its end: the runner that does what MigrationFsm says, on a thread of its own.
// The public functions are thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "migrator/engine/applier.hpp"
#include "migrator/engine/audit.hpp"
#include "migrator/engine/audit_marks.hpp"
#include "migrator/engine/client_latency.hpp"
#include "migrator/engine/compatibility.hpp"
#include "migrator/engine/crew.hpp"
#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/inbox.hpp"
#include "migrator/engine/latency_governor.hpp"
#include "migrator/engine/long_statement.hpp"
#include "migrator/engine/migration_fsm.hpp"
#include "migrator/engine/observer.hpp"
#include "migrator/engine/progress.hpp"
#include "migrator/engine/range_round.hpp"
#include "migrator/engine/revert_chain.hpp"
#include "migrator/engine/row_counts.hpp"
#include "migrator/engine/store.hpp"
#include "migrator/engine/swap_group.hpp"
#include "migrator/engine/throttle.hpp"
#include "migrator/engine/waiting.hpp"
#include "migrator/guards/guards.hpp"
#include "migrator/notify/notifier.hpp"
#include "migrator/rollback/disposal.hpp"
#include "migrator/rollback/rollback_driver.hpp"
#include "migrator/stream/stream.hpp"
#include "migrator/table/plan.hpp"
#include "migrator/table/shadow.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

class Migration {
 public:
  static constexpr Millis kCheckpointEvery{1000};
  // How many times as long as asked for a turn's first chunk may take, so that it outruns clients who append rows.
  static constexpr std::uint64_t kChunkStretchMax = 4;
  static constexpr Millis kIdle{20};
  // Copying or comparing goes on for so long where there are no changes to apply; then all else is looked after.
  static constexpr Millis kTurnMax{500};
  // For the changes that may explain why rows are unequal to be read from the binlog; then nobody asks for the reason.
  static constexpr Millis kChangesToldWithin{2'000};
  static constexpr Millis kReconnectAfter{500};
  static constexpr unsigned kUnsavedCutOversMax = 10;  // in a row, refused by the server; then the migration fails
  static constexpr unsigned kUnsavedEndsMax = 120;     // refusals to keep that it has ended, kReconnectAfter apart
  // Whoever has touched the table for longer is waited for with the gate open.
  static constexpr Millis kShortTransaction{250};
  static constexpr Millis kLooksApart{150};  // between two looks at who holds metadata locks
  static constexpr Millis kHeldAfterCrash{60'000};
  // For the others to come to the cut-over, once all were ready for it: a batch at most is in their way.
  static constexpr Millis kOthersComeWithin{2'000};
  static constexpr Millis kSpreadWithin{2'000};  // for the look at how the rows lie
  // What command hooks and compatibility queries said to a cut-over holds for so long; if they took longer than that
  // moment, changes are applied first.
  static constexpr Seconds kHooksHold{60};
  static constexpr Millis kHooksMoment{500};
  static constexpr Seconds kTriedAgainAfter{10};  // compatibility queries that did not pass
  // The duration is estimated once so much is done; less than so long is not worth a warning.
  static constexpr double kEstimatedAt = 0.05;
  static constexpr Seconds kEstimateMin{60};
  static constexpr Millis kRollbackLooks{50};             // between two looks at what a rollback waits for
  static constexpr Millis kTakenAwayAgainAfter{600'000};  // where the old table could not be backed up, or dropped
  static constexpr std::size_t kRollbacksAskedMax = 8;    // that the thread has not taken up yet
  static constexpr Seconds kGuardsSettle{2};  // after so much more than the longest `for` the guards can be asked
  static constexpr std::size_t kJournalShownMax = 10'000;
  // Rows that stop a revert are named, up to so many and as long as looking for them takes no more than that.
  static constexpr std::size_t kRefusedListedMax = 20;
  static constexpr Seconds kRefusedSoughtFor{10};

  struct Parts {
    ServerAddress primary;
    gate::TableGate& gate;
    MigrationObserver& observer;
    WatchLatency watch_latency;
    GuardActions guard_actions;
    Notifier& notifier;
    BackupConfig backup;
    // Whether another migration that has not ended names that flag file.
    std::function<bool(const MigrationId& but, const std::string& file)> is_flag_of_others;
  };

  // `group`: with whom its table swaps; this migration is one of its members.
  Migration(Parts parts, StoredMigration stored, std::shared_ptr<SwapGroup> group);
  ~Migration();  // shut_down()

  // A new one, whose shadow table has just been made.
  void start(Shadow shadow);
  // One that a crash or a restart interrupted. Its table is armed, and closed if its cut-over was under way, when this
  // returns. Ended ones are only listed.
  void resume(std::vector<JournalEntry> journal);
  // Writes the checkpoint and ends the thread; the migration goes on at the next start. ask_to_end() comes first, to
  // all that swap together, as one may wait for another.
  void ask_to_end();
  void shut_down();

  [[nodiscard]] Status status() const;
  [[nodiscard]] std::vector<JournalEntry> journal(std::uint64_t after) const;
  [[nodiscard]] std::optional<Problem> act(Action action);
  [[nodiscard]] std::optional<Problem> change(const std::function<std::optional<Problem>(Options&)>& edit);
  // ---- rollback, in migration_rollback.cpp
  // The last one, of an earlier process; before resume().
  void know(RollbackReport report);
  // Why it can't be begun, or deferred, now.
  [[nodiscard]] std::optional<Problem> objection_to(const RollbackRequest& request) const;
  // The report is in the store. One that has ended has let go. A problem as above: nothing is done.
  [[nodiscard]] std::optional<Problem> roll_back(RollbackReport report);
  [[nodiscard]] std::optional<RollbackReport> rollback_report() const;
  [[nodiscard]] bool names_flag_file(const std::string& file) const;
  [[nodiscard]] Options options() const;

  static constexpr auto kNamesStrange = "names_strange";  // the error of one that must not touch its tables any more
  // Why what it left is not dropped, where that is so.
  static constexpr auto kNamesAreOfALater = "a later migration of the table has tables of these names of its own";
  // Of one that has let go: its shadow and its old table, on its thread; journalled, and taken up again after a
  // restart. Waits for that for up to `limit`. Why one is still there, if that is known by then.
  [[nodiscard]] std::optional<Problem> take_leftovers_away(Millis limit);
  [[nodiscard]] bool takes_away() const;

  [[nodiscard]] bool ended() const;
  // Has ended, and its thread has left the tables and the gate alone since. Waits for that for up to `limit`, which the
  // end's own few statements and the audit need; transactions with a snapshot older than the swap may take longer.
  [[nodiscard]] bool has_let_go(Millis limit) const;
  // What a revert of it begins with; nothing: it has not swapped two tables, or has not let go of them yet.
  struct WayBack {
    Specification specification;
    Checkpoint checkpoint;
  };
  [[nodiscard]] std::optional<WayBack> way_back() const;
  // A revert: of which migration.
  [[nodiscard]] const std::optional<MigrationId>& reverts() const noexcept { return reverts_; }
  // Cheap, unlike status(): it is asked of all whenever the status of one is.
  [[nodiscard]] RevertLink revert_link() const;
  [[nodiscard]] const std::shared_ptr<SwapGroup>& group() const noexcept { return group_; }
  [[nodiscard]] TableRef source() const { return {specification_.database, specification_.table}; }

 private:
  using Work = MigrationFsm::Work;

  // migration_loop.cpp
  void run();
  void perform(Work work);
  [[nodiscard]] MigrationFsm::Facts facts();
  void look_around(const MigrationFsm::Facts& facts, const Options& options, const Position& reached, TimePoint now);
  [[nodiscard]] SessionSettings row_settings() const;  // of connections that move rows
  [[nodiscard]] bool connect();                        // the connection for questions, where there is none
  void connection_lost(const SqlError& error);

  // migration_prepare.cpp
  void prepare();
  [[nodiscard]] bool find_tables();  // after a restart: definitions and plan
  [[nodiscard]] bool is_same_server();
  void follow_from(const Position& position);
  void arm();
  void recover_cut_over();
  void await_prepared_transactions();

  // migration_rows.cpp
  [[nodiscard]] bool gather();  // the crew, all hands
  void hands_lost(const SqlError& error);
  void apply();
  void copy();
  void verify();
  [[nodiscard]] RangeOutcome work_through(const std::optional<KeyLiterals>& above, std::size_t hands,
                                          const RangeWork& work);
  void write_again(std::vector<KeyLiterals> keys);  // found unequal
  void count_changed_in_shadow();                   // what others did, which is pending already
  // Plain reads find everything that was applied so far.
  [[nodiscard]] bool sees_what_was_applied();
  // migration_instant.cpp
  [[nodiscard]] bool is_instant() const noexcept { return !checkpoint_.altered_from.empty(); }
  void expect_no_changes();  // no stream is followed: the inbox and the applier are there for the cut-over only
  void prepare_instant();
  [[nodiscard]] SqlResult<std::string> present_definition();
  [[nodiscard]] bool is_as_it_was();  // false: it failed for that, or can't be asked now
  void recover_instant();
  void refuse_instant();
  void drop_pattern();

  // migration_indexes.cpp
  [[nodiscard]] bool put_indexes_off();
  void index();

  void copy_failed(const RangeOutcome::Gap& gap);
  [[nodiscard]] bool has_no_strays();  // a chunk a call; false: there is more to look at
  void read_failed(const std::string& what, const SqlError& error);
  void after_duplicate(const SqlError& error, const KeyRange& range);
  void refused(const SqlError& error, const KeyRange& range);

  // migration_progress.cpp
  void look_at_spread();  // blocks for at most kSpreadWithin and a query
  void tell_progress();   // with the mutex held

  // migration_throttle.cpp
  void look_at_brakes(const Options& options, TimePoint now);
  void govern(const Options& options, TimePoint now);
  // A round of copying or comparing has just ended.
  void worked_for(std::chrono::nanoseconds time);
  // How long the next one has to wait, after one that took so long, and how many hands it may have.
  [[nodiscard]] Millis pause_after(std::chrono::nanoseconds worked) const;
  [[nodiscard]] std::size_t hands_now() const;
  [[nodiscard]] Millis rest_left(TimePoint now) const;
  [[nodiscard]] std::string throttled_by() const;

  // migration_guards.cpp
  void look_at_guards(const Options& options, const MigrationFsm::Facts& facts, TimePoint now);
  void tell_guard(const Guards::Told& told);
  [[nodiscard]] bool do_for_guard(GuardAction action);  // false: there was nothing to be done
  [[nodiscard]] Reading row_difference(const Options& options, const MigrationFsm::Facts& facts, TimePoint now);
  [[nodiscard]] Reading duration_ratio(const MigrationFsm::Facts& facts, TimePoint now);

  // migration_end.cpp
  void cut_over();
  [[nodiscard]] bool is_related_as_before();
  // What command hooks say to it; false: they put it off. Blocks while they run.
  [[nodiscard]] bool hooks_agree();
  void after_cut_over(const SwapGroup::Swapped& swapped);
  void count(CutOverFsm::Result result, const CutOverStatus& cut_over);
  void clean_up();
  void fail(Problem problem);
  void stamp_end();  // with the mutex held, wherever the state may have become a last one
  void finish();
  // Nobody waits at it, and no snapshot is to be refused any more.
  [[nodiscard]] bool is_done_with(const gate::TableName& gate) const;
  void save_in_the_end();  // waits for the primary, and some refusals, unless shutting down
  void let_go();
  [[nodiscard]] SwapGroup::Swapped drive(const std::vector<SwapGroup::Party*>& parties,
                                         CutOverFsm::Result (CutOver::*how)());
  [[nodiscard]] SwapGroup::Party party();
  [[nodiscard]] CutOver::Parts cut_over_parts(const std::vector<SwapGroup::Party*>& parties);
  [[nodiscard]] bool held_from_outside();
  void abandon_cut_over();  // that drains, where one is asked to; with the mutex held

  // migration_wait.cpp
  [[nodiscard]] bool is_outside_window(const Options& options) const;
  [[nodiscard]] std::optional<BlockerStatus> blocker_ahead(const Options& options) const;
  [[nodiscard]] WaitReason reason_of(MigrationFsm::Wait wait) const;
  void tell_wait(MigrationFsm::Wait wait);
  void tell_state();  // to the journal, where it has just become ready, or been paused
  // Tries the compatibility queries where they are new, or did not pass a while ago.
  void look_at_compatibility(const Options& options, TimePoint now);
  [[nodiscard]] bool passes_compatibility();  // tries them now
  // What they say to the cut-over; false: it is put off. Blocks while they run.
  [[nodiscard]] bool is_compatible();

  // migration_revert.cpp
  [[nodiscard]] boost::system::result<CopyPlan, Problems> plan() const;  // of the two definitions
  [[nodiscard]] bool take_old_table();                                   // false: not yet, or it failed for that
  // Where a revert was given up; after a panic it is kept for study.
  [[nodiscard]] bool is_given_up_revert() const;
  void give_old_table_back_in_the_end();
  // All that had changed since the swap when it began.
  [[nodiscard]] bool has_read_what_was_pending();
  [[nodiscard]] bool has_written_what_was_pending();
  // The rows that the old table can't hold, by their keys, where one of them is the reason for the end.
  [[nodiscard]] Problem with_all_refused(Problem first);
  [[nodiscard]] std::string revertible_until() const;  // with the mutex held

  // migration_rollback.cpp
  [[nodiscard]] bool take_up_rollback();  // after a restart; true: of one that had ended, on its thread
  void go_on_as_decided();                // after a restart: a deferred one had let the migration go on
  void take_asked_rollbacks();
  void look_at_rollback(const Options& options, TimePoint now);  // one that was asked for, or is deferred
  [[nodiscard]] JointDecision::Said guards_say(const Options& options, TimePoint now) const;
  [[nodiscard]] bool rolls_back() const;
  void roll_back_some();
  void roll_back_ended();  // on a thread of its own: the migration had ended before
  void settle_rollback();  // at the end: one that did not come to its own
  [[nodiscard]] RollbackDriver::Parts rollback_parts();
  [[nodiscard]] std::string stop_for_rollback();
  [[nodiscard]] RollbackRecord whereabouts();
  [[nodiscard]] SqlResult<std::vector<std::string>> forget();
  [[nodiscard]] std::string held_back_by(Connection& connection);

  // migration_leftovers.cpp
  void keep_old_table();  // until its retention is over
  // With a backup, where the option says so. Why it is still there, empty: it is gone; nothing: shutting down.
  [[nodiscard]] std::optional<std::string> take_away(const TableRef& table);
  void show(const BackupStatus& backup);
  [[nodiscard]] bool shadow_is_to_go() const;  // of one that failed, and no rollback is to have saved it before
  void drop_shadow_after_failure();            // where it is to go
  void begin_taking_away();
  [[nodiscard]] bool cleanup_is_unfinished() const;  // as the journal tells
  void clean_up_leftovers();

  // migration_audit.cpp
  [[nodiscard]] bool audit_is_due() const;
  void audit();  // where it is due
  [[nodiscard]] Audit::Report look_back();

  // migration_record.cpp
  void checkpoint();
  [[nodiscard]] SqlResult<void> save();  // a refusal is journalled when it begins
  void tell_save(const SqlResult<void>& saved);
  void note(std::string_view event, std::string details);
  void publish(const MigrationFsm::Facts& facts);

  void rest(Millis time);
  [[nodiscard]] bool is_to_end() const;  // asked for, or shutting down
  [[nodiscard]] bool stopping() const { return stopping_.load(); }

  Parts parts_;
  MigrationId id_;
  std::optional<MigrationId> reverts_;
  std::shared_ptr<SwapGroup> group_;
  Specification specification_;  // of its options only those that can't change: see options_

  mutable std::mutex mutex_;  // guards what follows, up to the thread's own
  mutable std::condition_variable nudged_;
  Options options_;
  MigrationFsm fsm_;
  Status status_;
  std::vector<JournalEntry> journal_;
  std::vector<BlockerStatus> outside_;  // who holds metadata locks for long, past the proxy
  std::uint64_t nudges_ = 0;
  bool options_changed_ = false;  // and not stored yet
  bool has_let_go_ = false;
  Checkpoint way_back_;  // as it was when it let go
  bool takes_away_ = false;
  std::string leftovers_kept_;                   // by the last cleanup, and why
  std::vector<RollbackReport> asked_rollbacks_;  // not taken up by the thread yet; the last one counts
  std::optional<RollbackReport> rollback_report_;

  // The migration's thread only.
  Store store_;
  Checkpoint checkpoint_;
  std::optional<Problem> error_;
  std::optional<TableDefinition> source_definition_, shadow_definition_;
  std::optional<CopyPlan> plan_;
  bool instant_possible_ = false;
  bool instant_refused_ = false;  // by the last attempt
  std::optional<Connection> connection_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<LongStatement> index_build_;
  bool index_alone_ = false;  // no change is applied while it is built: there were too many for the server
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Applier> applier_;
  std::unique_ptr<ChangeStream> stream_;
  Throttle throttle_{parts_.primary, id_};
  Brakes brakes_;
  Guards guards_{parts_.primary, parts_.guard_actions};
  TimePoint guards_watched_since_{};
  std::unique_ptr<RollbackDriver> rollback_;
  std::unique_ptr<RowCounts> row_counts_;  // while a guard asks for them, once the rows are copied
  Retired retired_;
  Reading row_difference_;
  std::optional<RowCounts::Count> awaited_count_;  // the stream is not as far yet
  TimePoint worked_seen_{};                        // up to when checkpoint_.worked is known
  LatencyGovernor governor_;
  std::unique_ptr<LatencyWatch> latency_;  // while the option asks for it
  std::string slowed_by_;                  // by the governor, in words; empty: by nothing
  std::chrono::nanoseconds worked_{};      // the last round
  TimePoint worked_until_{};
  std::optional<KeySpread> spread_;  // nothing: by rows
  Eta eta_;
  std::uint64_t chunk_rows_ = 0;
  std::string unreadable_options_;
  std::uint64_t applied_at_turn_ = 0;    // of copying or comparing
  std::uint64_t applied_at_beat_ = 0;    // when a commit of ours last made sure that what was applied is visible
  std::uint64_t applied_before_ = 0;     // by earlier processes
  std::uint64_t mismatches_before_ = 0;  // by earlier processes, or found by the comparison
  std::uint64_t changed_in_shadow_ = 0;  // as far as they are counted
  Checkpoint durable_;                   // copied_to and verified_to as of when no found key was pending
  TimePoint saved_at_{};
  std::string not_saved_;           // why the server refused it the last time; empty: it did not
  unsigned unsaved_cut_overs_ = 0;  // in a row
  TimePoint looked_at_{};
  TimePoint behind_since_{};
  Position head_seen_;
  Position head_of_revert_;       // when it began, or was taken up again; empty file: not known yet
  TimePoint in_the_way_since_{};  // a row that can't be copied, or not yet
  std::optional<KeyLiterals> strays_sought_to_;
  AuditMarks audit_marks_;
  std::vector<gate::Target> after_swap_;  // what is armed from the swap on
  std::optional<BlockerStatus> blocker_;  // whom the cut-over would have to wait for, at the last look
  WaitJournal wait_journal_;
  bool told_ready_ = false;
  bool told_paused_ = false;
  std::optional<TimePoint> hooks_agreed_at_;  // to the attempt that is to come
  Objection incompatible_;                    // empty: as far as is known, nothing
  std::vector<CompatibilityQuery> tried_queries_;
  TimePoint tried_at_{};
  std::optional<TimePoint> passed_at_;  // where that took its time
  std::string back_off_until_;          // RFC 3339
  double applied_per_ms_ = 0;           // keys, lately; 0: not known
  std::vector<BlockerStatus> holders_;  // of metadata locks, at the last look
  bool held_from_outside_ = false;

  std::atomic<bool> stopping_{false};
  std::jthread thread_;
};

}  // namespace sluice::migrator
