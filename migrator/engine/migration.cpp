#include "migrator/engine/migration.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

// What was copying or ready follows the stream again first.
State taken_up_as(State stored) {
  return stored == State::copying || stored == State::ready ? State::preparing : stored;
}

}  // namespace

Migration::Migration(Parts parts, StoredMigration stored, std::shared_ptr<SwapGroup> group)
    : parts_(std::move(parts)),
      id_(stored.id),
      reverts_(stored.checkpoint.revert ? std::optional(stored.checkpoint.revert->of) : std::nullopt),
      group_(std::move(group)),
      specification_(stored.specification),
      options_(stored.specification.options),
      fsm_(taken_up_as(stored.state)),
      store_(parts_.primary),
      checkpoint_(stored.checkpoint),
      error_(stored.error),
      chunk_rows_(stored.specification.options.chunk_size),
      applied_before_(stored.checkpoint.changes_applied),
      mismatches_before_(stored.checkpoint.mismatches),
      durable_(stored.checkpoint) {
  has_let_go_ = fsm_.ended() && !audit_is_due();
  if (has_let_go_) way_back_ = checkpoint_;
  if (checkpoint_.audit_from) audit_marks_.note(*checkpoint_.audit_from, gate::Clock::now());
  unreadable_options_ = stored.unreadable_options;
  if (stored.paused) (void)fsm_.act(Action::pause);
  told_paused_ = stored.paused;
  status_.id = id_;
  status_.reverts = reverts_.value_or("");
  status_.database = specification_.database;
  status_.table = specification_.table;
  status_.alter = specification_.alter;
  for (const SwapGroup::Member& member : group_->members()) {
    if (member.id != id_) status_.swaps_with.push_back(member.id);
  }
  status_.started_at = stored.started_at;
  status_.ended_at = stored.ended_at;
  publish({});
}

Migration::~Migration() {
  shut_down();
}

void Migration::start(Shadow shadow) {
  source_definition_ = std::move(shadow.source);
  shadow_definition_ = std::move(shadow.shadow);
  plan_ = std::move(shadow.plan);
  // Others that swap together with it wait for a swap.
  instant_possible_ = shadow.instant && group_->members().size() == 1;
  checkpoint_.rows_estimated = source_definition_->rows_estimated;
  thread_ = std::jthread([this] { run(); });
}

void Migration::resume(std::vector<JournalEntry> journal) {
  {
    const std::scoped_lock lock(mutex_);
    journal_ = std::move(journal);
    told_ready_ = std::ranges::find(journal_, "ready", &JournalEntry::event) != journal_.end();
  }
  if (take_up_rollback()) return;
  if (ended()) {
    if (cleanup_is_unfinished()) {
      begin_taking_away();
      thread_ = std::jthread([this] { clean_up_leftovers(); });
      return;
    }
    if (shadow_is_to_go()) begin_taking_away();  // before anybody can ask for its table
    if (!audit_is_due() && !options().ok_to_drop_table && !is_given_up_revert() && !shadow_is_to_go()) return;
    thread_ = std::jthread([this] {
      if (is_given_up_revert()) give_old_table_back_in_the_end();
      audit();
      drop_shadow_after_failure();
      let_go();
      keep_old_table();
      store_.disconnect();
    });
    return;
  }
  go_on_as_decided();
  arm();
  if (fsm_.state() == State::cutting_over) {
    // Nobody is connected yet: it is held at once, and nobody gets in before the names were looked at.
    const auto now = gate::Clock::now();
    (void)parts_.gate.close(group_->gate_of(), now + kHeldAfterCrash, now + kHeldAfterCrash);
  }
  if (!unreadable_options_.empty()) {
    note("options.unreadable", Details().add("why", unreadable_options_).text());
  }
  thread_ = std::jthread([this] { run(); });
}

void Migration::ask_to_end() {
  stopping_ = true;
  nudged_.notify_all();
}

void Migration::shut_down() {
  ask_to_end();
  if (thread_.joinable()) thread_.join();
}

Status Migration::status() const {
  const std::scoped_lock lock(mutex_);
  Status status = status_;
  status.state = fsm_.state();
  status.paused = fsm_.paused();
  if (status.state == State::completed) status.progress = 1;
  status.journal_entries = journal_.empty() ? 0 : journal_.back().number;
  status.blockers = outside_;
  const gate::GateStatus gate = parts_.gate.status(group_->gate_of());
  if (!has_let_go_) status.gate = GateView{to_string(gate.phase), gate.waiting};
  for (const gate::Blocker& blocker : gate.busy) {
    if (blocker.since < kShortTransaction) continue;
    status.blockers.push_back(status_of(blocker));
  }
  return status;
}

