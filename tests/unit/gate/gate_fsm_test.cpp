#include "proxy/gate/gate_fsm.hpp"

#include <gmock/gmock.h>

namespace sluice::gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Decision = GateFsm::Decision;
using Ending = GateFsm::Ending;
using Work = GateFsm::Work;

constexpr SessionId kAnn{1}, kBob{2}, kCid{3};
constexpr TimePoint kNow{};
constexpr TimePoint kDrain = kNow + Millis(100);
constexpr TimePoint kHold = kNow + Millis(500);

class GateFsmTest : public testing::Test {
 protected:
  void begin(SessionId who) {
    ASSERT_EQ(gate.judge(who, Work::any), Decision::pass);
    gate.start(who, Work::any, kNow);
  }
  void wait(SessionId who) {
    ASSERT_EQ(gate.judge(who, Work::any), Decision::wait);
    gate.enqueue(who);
  }
  void read(SessionId who) {
    ASSERT_EQ(gate.judge(who, Work::single_read), Decision::pass);
    gate.start(who, Work::single_read, kNow);
  }
  void close(const std::vector<SessionId>& in_transaction = {}) { gate.close(kNow, kDrain, kHold, in_transaction); }
  auto finish(SessionId who, Ending ending = Ending::free) { return gate.finish(who, ending, kNow); }

  GateFsm gate{{}, kNow};
};

TEST_F(GateFsmTest, LetsEverybodyPassWhileArmed) {
  begin(kAnn);
  begin(kBob);
  EXPECT_EQ(gate.phase(), Phase::armed);
  EXPECT_EQ(gate.busy().size(), 2U);
  EXPECT_THAT(finish(kAnn), IsEmpty());
  EXPECT_EQ(gate.busy().size(), 1U);
}

TEST_F(GateFsmTest, IsHeldAtOnceWhenNobodyIsBusy) {
  close();
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, HoldsNewWorkWhileDraining) {
  begin(kAnn);
  close();
  EXPECT_EQ(gate.phase(), Phase::draining);
  wait(kBob);
  EXPECT_THAT(finish(kAnn), IsEmpty());
  EXPECT_EQ(gate.phase(), Phase::held);
  EXPECT_EQ(gate.waiting(), 1U);
}

TEST_F(GateFsmTest, LetsATransactionThatTouchedTheTableEnd) {
  begin(kAnn);
  (void)finish(kAnn, Ending::keeps_table);
  close({kAnn});
  EXPECT_EQ(gate.phase(), Phase::draining);
  begin(kAnn);
  (void)finish(kAnn, Ending::keeps_table);
  EXPECT_EQ(gate.phase(), Phase::draining);
  (void)finish(kAnn);  // its commit
  EXPECT_EQ(gate.phase(), Phase::held);
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::wait);
}

TEST_F(GateFsmTest, LetsAnOpenTransactionTouchTheTableWhileDrainingButNotOnceHeld) {
  begin(kAnn);
  close({kBob});
  begin(kBob);
  (void)finish(kAnn);
  EXPECT_EQ(gate.phase(), Phase::draining) << "Bob is inside now";
  (void)finish(kBob);
  EXPECT_EQ(gate.phase(), Phase::held);
  EXPECT_EQ(gate.judge(kBob, Work::any), Decision::wait);
}

TEST_F(GateFsmTest, LetsSingleReadsFlowWhileWritersAreWaitedFor) {
  begin(kAnn);
  (void)finish(kAnn, Ending::keeps_table);
  close({kAnn});
  read(kBob);
  wait(kCid);
  (void)finish(kBob);
  read(kBob);
  EXPECT_EQ(gate.held_statements(), 1U);
  (void)finish(kAnn);  // her commit: no writer is left
  EXPECT_EQ(gate.phase(), Phase::draining) << "Bob is still reading";
  EXPECT_EQ(gate.judge(SessionId{4}, Work::single_read), Decision::wait) << "or it would never end";
  (void)finish(kBob);
  EXPECT_EQ(gate.phase(), Phase::held);
  EXPECT_EQ(gate.judge(kBob, Work::single_read), Decision::wait);
}

TEST_F(GateFsmTest, WaitsForAReadThatTurnedOutToKeepTheTable) {
  read(kAnn);
  (void)finish(kAnn, Ending::keeps_table);  // autocommit was off after all
  close({kAnn});
  EXPECT_EQ(gate.phase(), Phase::draining);
  read(kBob);
  (void)finish(kBob);
  EXPECT_EQ(gate.phase(), Phase::draining);
  (void)finish(kAnn);
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, LetsReadsFlowAgainAtTheNextAttempt) {
  close();
  EXPECT_THAT(gate.open(kNow), IsEmpty());
  begin(kAnn);
  close();
  read(kBob);
}

