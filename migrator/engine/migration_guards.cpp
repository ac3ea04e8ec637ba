// What is watched while a migration runs, and what follows from it: Guards say what, here it is done.
#include <algorithm>

#include "migrator/engine/clock_text.hpp"
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
  Guards::Facts known{.row_difference = row_difference(options, facts),
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
  const bool acts = told.event == GuardFsm::Event::fired || told.event == GuardFsm::Event::unevaluable;
  if (acts) {
    details.add("action", to_string(told.action));
    parts_.observer.guard_fired(told.guard.measure, told.action);
  }
  note(event_name(told.event), details.text());
  if (!acts) return;
  const std::scoped_lock lock(mutex_);
  switch (told.action) {
    case GuardAction::warn:
    case GuardAction::throttle:  // as long as it fires: see throttled_by()
      return;
    // What is not possible any more has been done already, or has been overtaken by the end.
    case GuardAction::pause:
      (void)fsm_.act(Action::pause);
      return;
    case GuardAction::stop:
      (void)fsm_.act(Action::stop);
      return;
    case GuardAction::panic:
      (void)fsm_.act(Action::panic);
      return;
  }
}

Reading Migration::row_difference(const Options& options, const MigrationFsm::Facts& facts) {
  const bool wanted = Guards::measures(options.guards, GuardMeasure::row_difference) && facts.copied && inbox_ &&
                      applier_ && plan_ && !is_instant();
  if (!wanted) {
    row_counts_.reset();
    return NotApplicable{};
  }
  if (!row_counts_) {
    row_counts_ = std::make_unique<RowCounts>(parts_.primary, plan_->source, plan_->shadow,
                                              [applier = applier_.get()] { return applier->applied(); });
    row_difference_ = NotApplicable{};
    awaited_count_.reset();
  }
  if (auto counted = row_counts_->take()) {
    if (auto* unknown = std::get_if<Unevaluable>(&*counted)) row_difference_ = *unknown;
    if (auto* count = std::get_if<RowCounts::Count>(&*counted)) awaited_count_ = std::move(*count);
  }
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
  const auto started = time_from(status_.started_at);
  if (!started) return NotApplicable{};
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - *started).count();
  if (checkpoint_.seconds_estimated == 0) {
    const auto left = eta_.left(now);
    if (!left || status_.progress < kEstimatedAt) return NotApplicable{};
    checkpoint_.seconds_estimated =
        static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed + left->count(), kEstimateMin.count()));
  }
  return static_cast<double>(elapsed) / static_cast<double>(checkpoint_.seconds_estimated);
}

}  // namespace sluice::migrator
