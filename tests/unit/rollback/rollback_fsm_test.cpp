#include "migrator/rollback/rollback_fsm.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Todo = RollbackFsm::Todo;
using Guards = RollbackFsm::Guards;
using testing::ElementsAre;

const WallTime kMonday = std::chrono::sys_days{std::chrono::January / 5 / 2026};

RollbackFsm running(BackupKind backup = BackupKind::none, RollbackStep step = RollbackStep::stop) {
  return {RollbackPhase::running, step, {}, backup};
}
RollbackFsm deferred_to(WallTime at) {
  return {RollbackPhase::deferred, RollbackStep::stop, {.at = at, .window = {}}, BackupKind::none};
}
RollbackFsm deferred_within(std::string_view window) {
  return {RollbackPhase::deferred,
          RollbackStep::stop,
          {.at = std::nullopt, .window = *cut_over_window_from(window)},
          BackupKind::none};
}

std::vector<RollbackStep> steps_of(RollbackFsm fsm) {
  std::vector<RollbackStep> steps;
  while (fsm.next({}, kMonday) == Todo::step) {
    steps.push_back(fsm.step());
    fsm.step_done();
  }
  EXPECT_EQ(fsm.phase(), RollbackPhase::completed);
  return steps;
}

TEST(RollbackFsm, GoesThroughFiveSteps) {
  EXPECT_THAT(steps_of(running()), ElementsAre(RollbackStep::stop, RollbackStep::record, RollbackStep::check,
                                               RollbackStep::clean, RollbackStep::verify));
}

TEST(RollbackFsm, BacksUpBeforeItCleans) {
  for (const auto kind : {BackupKind::definition, BackupKind::data}) {
    EXPECT_THAT(steps_of(running(kind)), ElementsAre(RollbackStep::stop, RollbackStep::record, RollbackStep::check,
                                                     RollbackStep::backup, RollbackStep::clean, RollbackStep::verify));
  }
}

TEST(RollbackFsm, IsTakenUpAtAnyStep) {
  for (const auto step : kRollbackSteps) {
    const auto left = steps_of(running(BackupKind::data, step));
    EXPECT_EQ(left.front(), step);
    EXPECT_EQ(left.size(), kRollbackSteps.size() - static_cast<std::size_t>(step));
  }
}

TEST(RollbackFsm, AFailedStepEndsIt) {
  auto fsm = running();
  fsm.step_done();
  fsm.failed();
  EXPECT_EQ(fsm.next({}, kMonday), Todo::end);
  EXPECT_EQ(fsm.phase(), RollbackPhase::failed);
  EXPECT_EQ(fsm.step(), RollbackStep::record) << "where it failed";
}

TEST(RollbackFsm, ADeferredOneWaitsForItsTimeWhateverTheGuardsSay) {
  auto fsm = deferred_to(kMonday + 1h);
  for (const auto guards : {Guards::unknown, Guards::quiet, Guards::firing}) {
    EXPECT_EQ(fsm.next({.guards = guards}, kMonday + 59min), Todo::wait);
  }
  EXPECT_EQ(fsm.phase(), RollbackPhase::deferred);
}

TEST(RollbackFsm, ADeferredOneGoesOnWhenTheGuardsAreQuiet) {
  auto fsm = deferred_to(kMonday + 1h);
  EXPECT_EQ(fsm.next({.guards = Guards::quiet}, kMonday + 1h), Todo::go_on);
  EXPECT_EQ(fsm.phase(), RollbackPhase::went_on);
  EXPECT_EQ(fsm.next({.guards = Guards::firing}, kMonday + 2h), Todo::end) << "told once";
}

TEST(RollbackFsm, ADeferredOneRollsBackWhenAGuardFires) {
  auto fsm = deferred_to(kMonday + 1h);
  EXPECT_EQ(fsm.next({.guards = Guards::firing}, kMonday + 1h), Todo::begin);
  EXPECT_EQ(fsm.next({}, kMonday + 1h), Todo::step);
  EXPECT_EQ(fsm.step(), RollbackStep::stop);
}

TEST(RollbackFsm, GuardsThatCanNotBeAskedAreWaitedForThenItRollsBack) {
  auto fsm = deferred_to(kMonday);
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 5h), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 5h + RollbackFsm::kGuardsToldWithin - 1s), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 5h + RollbackFsm::kGuardsToldWithin), Todo::begin);
}

TEST(RollbackFsm, AWindowIsWaitedFor) {
  auto fsm = deferred_within("02:00-03:00 UTC");
  EXPECT_EQ(fsm.next({.guards = Guards::firing}, kMonday + 1h), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::firing}, kMonday + 4h), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::firing}, kMonday + 24h + 2h + 10min), Todo::begin);
}

TEST(RollbackFsm, AWindowThatClosesBeforeTheGuardsCouldBeAskedOpensAgain) {
  auto fsm = deferred_within("02:00-02:01 UTC");
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 2h), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 3h), Todo::wait);
  EXPECT_EQ(fsm.next({.guards = Guards::unknown}, kMonday + 26h), Todo::wait) << "the patience begins anew";
  EXPECT_EQ(fsm.next({.guards = Guards::quiet}, kMonday + 26h + 30s), Todo::go_on);
}

TEST(RollbackFsm, ADeferredOneIsWithdrawnByWhoeverResumesTheMigration) {
  auto fsm = deferred_to(kMonday);
  EXPECT_EQ(fsm.next({.guards = Guards::firing, .resumed = true}, kMonday), Todo::end);
  EXPECT_EQ(fsm.phase(), RollbackPhase::withdrawn);
}

TEST(RollbackFsm, ADeferredOneFollowsThoseThatSwapTogetherWithItBeforeItsTime) {
  auto turns = deferred_to(kMonday + 1h);
  EXPECT_EQ(turns.follow(RollbackPhase::running), Todo::begin);
  EXPECT_EQ(turns.next({}, kMonday), Todo::step);
  auto goes = deferred_to(kMonday + 1h);
  EXPECT_EQ(goes.follow(RollbackPhase::went_on), Todo::go_on);
  EXPECT_EQ(goes.next({.guards = Guards::firing}, kMonday + 1h), Todo::end);
  auto resumed = deferred_to(kMonday + 1h);
  EXPECT_EQ(resumed.follow(RollbackPhase::withdrawn), Todo::end);
  EXPECT_EQ(resumed.phase(), RollbackPhase::withdrawn);
}

TEST(RollbackFsm, ADeferredOneIsOvertakenByAnotherEnd) {
  auto fsm = deferred_to(kMonday);
  EXPECT_EQ(fsm.next({.guards = Guards::firing, .has_ended = true}, kMonday), Todo::end);
  EXPECT_EQ(fsm.phase(), RollbackPhase::overtaken);
}

}  // namespace
}  // namespace sluice::migrator
