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

}  // namespace sluice::migrator
