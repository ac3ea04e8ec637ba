#include "migrator/engine/migration_fsm.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using Work = MigrationFsm::Work;
using Wait = MigrationFsm::Wait;
using Facts = MigrationFsm::Facts;
using Result = CutOverFsm::Result;

constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr Facts kDone{.copied = true, .verified = true};

MigrationFsm copying() {
  MigrationFsm fsm;
  fsm.prepared();
  return fsm;
}

TEST(MigrationFsm, PreparesCopiesVerifiesAndCutsOver) {
  MigrationFsm fsm;
  EXPECT_EQ(fsm.next({}, kNow), Work::prepare);
  fsm.prepared();
  EXPECT_EQ(fsm.state(), State::copying);
  EXPECT_EQ(fsm.next({}, kNow), Work::copy);
  EXPECT_EQ(fsm.next({.copied = true}, kNow), Work::verify);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  EXPECT_EQ(fsm.state(), State::cutting_over);
  fsm.cut_over_ended(Result::completed, kNow);
  EXPECT_EQ(fsm.state(), State::completed);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::end);
}

TEST(MigrationFsm, BuildsIndexesThatWerePutOffBeforeItCompares) {
  MigrationFsm fsm = copying();
  const Facts facts{.copied = true, .indexed = false, .pending = 10};
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
  EXPECT_EQ(fsm.next(facts, kNow), Work::index);
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply) << "while they are built";
  EXPECT_EQ(fsm.next({.copied = true}, kNow), Work::verify);
}

TEST(MigrationFsm, AppliesNothingWhileIndexesAreBuiltThatCouldNotKeepUp) {
  MigrationFsm fsm = copying();
  const Facts facts{.copied = true, .indexed = false, .index_alone = true, .pending = 10, .pending_is_urgent = true};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fsm.next(facts, kNow), Work::index);
}

TEST(MigrationFsm, PreparesOnceMoreWhereAnInstantAlterWasRefused) {
  MigrationFsm fsm = copying();
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  fsm.cut_over_ended(Result::again, kNow);
  fsm.start_over();
  EXPECT_EQ(fsm.next({}, kNow), Work::prepare);
}

TEST(MigrationFsm, ChangesAndTheCopyTakeTurns) {
  MigrationFsm fsm = copying();
  const Facts facts{.pending = 10};
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
  EXPECT_EQ(fsm.next(facts, kNow), Work::copy);
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
}

TEST(MigrationFsm, AppliesFirstWhenTheSetFillsUp) {
  MigrationFsm fsm = copying();
  const Facts facts{.pending = 10, .pending_is_urgent = true};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
}

TEST(MigrationFsm, AppliesWhileTheCopyRests) {
  MigrationFsm fsm = copying();
  const Facts busy{.resting = true, .pending = 10};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fsm.next(busy, kNow), Work::apply);
  EXPECT_EQ(fsm.next({.resting = true}, kNow), Work::wait);
  EXPECT_EQ(fsm.next({.copied = true, .resting = true}, kNow), Work::wait);
  EXPECT_EQ(fsm.next({}, kNow), Work::copy);
  Facts done = kDone;
  done.resting = true;
  EXPECT_EQ(fsm.next(done, kNow), Work::cut_over);
}

TEST(MigrationFsm, WaitsWhileThrottledOrPaused) {
  MigrationFsm fsm = copying();
  EXPECT_EQ(fsm.next({.throttled = true}, kNow), Work::wait);
  EXPECT_FALSE(fsm.act(Action::pause));
  EXPECT_EQ(fsm.next({}, kNow), Work::wait);
  EXPECT_TRUE(fsm.act(Action::pause)) << "it is paused already";
  EXPECT_TRUE(fsm.act(Action::cut_over)) << "resume first";
  EXPECT_FALSE(fsm.act(Action::resume));
  EXPECT_TRUE(fsm.act(Action::resume)) << "it is not paused";
  EXPECT_EQ(fsm.next({}, kNow), Work::copy);
}

TEST(MigrationFsm, CatchesUpBeforeItIsReady) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.pending = MigrationFsm::kPendingForCutOverMax + 1;
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
  EXPECT_EQ(fsm.state(), State::copying);
  facts = kDone;
  facts.lag = MigrationFsm::kLagForCutOverMax + Millis(1);
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.state(), State::copying);
}

TEST(MigrationFsm, WaitsOutABlockerWithTheGateOpen) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.blocked = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.state(), State::ready);
  facts.pending = 1;
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
}

