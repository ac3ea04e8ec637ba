#include "migrator/engine/migration_fsm.hpp"

#include <algorithm>
#include <string>

namespace sluice::migrator {
namespace {

bool close_behind(const MigrationFsm::Facts& facts) {
  return !facts.catching_up && facts.lag <= MigrationFsm::kLagForCutOverMax &&
         (facts.pending <= MigrationFsm::kPendingForCutOverMax || facts.backlog <= MigrationFsm::kBacklogForCutOverMax);
}

}  // namespace

const char* to_string(State state) noexcept {
  switch (state) {
    case State::preparing:
      return "preparing";
    case State::copying:
      return "copying";
    case State::ready:
      return "ready";
    case State::cutting_over:
      return "cutting_over";
    case State::completed:
      return "completed";
    case State::stopped:
      return "stopped";
    case State::panicked:
      return "panicked";
    case State::failed:
      return "failed";
    case State::reverting:
      return "reverting";
    case State::reverted:
      return "reverted";
  }
  return "unknown";
}

bool has_ended(State state) noexcept {
  switch (state) {
    case State::preparing:
    case State::copying:
    case State::ready:
    case State::cutting_over:
    case State::reverting:
      return false;
    case State::completed:
    case State::stopped:
    case State::panicked:
    case State::failed:
    case State::reverted:
      return true;
  }
  return true;
}

std::optional<Problem> MigrationFsm::act(Action action) {
  const auto refuse = [&](const std::string& why) {
    return Problem{"not_possible_now", why + " (the migration is " + to_string(state_) + (paused_ ? ", paused)" : ")")};
  };
  if (action == Action::cleanup) {
    return ended() ? std::nullopt : std::optional(refuse("cleanup is for migrations that have ended; stop it first"));
  }
  if (ended()) return refuse("it has ended");
  const bool starts_again = action == Action::pause || action == Action::resume || action == Action::cut_over;
  if (wish_ == Wish::rollback && starts_again) return refuse("it is being rolled back");
  switch (action) {
    case Action::pause:
      if (paused_) return refuse("it is paused already");
      if (state_ == State::cutting_over)
        return refuse("it can't be paused within the cut-over, which takes milliseconds");
      paused_ = true;
      return std::nullopt;
    case Action::resume:
      if (!paused_) return refuse("it is not paused");
      paused_ = false;
      return std::nullopt;
    case Action::cut_over:
      if (paused_) return refuse("resume it first");
      // Before it is ready this is a wish for later: the cut-over then isn't postponed.
      cut_over_asked_ = true;
      next_attempt_ = {};
      return std::nullopt;
    case Action::stop:
      if (wish_ == Wish::none) wish_ = Wish::stop;
      return std::nullopt;
    case Action::panic:
      wish_ = Wish::panic;
      return std::nullopt;
    case Action::cleanup:
      return std::nullopt;
  }
  return std::nullopt;
}

void MigrationFsm::roll_back() {
  if (wish_ != Wish::panic) wish_ = Wish::rollback;
}

MigrationFsm::Work MigrationFsm::work_between(const Facts& facts, Work turn) {
  // Changes and the copy take turns, so that neither starves; a set that fills up comes first.
  if (facts.resting) return facts.pending > 0 ? Work::apply : Work::wait;
  const bool apply = facts.pending > 0 && (facts.pending_is_urgent || last_ != Work::apply);
  return apply ? Work::apply : turn;
}

MigrationFsm::Wait MigrationFsm::wait_for(const Facts& facts, TimePoint now) const {
  if (facts.incompatible) return Wait::incompatible;
  if (facts.postponed) return Wait::postponed;
  if (facts.outside_window) return Wait::outside_window;
  if (!close_behind(facts)) return Wait::behind;
  if (facts.blocked) return Wait::blocked;
  if (now < next_attempt_) return Wait::back_off;
  if (!facts.others_ready) return Wait::others;
  return Wait::nothing;
}

MigrationFsm::Work MigrationFsm::next(const Facts& facts, TimePoint now) {
  wait_ = Wait::nothing;
  if (ended()) return last_ = Work::end;
  if (wish_ == Wish::panic) {
    state_ = State::panicked;
    return last_ = Work::end;
  }
  if (wish_ == Wish::rollback) return last_ = Work::roll_back;
  if (wish_ == Wish::stop) return last_ = Work::clean_up;
  if (state_ == State::preparing) return last_ = Work::prepare;
  if (paused_ || facts.throttled) return last_ = Work::wait;
  if (!facts.copied) return last_ = work_between(facts, Work::copy);
  if (!facts.indexed) return last_ = facts.index_alone ? Work::index : work_between(facts, Work::index);
  if (!facts.verified) return last_ = work_between(facts, Work::verify);

  if (close_behind(facts)) state_ = State::ready;
  if (state_ != State::ready) return last_ = facts.pending > 0 ? Work::apply : Work::wait;
  wait_ = wait_for(facts, now);
  if (wait_ == Wait::nothing) {
    state_ = State::cutting_over;
    return last_ = Work::cut_over;
  }
  return last_ = facts.pending > 0 ? Work::apply : Work::wait;
}

void MigrationFsm::prepared() {
  state_ = State::copying;
}

void MigrationFsm::start_over() {
  state_ = State::preparing;
}

void MigrationFsm::cut_over_ended(CutOverFsm::Result result, TimePoint now) {
  switch (result) {
    case CutOverFsm::Result::completed:
      state_ = State::completed;
      return;
    case CutOverFsm::Result::again:
      state_ = State::ready;
      next_attempt_ = now + retry_;
      retry_ = std::min(retry_ * 2, kRetryMax);
      return;
    case CutOverFsm::Result::panicked:
      state_ = wish_ == Wish::rollback ? State::ready : State::panicked;
      return;
    case CutOverFsm::Result::failed:
    case CutOverFsm::Result::strange:
    case CutOverFsm::Result::pending:
      state_ = State::failed;
      return;
  }
}

void MigrationFsm::cleaned_up() {
  state_ = State::stopped;
}

void MigrationFsm::failed() {
  state_ = State::failed;
}

}  // namespace sluice::migrator
