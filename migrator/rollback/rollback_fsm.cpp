#include "migrator/rollback/rollback_fsm.hpp"

namespace sluice::migrator {

const char* to_string(RollbackStep step) noexcept {
  switch (step) {
    case RollbackStep::stop:
      return "stop";
    case RollbackStep::record:
      return "record";
    case RollbackStep::check:
      return "check";
    case RollbackStep::backup:
      return "backup";
    case RollbackStep::clean:
      return "clean";
    case RollbackStep::verify:
      return "verify";
  }
  return "";
}

const char* to_string(RollbackPhase phase) noexcept {
  switch (phase) {
    case RollbackPhase::deferred:
      return "deferred";
    case RollbackPhase::running:
      return "running";
    case RollbackPhase::completed:
      return "completed";
    case RollbackPhase::failed:
      return "failed";
    case RollbackPhase::went_on:
      return "went_on";
    case RollbackPhase::withdrawn:
      return "withdrawn";
    case RollbackPhase::overtaken:
      return "overtaken";
  }
  return "";
}

bool is_over(RollbackPhase phase) noexcept {
  return phase != RollbackPhase::deferred && phase != RollbackPhase::running;
}

bool RollbackFsm::is_due(WallTime now) const {
  if (due_.at) return now >= *due_.at;
  return is_within(due_.window, week_minute(due_.window.clock, now));
}

RollbackFsm::Todo RollbackFsm::decide(const Facts& facts, WallTime now) {
  if (facts.has_ended) {
    phase_ = RollbackPhase::overtaken;
    return Todo::end;
  }
  if (facts.resumed) {
    phase_ = RollbackPhase::withdrawn;
    return Todo::end;
  }
  if (!is_due(now)) {
    due_since_.reset();
    return Todo::wait;
  }
  if (!due_since_) due_since_ = now;
  const bool told = facts.guards != Guards::unknown;
  if (!told && now - *due_since_ < kGuardsToldWithin) return Todo::wait;
  if (facts.guards == Guards::quiet) {
    phase_ = RollbackPhase::went_on;
    return Todo::go_on;
  }
  phase_ = RollbackPhase::running;
  return Todo::begin;
}

RollbackFsm::Todo RollbackFsm::next(const Facts& facts, WallTime now) {
  switch (phase_) {
    case RollbackPhase::deferred:
      return decide(facts, now);
    case RollbackPhase::running:
      return Todo::step;
    case RollbackPhase::completed:
    case RollbackPhase::failed:
    case RollbackPhase::went_on:
    case RollbackPhase::withdrawn:
    case RollbackPhase::overtaken:
      return Todo::end;
  }
  return Todo::end;
}

RollbackFsm::Todo RollbackFsm::follow(RollbackPhase decided) {
  phase_ = decided;
  switch (decided) {
    case RollbackPhase::deferred:
      return Todo::wait;
    case RollbackPhase::running:
      return Todo::begin;
    case RollbackPhase::went_on:
      return Todo::go_on;
    case RollbackPhase::completed:
    case RollbackPhase::failed:
    case RollbackPhase::withdrawn:
    case RollbackPhase::overtaken:
      return Todo::end;
  }
  return Todo::end;
}

void RollbackFsm::step_done() {
  switch (step_) {
    case RollbackStep::stop:
      step_ = RollbackStep::record;
      return;
    case RollbackStep::record:
      step_ = RollbackStep::check;
      return;
    case RollbackStep::check:
      step_ = backup_ == BackupKind::none ? RollbackStep::clean : RollbackStep::backup;
      return;
    case RollbackStep::backup:
      step_ = RollbackStep::clean;
      return;
    case RollbackStep::clean:
      step_ = RollbackStep::verify;
      return;
    case RollbackStep::verify:
      phase_ = RollbackPhase::completed;
      return;
  }
}

void RollbackFsm::failed() {
  phase_ = RollbackPhase::failed;
}

void RollbackFsm::overtaken() {
  phase_ = RollbackPhase::overtaken;
}

}  // namespace sluice::migrator