std::vector<JournalEntry> Migration::journal(std::uint64_t after) const {
  const std::scoped_lock lock(mutex_);
  std::vector<JournalEntry> entries;
  for (const JournalEntry& entry : journal_) {
    if (entry.number > after) entries.push_back(entry);
  }
  return entries;
}

std::optional<Problem> Migration::act(Action action) {
  std::optional<Problem> problem;
  {
    const std::scoped_lock lock(mutex_);
    problem = fsm_.act(action);
    ++nudges_;
    abandon_cut_over();
  }
  nudged_.notify_all();
  return problem;
}

std::optional<Problem> Migration::change(const std::function<std::optional<Problem>(Options&)>& edit) {
  std::optional<Problem> problem;
  {
    const std::scoped_lock lock(mutex_);
    if (fsm_.ended()) return Problem{"not_possible_now", "it has ended"};
    problem = edit(options_);
    if (!problem) options_changed_ = true;
    ++nudges_;
  }
  nudged_.notify_all();
  return problem;
}

bool Migration::ended() const {
  const std::scoped_lock lock(mutex_);
  return fsm_.ended();
}

bool Migration::has_let_go(Millis limit) const {
  std::unique_lock lock(mutex_);
  if (!fsm_.ended()) return false;
  return nudged_.wait_for(lock, limit, [&] { return has_let_go_; });
}

bool Migration::is_to_end() const {
  const std::scoped_lock lock(mutex_);
  return stopping() || fsm_.end_asked();
}

Options Migration::options() const {
  const std::scoped_lock lock(mutex_);
  return options_;
}

// ---- the thread

void Migration::run() {
  if (fsm_.state() == State::cutting_over) recover_cut_over();
  while (!stopping()) {
    const MigrationFsm::Facts now = facts();
    Work work{};
    MigrationFsm::Wait wait{};
    {
      const std::scoped_lock lock(mutex_);
      work = fsm_.next(now, gate::Clock::now());
      stamp_end();
      wait = fsm_.wait();
      group_->tell_willing(id_, fsm_.willing());
    }
    publish(now);
    tell_state();
    tell_wait(wait);
    if (work == Work::end) break;
    perform(work);
    checkpoint();
  }
  finish();
}

void Migration::perform(Work work) {
  if (work != Work::wait && !connect()) return;
  switch (work) {
    case Work::prepare:
      return prepare();
    case Work::apply:
      return apply();
    case Work::copy:
      return copy();
    case Work::index:
      return index();
    case Work::verify:
      return verify();
    case Work::cut_over:
      return cut_over();
    case Work::wait: {
      const Millis left = rest_left(gate::Clock::now());
      return rest(left > Millis{0} ? std::min(left, kIdle) : kIdle);
    }
    case Work::clean_up:
      return clean_up();
    case Work::roll_back:
      return roll_back_some();
    case Work::end:
      return;
  }
}

SessionSettings Migration::row_settings() const {
  return plan_ ? settings_for(*plan_) : SessionSettings{};
}

bool Migration::connect() {
  if (connection_) return true;
  SessionSettings settings = row_settings();
  settings.foreign_key_checks = ForeignKeyChecks::on;  // it drops tables
  auto made = Connection::connect(parts_.primary, settings);
  if (made.has_error()) {
    connection_lost(made.error());
    return false;
  }
  connection_ = std::move(*made);
  return true;
}

void Migration::connection_lost(const SqlError& error) {
  connection_.reset();
  brakes_.throttled_by = "the primary can't be reached: " + describe(error);
  publish({});
  rest(kReconnectAfter);
  brakes_.throttled_by.clear();
}

