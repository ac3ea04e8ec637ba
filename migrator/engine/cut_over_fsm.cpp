#include "migrator/engine/cut_over_fsm.hpp"

#include <cstdlib>

namespace sluice::migrator {

bool CutOverFsm::is_before_rename(Step step) noexcept {
  switch (step) {
    case Step::fence:
    case Step::pin:
    case Step::catch_up:
    case Step::record:
    case Step::extend_gate:
      return true;
    case Step::close_gate:
    case Step::rename:
    case Step::look_at_names:
    case Step::hand_over:
    case Step::mark_swapped:
    case Step::unfence:
    case Step::reconcile:
    case Step::open_gate:
    case Step::end:
      return false;
  }
  return false;
}

CutOverFsm CutOverFsm::after_crash() noexcept {
  CutOverFsm fsm(Fencing::none);
  fsm.step_ = Step::look_at_names;
  return fsm;
}

void CutOverFsm::back_out(Result why) {
  result_ = why;
  step_ = fenced_ || pinned_ ? Step::unfence : Step::open_gate;
}

void CutOverFsm::after_close(Outcome outcome) {
  if (outcome != Outcome::ok) return back_out(Result::again);
  switch (fencing_) {
    case Fencing::none:
      step_ = Step::catch_up;
      return;
    case Fencing::pin:
      step_ = Step::pin;
      return;
    case Fencing::lock_tables:
      step_ = Step::fence;
      return;
  }
}

void CutOverFsm::after_rename(Outcome outcome) {
  pinned_ = false;  // let go of, or the RENAME would never come
  if (outcome == Outcome::ok) {
    swapped_ = true;
    step_ = fenced_ ? Step::hand_over : Step::mark_swapped;
  } else if (outcome == Outcome::unknown) {
    fenced_ = false;  // the lock went with its connection
    step_ = Step::look_at_names;
  } else {
    back_out(Result::again);
  }
}

void CutOverFsm::after_look(Outcome outcome) {
  if (outcome == Outcome::swapped) {
    swapped_ = true;
    step_ = Step::mark_swapped;
  } else if (outcome == Outcome::original) {
    back_out(Result::again);
  } else if (outcome == Outcome::strange) {
    back_out(Result::strange);
  }
}

void CutOverFsm::after_hand_over(Outcome outcome) {
  handed_over_ = outcome == Outcome::ok;
  if (fenced_) {
    step_ = Step::mark_swapped;
  } else if (handed_over_) {
    step_ = Step::open_gate;
  }
}

void CutOverFsm::done(Outcome outcome) {
  const bool before_rename = is_before_rename(step_);
  if (before_rename || step_ == Step::close_gate) {
    if (outcome == Outcome::panic) return back_out(Result::panicked);
    if (outcome == Outcome::unequal) return back_out(Result::failed);
  }
  if (before_rename && outcome != Outcome::ok) return back_out(Result::again);

  switch (step_) {
    case Step::close_gate:
      return after_close(outcome);
    case Step::fence:
      fenced_ = true;
      step_ = Step::catch_up;
      return;
    case Step::pin:
      pinned_ = true;
      step_ = Step::catch_up;
      return;
    case Step::catch_up:
      step_ = Step::record;
      return;
    case Step::record:
      step_ = Step::extend_gate;
      return;
    case Step::extend_gate:
      step_ = Step::rename;
      return;
    case Step::rename:
      return after_rename(outcome);
    case Step::look_at_names:
      return after_look(outcome);
    case Step::hand_over:
      return after_hand_over(outcome);
    case Step::mark_swapped:
      step_ = fenced_ ? Step::unfence : Step::reconcile;
      return;
    case Step::unfence:
      fenced_ = pinned_ = false;
      step_ = swapped_ ? Step::reconcile : Step::open_gate;
      return;
    case Step::reconcile:
      if (outcome == Outcome::ok) step_ = handed_over_ ? Step::open_gate : Step::hand_over;
      return;
    case Step::open_gate:
      if (swapped_) result_ = Result::completed;
      step_ = Step::end;
      return;
    case Step::end:
      std::abort();  // nothing is owed after the end
  }
}

}  // namespace sluice::migrator
