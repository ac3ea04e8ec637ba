// What is watched while a migration runs, and what follows from it: Guards say what, here it is done.
#include <algorithm>
#include <utility>

#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"

namespace sluice::migrator {
namespace {

const char* event_name(GuardFsm::Event event) {
  switch (event) {
    case GuardFsm::Event::fired:
      return "guard.fired";
    case GuardFsm::Event::calmed:
      return "guard.calmed";
    case GuardFsm::Event::unevaluable:
      return "guard.unevaluable";
    case GuardFsm::Event::evaluable:
      return "guard.evaluable";
  }
  return "guard";
}

}  // namespace

void Migration::look_at_guards(const Options& options, const MigrationFsm::Facts& facts, TimePoint now) {
  if (!guards_.is_due(now)) return;
  Guards::Facts known{.row_difference = row_difference(options, facts, now),
                      .duration_ratio = duration_ratio(facts, now),
                      .mismatches = checkpoint_.mismatches};
  if (const auto replicas = throttle_.replicas(now)) {
    known.replica_lag_seconds = replicas->lag;
    known.replica_unreachable = replicas->unreachable;
  }
  for (const Guards::Told& told : guards_.look(options.guards, known, now)) tell_guard(told);
  if (guards_watched_since_ == TimePoint{}) guards_watched_since_ = now;
  const std::scoped_lock lock(mutex_);
  status_.guards = guards_.status();
}

void Migration::tell_guard(const Guards::Told& told) {
  Details details;
  details.add("guard", told.guard.name).add("measure", to_string(told.guard.measure));
  if (const auto* value = std::get_if<double>(&told.reading)) details.add("value", *value);
  details.add("threshold", told.guard.threshold).add("why", describe(told.guard, told.reading));
  if (told.action) {
    details.add("action", to_string(*told.action));
    parts_.observer.guard_fired(told.guard.measure, *told.action);
  }
  if (told.entry && told.entry->left_out > 0) details.add("left_out", told.entry->left_out);
  if (told.entry) note(event_name(told.entry->event), details.text());
  const bool does = told.action && do_for_guard(*told.action);
  if (!does || told.entry) return;
  // What was done is told, however often.
  const bool is_known = std::holds_alternative<double>(told.reading);
  note(event_name(is_known ? GuardFsm::Event::fired : GuardFsm::Event::unevaluable), details.text());
}

bool Migration::do_for_guard(GuardAction action) {
  const auto act = [this](Action what) {
    const std::scoped_lock lock(mutex_);
    // What is not possible any more has been done already, or has been overtaken by the end.
    return !fsm_.act(what);
  };
  switch (action) {
    case GuardAction::warn:
    case GuardAction::throttle:  // as long as it fires: see throttled_by()
      return false;
    case GuardAction::pause:
      return act(Action::pause);
    case GuardAction::stop:
      return act(Action::stop);
    case GuardAction::panic:
      return act(Action::panic);
  }
  return false;
}

Reading Migration::row_difference(const Options& options, const MigrationFsm::Facts& facts, TimePoint now) {
  const bool wanted = Guards::measures(options.guards, GuardMeasure::row_difference) && facts.copied && facts.indexed &&
                      inbox_ && applier_ && plan_ && !is_instant() && !rolls_back();
  if (!wanted) {
    if (row_counts_) retired_.take(std::move(row_counts_));
    return NotApplicable{};
  }
  if (!row_counts_) {
    row_counts_ = std::make_unique<RowCounts>(parts_.primary, plan_->source, plan_->shadow);
    row_difference_ = NotApplicable{};
    awaited_count_.reset();
  }
  if (auto counted = row_counts_->take()) {
    if (auto* unknown = std::get_if<Unevaluable>(&*counted)) row_difference_ = *unknown;
    if (auto* count = std::get_if<RowCounts::Count>(&*counted)) awaited_count_ = std::move(*count);
  }
  if (brakes_.throttled_by.empty()) row_counts_->begin(applier_->applied(), now);
  if (!awaited_count_) return row_difference_;
  // All that the count has seen of the source stands in the binlog before its head.
  const Inbox::Progress progress = inbox_->progress();
  if (progress.reached < awaited_count_->head) return row_difference_;
  const std::uint64_t in_flight = progress.pending + applier_->applied() - awaited_count_->applied_before;
  row_difference_ = static_cast<double>(unexplained_difference(*awaited_count_, in_flight));
  awaited_count_.reset();
  return row_difference_;
}

Reading Migration::duration_ratio(const MigrationFsm::Facts& facts, TimePoint now) {
  if (facts.copied && facts.verified) return NotApplicable{};  // who waits for the cut-over may do so for days
  bool rests = !brakes_.throttled_by.empty() || !guards_.throttled_by().empty();
  {
    const std::scoped_lock lock(mutex_);
    rests = rests || fsm_.paused();
  }
  const TimePoint since = std::exchange(worked_seen_, now);
  if (!rests && since != TimePoint{}) checkpoint_.worked += std::chrono::duration_cast<Millis>(now - since);
  if (checkpoint_.seconds_estimated == 0) {
    const auto left = eta_.left(now);
    if (!left || status_.progress < kEstimatedAt) return NotApplicable{};
    const auto whole = std::chrono::duration_cast<Seconds>(checkpoint_.worked) + *left;
    checkpoint_.seconds_estimated = static_cast<std::uint64_t>(std::max(whole, kEstimateMin).count());
  }
  const double seconds = std::chrono::duration<double>(checkpoint_.worked).count();
  return seconds / static_cast<double>(checkpoint_.seconds_estimated);
}

}  // namespace sluice::migrator