TEST_F(GateFsmTest, LetsNoTransactionInOnceHeld) {
  close({kBob});
  EXPECT_EQ(gate.phase(), Phase::held) << "a transaction elsewhere is nobody to wait for";
  EXPECT_EQ(gate.judge(kBob, Work::any), Decision::wait);
}

TEST_F(GateFsmTest, ReleasesInArrivalOrder) {
  close();
  wait(kCid);
  wait(kAnn);
  wait(kBob);
  EXPECT_EQ(gate.held_statements(), 3U);
  EXPECT_THAT(gate.open(kNow), ElementsAre(kCid, kAnn, kBob));
  EXPECT_EQ(gate.phase(), Phase::armed);
}

TEST_F(GateFsmTest, PacesTheRelease) {
  constexpr auto kMax = GateFsm::kReleaseConcurrencyMax;
  close();
  for (std::uint64_t i = 0; i < kMax + 2; ++i) wait(SessionId{i});
  EXPECT_EQ(gate.open(kNow).size(), kMax);
  EXPECT_EQ(gate.waiting(), 2U);
  EXPECT_EQ(gate.judge(SessionId{1000}, Work::any), Decision::wait) << "nobody overtakes those who wait";

  begin(SessionId{0});
  EXPECT_THAT(finish(SessionId{0}), ElementsAre(SessionId{kMax}));
  EXPECT_THAT(gate.leave(SessionId{1}, kNow), ElementsAre(SessionId{kMax + 1})) << "who leaves makes room";
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST_F(GateFsmTest, DoesNotLetTheReleasedStallThoseBehindThem) {
  constexpr auto kMax = GateFsm::kReleaseConcurrencyMax;
  close();
  for (std::uint64_t i = 0; i < kMax + 1; ++i) wait(SessionId{i});
  EXPECT_EQ(gate.open(kNow).size(), kMax);
  for (std::uint64_t i = 0; i < kMax; ++i) begin(SessionId{i});  // each waits for a row that the last one has locked
  const TimePoint later = gate.deadline();
  EXPECT_EQ(later, kNow + GateFsm::kReleaseStallMax);
  EXPECT_THAT(gate.tick(later - Millis(1)), IsEmpty());
  EXPECT_THAT(gate.tick(later), ElementsAre(SessionId{kMax}));
  EXPECT_EQ(gate.deadline(), TimePoint::max());
}

TEST_F(GateFsmTest, KeepsTheLimitOfTheReleaseAsLongAsThereIsProgress) {
  constexpr auto kMax = GateFsm::kReleaseConcurrencyMax;
  close();
  for (std::uint64_t i = 0; i < kMax + 2; ++i) wait(SessionId{i});
  (void)gate.open(kNow);
  for (std::uint64_t i = 0; i < kMax; ++i) begin(SessionId{i});
  const TimePoint later = kNow + GateFsm::kReleaseStallMax - Millis(1);
  EXPECT_THAT(gate.finish(SessionId{0}, Ending::free, later), ElementsAre(SessionId{kMax}));
  EXPECT_THAT(gate.tick(kNow + GateFsm::kReleaseStallMax), IsEmpty());
  EXPECT_EQ(gate.deadline(), later + GateFsm::kReleaseStallMax);
}

TEST_F(GateFsmTest, GoesBackToItsLimitAfterAStall) {
  constexpr auto kMax = GateFsm::kReleaseConcurrencyMax;
  close();
  for (std::uint64_t i = 0; i < 4 * kMax; ++i) wait(SessionId{i});
  (void)gate.open(kNow);
  for (std::uint64_t i = 0; i < kMax; ++i) begin(SessionId{i});
  TimePoint now = gate.deadline();
  EXPECT_EQ(gate.tick(now).size(), kMax) << "nobody was done: once more as many";
  for (std::uint64_t i = 0; i < kMax; ++i) {  // then the first ones are, slowly
    now += GateFsm::kReleaseStallMax / 2;
    EXPECT_THAT(gate.finish(SessionId{i}, Ending::free, now), IsEmpty());
    EXPECT_THAT(gate.tick(now), IsEmpty());
  }
}

TEST_F(GateFsmTest, PacesOnlyThoseWhoWaitedWhenItOpened) {
  constexpr auto kMax = GateFsm::kReleaseConcurrencyMax;
  close();
  for (std::uint64_t i = 0; i < kMax + 1; ++i) wait(SessionId{i});
  (void)gate.open(kNow);
  for (std::uint64_t i = 0; i < kMax; ++i) begin(SessionId{i});
  for (std::uint64_t i = 0; i < 3 * kMax; ++i) wait(SessionId{1000 + i});  // they come meanwhile
  EXPECT_EQ(gate.finish(SessionId{0}, Ending::free, kNow).size(), 1 + 3 * kMax) << "the last of the held has gone";
  EXPECT_EQ(gate.judge(SessionId{5000}, Work::any), Decision::pass);
}

TEST_F(GateFsmTest, KeepsThePlaceOfOneWhoMustWaitAgain) {
  close();
  wait(kAnn);
  EXPECT_THAT(gate.open(kNow), ElementsAre(kAnn));
  close();
  wait(kBob);
  wait(kAnn);
  EXPECT_THAT(gate.open(kNow), ElementsAre(kAnn, kBob));
}

TEST_F(GateFsmTest, OpensAtTheDrainDeadline) {
  begin(kAnn);
  close();
  wait(kBob);
  EXPECT_EQ(gate.deadline(), kDrain);
  EXPECT_THAT(gate.tick(kDrain - Millis(1)), IsEmpty());
  EXPECT_EQ(gate.phase(), Phase::draining);
  EXPECT_THAT(gate.tick(kDrain), ElementsAre(kBob));
  EXPECT_EQ(gate.phase(), Phase::armed);
}

TEST_F(GateFsmTest, OpensAtTheHoldDeadline) {
  close();
  wait(kAnn);
  EXPECT_THAT(gate.tick(kDrain), IsEmpty()) << "drained in time";
  EXPECT_EQ(gate.deadline(), kHold);
  EXPECT_THAT(gate.tick(kHold), ElementsAre(kAnn));
  EXPECT_EQ(gate.deadline(), TimePoint::max());
}

TEST_F(GateFsmTest, ExtendsAHold) {
  close();
  EXPECT_TRUE(gate.extend(kHold + Millis(100)));
  EXPECT_THAT(gate.tick(kHold), IsEmpty());
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, DoesNotExtendWhatHasExpired) {
  close();
  (void)gate.tick(kHold);
  EXPECT_FALSE(gate.extend(kHold + Millis(100)));
  EXPECT_EQ(gate.phase(), Phase::armed);
}

TEST_F(GateFsmTest, DoesNotExtendADrain) {
  begin(kAnn);
  close();
  EXPECT_FALSE(gate.extend(kHold));
}

TEST_F(GateFsmTest, RefusesAnOldSnapshotUntilItsTransactionEnds) {
  close();
  gate.swapped({kAnn});
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::refuse_snapshot);
  (void)gate.open(kNow);
  (void)finish(kAnn, Ending::keeps_table);  // the refused statement; its transaction is open still
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::refuse_snapshot);
  (void)finish(kAnn);
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::pass);
  EXPECT_EQ(gate.judge(kBob, Work::any), Decision::pass);
}