MigrationFsm::Facts Migration::facts() {
  MigrationFsm::Facts facts;
  const Options now_options = options();
  auto now = gate::Clock::now();
  if (flag_is_set(now_options.panic_flag_file)) (void)act(Action::panic);
  facts.copied = checkpoint_.copied || is_instant();
  facts.indexed = checkpoint_.deferred_indexes.empty();
  facts.index_alone = index_alone_;
  facts.verified = checkpoint_.verified || now_options.verify == Verify::off || is_instant();
  bool asked = false;
  {
    const std::scoped_lock lock(mutex_);
    asked = fsm_.cut_over_asked();
  }
  if (asked && !checkpoint_.cut_over_asked) {
    checkpoint_.cut_over_asked = true;
    // Where the server refuses to store the wish, the attempt tells the client so; nobody else would.
    const auto saved = save();
    checkpoint_.cut_over_asked = saved.has_value() || saved.error().outcome == Outcome::refused;
  }
  facts.postponed = !checkpoint_.cut_over_asked &&
                    (now_options.postpone_cut_over || flag_is_set(now_options.postpone_cut_over_flag_file));
  facts.others_ready = group_->others_are_willing(id_);
  facts.outside_window = !checkpoint_.cut_over_asked && is_outside_window(now_options);
  facts.lag = Millis::max();
  look_at_guards(now_options, facts, now);
  facts.throttled = !guards_.throttled_by().empty();
  look_at_rollback(now_options, now);
  // Behind that: whose others have turned back together with it has not failed, but turns back itself.
  if (auto problem = group_->failure(); problem && !is_to_end()) fail(*problem);
  // What a rollback has stopped has no progress any more.
  if (!inbox_ || rolls_back()) return facts;
  if (facts.copied && facts.indexed && facts.verified && plan_) {
    look_at_compatibility(now_options, now);
    now = gate::Clock::now();  // they may have taken their time
  }
  const Inbox::Progress progress = inbox_->progress();
  if (progress.trouble) fail(*progress.trouble);
  if (!is_instant()) {
    audit_marks_.note(progress.reached, now);
    checkpoint_.audit_from = audit_marks_.oldest();
  }
  facts.pending = progress.pending;
  facts.pending_is_urgent = progress.urgent;
  // Rows move on other connections: who does not ask here would never learn that this one is lost.
  if (now - looked_at_ >= kLooksApart && connect()) look_around(facts, now_options, progress.reached, now);
  facts.throttled = facts.throttled || !brakes_.throttled_by.empty();
  facts.resting = rest_left(now) > Millis{0};
  facts.incompatible = !incompatible_.empty();
  facts.lag = progress.reached >= head_seen_ ? Millis{0} : std::chrono::duration_cast<Millis>(now - behind_since_);
  blocker_ = blocker_ahead(now_options);
  facts.blocked = blocker_.has_value();
  if (is_instant()) facts.lag = {};  // no stream is followed
  // What the old table can't hold must be known before anybody is held.
  facts.catching_up = reverts_ && !has_written_what_was_pending();
  if (applied_per_ms_ > 0) {
    constexpr double kForeverMs = 1e12;  // what is more than that is no number of milliseconds, or none that counts
    const double backlog = static_cast<double>(facts.pending) / applied_per_ms_;
    facts.backlog = Millis(static_cast<std::int64_t>(std::min(backlog, kForeverMs)));
  }
  return facts;
}

void Migration::look_around(const MigrationFsm::Facts& facts, const Options& options, const Position& reached,
                            TimePoint now) {
  looked_at_ = now;
  count_changed_in_shadow();
  const auto head = binlog_head(*connection_);
  if (head.has_value() && reached >= head_seen_) {
    head_seen_ = *head;
    behind_since_ = now;
  }
  if (head.has_error() && head.error().outcome == Outcome::unknown) return connection_.reset();
  look_at_brakes(options, now);
  held_from_outside_ = connection_ && facts.copied && facts.verified && held_from_outside();
}

void Migration::publish(const MigrationFsm::Facts& facts) {
  const TableRef shadow = shadow_table(source());
  const TableRef old = old_table(source());
  const auto bypass = inbox_ ? inbox_->bypass_writers() : std::vector<BypassWriter>{};
  checkpoint_.changes_applied = applied_before_ + (applier_ ? applier_->applied() : 0);
  checkpoint_.mismatches = mismatches_before_ + (applier_ ? applier_->mismatches() : 0);
  std::string read;
  std::string applied;
  std::size_t pending = facts.pending;
  if (const auto progress = inbox_ ? std::optional(inbox_->progress()) : std::nullopt; progress && !is_instant()) {
    read = to_string(progress->reached);
    applied = to_string(progress->applied);
    pending = progress->pending;
  } else if (!checkpoint_.applied.file.empty()) {
    read = applied = to_string(checkpoint_.applied);  // as of the last checkpoint
  }
  const std::scoped_lock lock(mutex_);
  status_.throttled_by = throttled_by();
  status_.rows_copied = checkpoint_.rows_copied;
  status_.rows_estimated = checkpoint_.rows_estimated;
  status_.changes_applied = checkpoint_.changes_applied;
  status_.changes_pending = fsm_.state() == State::completed ? 0 : pending;
  status_.binlog_lag_ms = facts.lag == Millis::max() ? 0 : facts.lag.count();
  status_.read_position = read;
  status_.applied_position = applied;
  status_.verified_at = checkpoint_.verified_at;
  status_.verified_rows = checkpoint_.verified_rows;
  status_.mismatches = checkpoint_.mismatches;
  status_.shadow_table = shadow.table;
  status_.old_table = old.table;
  status_.revertible_until = revertible_until();
  status_.error = error_;
  status_.bypass_writers = bypass;
  status_.cut_over = checkpoint_.cut_over;
  tell_progress();
  if (facts.catching_up) status_.progress = 0;  // how much of the binlog is about the table, nobody knows
}

