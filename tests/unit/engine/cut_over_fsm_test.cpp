#include "migrator/engine/cut_over_fsm.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::migrator {
namespace {

using Step = CutOverFsm::Step;
using Outcome = CutOverFsm::Outcome;
using Result = CutOverFsm::Result;
using Fencing = CutOverFsm::Fencing;

// Goes through steps that all succeed, up to `step`.
CutOverFsm at(Step step, Fencing fencing) {
  CutOverFsm fsm(fencing);
  while (fsm.step() != step && fsm.step() != Step::end) fsm.done(Outcome::ok);
  EXPECT_EQ(fsm.step(), step);
  return fsm;
}

// The steps that follow, all going well; `end` not included.
std::vector<Step> rest(CutOverFsm& fsm) {
  std::vector<Step> steps;
  while (fsm.step() != Step::end) {
    steps.push_back(fsm.step());
    fsm.done(Outcome::ok);
  }
  return steps;
}

const std::vector<Step> kJustOpen{Step::open_gate};
const std::vector<Step> kUnlockThenOpen{Step::unfence, Step::open_gate};

TEST(CutOverFsm, SwapsBehindAFence) {
  CutOverFsm fsm(Fencing::lock_tables);
  EXPECT_EQ(rest(fsm),
            (std::vector{Step::close_gate, Step::fence, Step::catch_up, Step::record, Step::extend_gate, Step::rename,
                         Step::hand_over, Step::mark_swapped, Step::unfence, Step::reconcile, Step::open_gate}));
  EXPECT_EQ(fsm.result(), Result::completed);
  EXPECT_TRUE(fsm.swapped());
}

TEST(CutOverFsm, SwapsBehindTheGateAlone) {
  CutOverFsm fsm(Fencing::none);
  EXPECT_EQ(rest(fsm), (std::vector{Step::close_gate, Step::catch_up, Step::record, Step::extend_gate, Step::rename,
                                    Step::mark_swapped, Step::reconcile, Step::hand_over, Step::open_gate}));
  EXPECT_EQ(fsm.result(), Result::completed);
}

TEST(CutOverFsm, PinsTheDefinitionWhereNothingCanBeLocked) {
  CutOverFsm fsm(Fencing::pin);
  EXPECT_EQ(rest(fsm),
            (std::vector{Step::close_gate, Step::pin, Step::catch_up, Step::record, Step::extend_gate, Step::rename,
                         Step::mark_swapped, Step::reconcile, Step::hand_over, Step::open_gate}));
  EXPECT_EQ(fsm.result(), Result::completed);
}

TEST(CutOverFsm, HasNoPinAnyMoreAfterTheRename) {
  CutOverFsm fsm = at(Step::rename, Fencing::pin);
  fsm.done(Outcome::failed);
  EXPECT_EQ(rest(fsm), kJustOpen);
  EXPECT_EQ(fsm.result(), Result::again);
}

TEST(CutOverFsm, HandsOverAfterTheFenceWhatItCouldNotBehindIt) {
  CutOverFsm fsm = at(Step::hand_over, Fencing::lock_tables);
  fsm.done(Outcome::unknown);
  EXPECT_EQ(fsm.step(), Step::mark_swapped);
  fsm.done(Outcome::ok);
  fsm.done(Outcome::ok);
  fsm.done(Outcome::ok);
  EXPECT_EQ(fsm.step(), Step::hand_over) << "once more, after the stragglers";
  fsm.done(Outcome::unknown);
  EXPECT_EQ(fsm.step(), Step::hand_over) << "the gate stays shut";
  EXPECT_EQ(rest(fsm), (std::vector{Step::hand_over, Step::open_gate}));
  EXPECT_EQ(fsm.result(), Result::completed);
}

TEST(CutOverFsm, GivesUpWhenTheDrainExpires) {
  CutOverFsm fsm(Fencing::lock_tables);
  fsm.done(Outcome::expired);
  EXPECT_EQ(rest(fsm), kJustOpen);
  EXPECT_EQ(fsm.result(), Result::again);
}

TEST(CutOverFsm, OpensWithoutUnlockingWhenTheFenceFails) {
  CutOverFsm fsm = at(Step::fence, Fencing::lock_tables);
  fsm.done(Outcome::failed);
  EXPECT_EQ(rest(fsm), kJustOpen);
  EXPECT_EQ(fsm.result(), Result::again);
}

TEST(CutOverFsm, EachWayOutUnlocksThenOpens) {
  struct Way {
    Step step;
    Outcome outcome;
    Result result;
  };
  for (const Way& way :
       {Way{Step::catch_up, Outcome::failed, Result::again}, Way{Step::catch_up, Outcome::unequal, Result::failed},
        Way{Step::catch_up, Outcome::panic, Result::panicked}, Way{Step::record, Outcome::failed, Result::again},
        Way{Step::record, Outcome::panic, Result::panicked}, Way{Step::extend_gate, Outcome::gate_lost, Result::again},
        Way{Step::extend_gate, Outcome::panic, Result::panicked}, Way{Step::rename, Outcome::failed, Result::again}}) {
    for (const Fencing fencing : {Fencing::lock_tables, Fencing::pin, Fencing::none}) {
      CutOverFsm fsm = at(way.step, fencing);
      fsm.done(way.outcome);
      const bool nothing_to_unlock = fencing == Fencing::none || (fencing == Fencing::pin && way.step == Step::rename);
      EXPECT_EQ(rest(fsm), nothing_to_unlock ? kJustOpen : kUnlockThenOpen);
      EXPECT_EQ(fsm.result(), way.result);
      EXPECT_FALSE(fsm.swapped());
    }
  }
}

TEST(CutOverFsm, PanicsBeforeAnythingIsLocked) {
  for (const Step step : {Step::close_gate, Step::fence, Step::pin}) {
    CutOverFsm fsm = at(step, step == Step::pin ? Fencing::pin : Fencing::lock_tables);
    fsm.done(Outcome::panic);
    EXPECT_EQ(rest(fsm), kJustOpen);
    EXPECT_EQ(fsm.result(), Result::panicked);
  }
}

TEST(CutOverFsm, NeverRenamesAfterTheGateWasLost) {
  CutOverFsm fsm = at(Step::extend_gate, Fencing::none);
  fsm.done(Outcome::gate_lost);
  for (const Step step : rest(fsm)) EXPECT_NE(step, Step::rename);
}

TEST(CutOverFsm, LooksAtAnUnknownRenameAndNeverRepeatsIt) {
  CutOverFsm fsm = at(Step::rename, Fencing::lock_tables);
  fsm.done(Outcome::unknown);
  EXPECT_EQ(fsm.step(), Step::look_at_names);
  fsm.done(Outcome::unknown);
  EXPECT_EQ(fsm.step(), Step::look_at_names) << "it asks until it knows";
  fsm.done(Outcome::swapped);
  EXPECT_EQ(rest(fsm), (std::vector{Step::mark_swapped, Step::reconcile, Step::hand_over, Step::open_gate}))
      << "the lock went with its connection";
  EXPECT_EQ(fsm.result(), Result::completed);
}

TEST(CutOverFsm, StepsBackWhenAnUnknownRenameDidNotHappen) {
  CutOverFsm fsm = at(Step::rename, Fencing::lock_tables);
  fsm.done(Outcome::unknown);
  fsm.done(Outcome::original);
  EXPECT_EQ(rest(fsm), kJustOpen);
  EXPECT_EQ(fsm.result(), Result::again);
}

TEST(CutOverFsm, GuessesNothingFromStrangeNames) {
  CutOverFsm fsm = at(Step::rename, Fencing::none);
  fsm.done(Outcome::unknown);
  fsm.done(Outcome::strange);
  EXPECT_EQ(rest(fsm), kJustOpen);
  EXPECT_EQ(fsm.result(), Result::strange);
}

TEST(CutOverFsm, DoesNotOpenBeforeTheStragglersAreOver) {
  CutOverFsm fsm = at(Step::reconcile, Fencing::lock_tables);
  fsm.done(Outcome::unknown);
  EXPECT_EQ(fsm.step(), Step::reconcile);
  EXPECT_EQ(rest(fsm), (std::vector{Step::reconcile, Step::open_gate}));
  EXPECT_EQ(fsm.result(), Result::completed);
}

TEST(CutOverFsm, HasNotCompletedBeforeTheGateIsOpen) {
  CutOverFsm fsm = at(Step::open_gate, Fencing::lock_tables);
  EXPECT_EQ(fsm.result(), Result::pending) << "not completed before the gate is open";
}

TEST(CutOverFsm, AfterACrashLooksFirst) {
  CutOverFsm swapped = CutOverFsm::after_crash();
  EXPECT_EQ(swapped.step(), Step::look_at_names);
  swapped.done(Outcome::swapped);
  EXPECT_EQ(rest(swapped), (std::vector{Step::mark_swapped, Step::reconcile, Step::hand_over, Step::open_gate}));
  EXPECT_EQ(swapped.result(), Result::completed);

  CutOverFsm original = CutOverFsm::after_crash();
  original.done(Outcome::original);
  EXPECT_EQ(rest(original), kJustOpen);
  EXPECT_EQ(original.result(), Result::again);
}

TEST(CutOverFsmDeathTest, NothingIsOwedAfterTheEnd) {
  CutOverFsm fsm = at(Step::end, Fencing::none);
  EXPECT_DEATH(fsm.done(Outcome::ok), "");
}

}  // namespace
}  // namespace sluice::migrator