TEST_F(GateFsmTest, AcceptsATransactionThatHadOnlyBegunAtTheSwap) {
  close();
  gate.swapped({kAnn});  // her BEGIN was at the server
  gate.has_no_snapshot(kAnn);
  (void)finish(kAnn, Ending::keeps_table);
  (void)gate.open(kNow);
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::pass);
}

TEST_F(GateFsmTest, WaitsForSuspects) {
  gate.suspect({kAnn}, kNow);
  close({kAnn});
  EXPECT_EQ(gate.phase(), Phase::draining);
  EXPECT_EQ(gate.judge(kAnn, Work::any), Decision::pass) << "she must be able to end";
  (void)finish(kAnn);
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, KnowsWhoLeftWhileTheyWaited) {
  close();
  wait(kAnn);
  wait(kBob);
  EXPECT_THAT(gate.leave(kAnn, kNow), IsEmpty());
  EXPECT_FALSE(gate.lists(kAnn));
  EXPECT_THAT(gate.open(kNow), ElementsAre(kBob));
}

TEST_F(GateFsmTest, IsHeldWhenTheLastBlockerLeaves) {
  begin(kAnn);
  (void)finish(kAnn, Ending::keeps_table);
  close({kAnn});
  (void)gate.leave(kAnn, kNow);
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, ForgetsAnInterruptedStatement) {
  close();
  wait(kAnn);
  EXPECT_TRUE(gate.waits(kAnn));
  (void)gate.withdraw(kAnn, kNow);
  EXPECT_FALSE(gate.waits(kAnn));
  EXPECT_THAT(gate.open(kNow), IsEmpty());
}

TEST_F(GateFsmTest, WaitsForThePipelineOfAStatementThatTouchedTheTable) {
  begin(kAnn);
  close();
  (void)finish(kAnn, Ending::pending);  // an earlier command's answer
  EXPECT_EQ(gate.phase(), Phase::draining);
  (void)finish(kAnn, Ending::free);
  EXPECT_EQ(gate.phase(), Phase::held);
}

TEST_F(GateFsmTest, OpeningAnOpenGateDoesNothing) {
  begin(kAnn);
  EXPECT_THAT(gate.open(kNow), IsEmpty());
  EXPECT_EQ(gate.phase(), Phase::armed);
}

}  // namespace
}  // namespace sluice::gate