void Migration::rest(Millis time) {
  const auto began = gate::Clock::now();
  {
    std::unique_lock lock(mutex_);
    nudged_.wait_for(lock, time, [&, seen = nudges_] { return stopping() || nudges_ != seen; });
  }
  if (!throttled_by().empty()) parts_.observer.throttled_for(std::chrono::round<Millis>(gate::Clock::now() - began));
}

void Migration::note(std::string_view event, std::string details) {
  if (inbox_ && !is_instant()) {
    details = with_whereabouts(std::move(details), {.position = to_string(inbox_->progress().reached),
                                                    .rows_copied = checkpoint_.rows_copied,
                                                    .changes_applied = checkpoint_.changes_applied});
  }
  JournalEntry entry{.at = now_as_text(), .event = std::string(event), .details = std::move(details)};
  {
    const std::scoped_lock lock(mutex_);
    entry.number = journal_.empty() ? 1 : journal_.back().number + 1;
    journal_.push_back(entry);
    if (journal_.size() > kJournalShownMax) journal_.erase(journal_.begin());
  }
  JournalEntry told = entry;
  told.details = without_rows(std::move(told.details));
  parts_.observer.journalled(id_, told.event, told.details);
  if (auto webhooks = options().webhooks; parts_.notifier.is_asked(told, webhooks)) {
    parts_.notifier.tell({.status = status(), .entry = std::move(told), .webhooks = std::move(webhooks)});
  }
  (void)store_.append(id_, entry);  // a journal that can't be written now must not stop the migration
}

SqlResult<void> Migration::save() {
  bool paused = false;
  State state{};
  {
    const std::scoped_lock lock(mutex_);
    state = fsm_.state();
    paused = fsm_.paused();
  }
  // What was left to the copy has not been copied in what is saved: copied_to never is newer than what was applied by.
  Checkpoint now = checkpoint_;
  if (inbox_) {
    const Inbox::Progress progress = inbox_->progress();
    now.applied = progress.applied;
    // What follows the hold's head is read again after a crash: the RENAME may be in it, and stragglers.
    if (state == State::cutting_over && now.caught_up && *now.caught_up < now.applied) now.applied = *now.caught_up;
    if (progress.has_found_keys) {
      // Nobody would name these keys again: as far as a restart is concerned, their chunks are still to be done.
      now.copied_to = durable_.copied_to;
      now.copied = durable_.copied;
      now.verified_to = durable_.verified_to;
      now.verified = durable_.verified;
    } else {
      durable_ = now;
    }
  }
  saved_at_ = gate::Clock::now();
  auto saved = store_.save(id_, state, paused, now, error_);
  tell_save(saved);
  return saved;
}

void Migration::tell_save(const SqlResult<void>& saved) {
  std::string refused = saved.has_error() && saved.error().outcome == Outcome::refused
                            ? describe_without_values(saved.error())
                            : std::string();
  if (refused == not_saved_) return;
  not_saved_ = std::move(refused);
  if (!not_saved_.empty()) note("not_saved", Details().add("why", not_saved_).text());
}

void Migration::checkpoint() {
  std::optional<Options> changed;
  {
    const std::scoped_lock lock(mutex_);
    if (options_changed_) changed = options_;
    options_changed_ = false;
  }
  if (changed) (void)store_.save_options(id_, *changed);
  if (gate::Clock::now() - saved_at_ < kCheckpointEvery) return;
  (void)save();  // the older one is as good, only older
}

}  // namespace sluice::migrator
