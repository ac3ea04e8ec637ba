// What is kept and told of it: the status, the journal, the checkpoint.
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {

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