TEST(MigrationFsm, TakesManyPendingKeysForFewWhereTheyAreSoonApplied) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.pending = 10 * MigrationFsm::kPendingForCutOverMax;
  facts.backlog = MigrationFsm::kBacklogForCutOverMax + Millis(1);
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
  EXPECT_EQ(fsm.state(), State::copying);
  facts.backlog = MigrationFsm::kBacklogForCutOverMax;
  EXPECT_EQ(fsm.next(facts, kNow), Work::cut_over);
}

TEST(MigrationFsm, WaitsOutsideTheWindow) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.outside_window = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.state(), State::ready);
  EXPECT_EQ(fsm.wait(), Wait::outside_window);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
}

TEST(MigrationFsm, IsNotSwappedWhileTheApplicationCouldNotLiveWithItWhoeverAsks) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.incompatible = facts.postponed = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.state(), State::ready);
  EXPECT_EQ(fsm.wait(), Wait::incompatible) << "the graver reason";
  facts.postponed = false;
  EXPECT_FALSE(fsm.act(Action::cut_over));
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_FALSE(fsm.willing()) << "nor are those that swap together with it";
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
}

TEST(MigrationFsm, SaysWhatItWaitsForOnceItIsReady) {
  MigrationFsm fsm = copying();
  EXPECT_EQ(fsm.next({.postponed = true, .outside_window = true}, kNow), Work::copy);
  EXPECT_EQ(fsm.wait(), Wait::nothing);
  Facts facts = kDone;
  facts.postponed = facts.outside_window = facts.blocked = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.wait(), Wait::postponed);
  facts.pending = MigrationFsm::kPendingForCutOverMax + 1;
  facts.postponed = facts.outside_window = false;
  EXPECT_EQ(fsm.next(facts, kNow), Work::apply);
  EXPECT_EQ(fsm.wait(), Wait::behind);
  facts.pending = 0;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.wait(), Wait::blocked);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  EXPECT_EQ(fsm.wait(), Wait::nothing);
  fsm.cut_over_ended(Result::again, kNow);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::wait);
  EXPECT_EQ(fsm.wait(), Wait::back_off);
  EXPECT_EQ(fsm.next_attempt(), kNow + MigrationFsm::kRetryFirst);
  EXPECT_FALSE(fsm.act(Action::pause));
  EXPECT_EQ(fsm.next(kDone, kNow), Work::wait);
  EXPECT_EQ(fsm.wait(), Wait::nothing) << "that it is paused is said elsewhere";
}

TEST(MigrationFsm, PostponesUntilAskedByHand) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.postponed = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_FALSE(fsm.act(Action::cut_over));
  EXPECT_TRUE(fsm.cut_over_asked());
  // Not before the wish is written down, which the runner tells by the fact.
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  facts.postponed = false;
  EXPECT_EQ(fsm.next(facts, kNow), Work::cut_over);
}

TEST(MigrationFsm, TakesTheWishForACutOverBeforeItIsReady) {
  MigrationFsm fsm = copying();
  EXPECT_FALSE(fsm.act(Action::cut_over));
  EXPECT_EQ(fsm.next({}, kNow), Work::copy);
  EXPECT_TRUE(fsm.cut_over_asked());
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
}

TEST(MigrationFsm, BacksOffBetweenAttempts) {
  MigrationFsm fsm = copying();
  TimePoint now = kNow;
  Millis expected = MigrationFsm::kRetryFirst;
  for (int attempt = 0; attempt < 10; ++attempt) {
    ASSERT_EQ(fsm.next(kDone, now), Work::cut_over);
    fsm.cut_over_ended(Result::again, now);
    EXPECT_EQ(fsm.state(), State::ready);
    EXPECT_EQ(fsm.next(kDone, now + expected - Millis(1)), Work::wait);
    now += expected;
    expected = std::min(expected * 2, MigrationFsm::kRetryMax);
  }
}

TEST(MigrationFsm, TriesAtOnceWhenAskedByHand) {
  MigrationFsm fsm = copying();
  ASSERT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  fsm.cut_over_ended(Result::again, kNow);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::wait);
  EXPECT_FALSE(fsm.act(Action::cut_over));
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
}

TEST(MigrationFsm, StopsCleaningUp) {
  MigrationFsm fsm = copying();
  EXPECT_FALSE(fsm.act(Action::pause));
  EXPECT_FALSE(fsm.act(Action::stop)) << "also while paused";
  EXPECT_EQ(fsm.next({}, kNow), Work::clean_up);
  fsm.cleaned_up();
  EXPECT_EQ(fsm.state(), State::stopped);
  EXPECT_EQ(fsm.next({}, kNow), Work::end);
}

TEST(MigrationFsm, PanicsWithoutCleaningUp) {
  MigrationFsm fsm = copying();
  EXPECT_FALSE(fsm.act(Action::stop));
  EXPECT_FALSE(fsm.act(Action::panic)) << "panic is stronger than stop";
  EXPECT_TRUE(fsm.panic_asked());
  EXPECT_EQ(fsm.next({}, kNow), Work::end);
  EXPECT_EQ(fsm.state(), State::panicked);
}

TEST(MigrationFsm, StopIsNotStrongerThanPanic) {
  MigrationFsm fsm = copying();
  EXPECT_FALSE(fsm.act(Action::panic));
  EXPECT_FALSE(fsm.act(Action::stop));
  EXPECT_EQ(fsm.next({}, kNow), Work::end);
  EXPECT_EQ(fsm.state(), State::panicked);
}

TEST(MigrationFsm, IsNotPausedWithinTheCutOver) {
  MigrationFsm fsm = copying();
  ASSERT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  const auto problem = fsm.act(Action::pause);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->code, "not_possible_now");
}

TEST(MigrationFsm, EndsAsTheCutOverEnded) {
  const std::pair<Result, State> ends[] = {{Result::completed, State::completed},
                                           {Result::failed, State::failed},
                                           {Result::strange, State::failed},
                                           {Result::panicked, State::panicked}};
  for (const auto& [result, state] : ends) {
    MigrationFsm fsm = copying();
    ASSERT_EQ(fsm.next(kDone, kNow), Work::cut_over);
    fsm.cut_over_ended(result, kNow);
    EXPECT_EQ(fsm.state(), state);
    EXPECT_TRUE(fsm.ended());
  }
}

TEST(MigrationFsm, OnceEndedOnlyCleanupIsPossible) {
  MigrationFsm running = copying();
  EXPECT_TRUE(running.act(Action::cleanup)) << "not while it runs";
  for (const State state : {State::completed, State::stopped, State::panicked, State::failed, State::reverted}) {
    MigrationFsm fsm(state);
    EXPECT_FALSE(fsm.act(Action::cleanup));
    for (const Action action : {Action::pause, Action::resume, Action::cut_over, Action::stop, Action::panic}) {
      EXPECT_TRUE(fsm.act(action));
    }
  }
}

TEST(MigrationFsm, IsWillingWhenOnlyTheOthersAreNotReady) {
  MigrationFsm fsm = copying();
  Facts facts = kDone;
  facts.others_ready = false;
  EXPECT_FALSE(fsm.willing());
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_EQ(fsm.wait(), Wait::others);
  EXPECT_TRUE(fsm.willing());
  facts.postponed = true;
  EXPECT_EQ(fsm.next(facts, kNow), Work::wait);
  EXPECT_FALSE(fsm.willing());
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  EXPECT_TRUE(fsm.willing());
}

TEST(MigrationFsm, ARollbackGoesBeforeAllOtherWork) {
  for (const auto state : {State::preparing, State::copying, State::ready}) {
    MigrationFsm fsm(state);
    fsm.roll_back();
    EXPECT_TRUE(fsm.end_asked());
    EXPECT_EQ(fsm.next({.throttled = true, .pending = 5}, kNow), Work::roll_back);
    EXPECT_EQ(fsm.next(kDone, kNow), Work::roll_back) << "until it is over";
    for (const auto action : {Action::pause, Action::resume, Action::cut_over}) {
      EXPECT_EQ(fsm.act(action)->code, "not_possible_now");
    }
    fsm.cleaned_up();
    EXPECT_EQ(fsm.state(), State::stopped);
    EXPECT_EQ(fsm.next({}, kNow), Work::end);
  }
}

TEST(MigrationFsm, ARollbackAbortsACutOver) {
  MigrationFsm fsm = copying();
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  EXPECT_FALSE(fsm.abort_asked());
  fsm.roll_back();
  EXPECT_TRUE(fsm.abort_asked());
  fsm.cut_over_ended(Result::panicked, kNow);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::roll_back);
}

TEST(MigrationFsm, ARollbackThatCameTooLateChangesNothing) {
  MigrationFsm fsm = copying();
  EXPECT_EQ(fsm.next(kDone, kNow), Work::cut_over);
  fsm.roll_back();
  fsm.cut_over_ended(Result::completed, kNow);
  EXPECT_EQ(fsm.next(kDone, kNow), Work::end);
  EXPECT_EQ(fsm.state(), State::completed);
}

TEST(MigrationFsm, APanicGoesBeforeARollback) {
  MigrationFsm fsm = copying();
  fsm.roll_back();
  EXPECT_FALSE(fsm.act(Action::panic));
  EXPECT_EQ(fsm.next({}, kNow), Work::end);
  EXPECT_EQ(fsm.state(), State::panicked);
  fsm.roll_back();
  EXPECT_EQ(fsm.state(), State::panicked);
}

}  // namespace
}  // namespace sluice::migrator
