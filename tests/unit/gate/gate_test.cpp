#include "proxy/gate/gate.hpp"

#include <gmock/gmock.h>

#include <future>

#include "tests/unit/gate/client_at_gate.hpp"

namespace sluice::gate {
namespace {

const TableName kOrders{"shop", "orders"};
const TableName kStock{"shop", "stock"};

class GateTest : public testing::Test {
 protected:
  void arm(const TableName& table = kOrders) { gate.arm(table, {{.name = table}}, "m1"); }
  CloseResult close(Millis drain = kSoon, Millis hold = kSoon, const TableName& table = kOrders) {
    return gate.close(table, Clock::now() + drain, Clock::now() + drain + hold);
  }
  std::future<CloseResult> close_in_background() {
    auto result = std::async(std::launch::async, [this] { return close(); });
    until([this] { return gate.status(kOrders).phase != Phase::armed; });
    return result;
  }
  template <typename Condition>
  void until(Condition condition) {
    const TimePoint deadline = Clock::now() + kSoon;
    while (!condition() && Clock::now() < deadline) std::this_thread::yield();
    ASSERT_TRUE(condition());
  }

  Gate gate;
  ClientAtGate ann{gate, 11}, bob{gate, 12};
};

TEST_F(GateTest, ScansNothingWhileNothingIsArmed) {
  EXPECT_EQ(gate.armed_epoch(), 0U);
  arm();
  EXPECT_NE(gate.armed_epoch(), 0U);
  gate.disarm(kOrders);
  EXPECT_EQ(gate.armed_epoch(), 0U);
}

TEST_F(GateTest, DoesNotCloseWhatIsNotArmed) {
  EXPECT_EQ(close(), CloseResult::not_armed);
  EXPECT_FALSE(gate.extend(kOrders, Clock::now()));
  gate.open(kOrders);
  gate.swapped(kOrders);
}

TEST_F(GateTest, ClosesOnceTheLastOneIsDone) {
  arm();
  ASSERT_EQ(ann.send(), Verdict::pass);
  auto closing = close_in_background();
  EXPECT_EQ(bob.send(), Verdict::wait);
  EXPECT_EQ(gate.status(kOrders).phase, Phase::draining);
  ann.answered();
  EXPECT_EQ(closing.get(), CloseResult::held);
  EXPECT_EQ(gate.status(kOrders).waiting, 1U);
  gate.open(kOrders);
  EXPECT_EQ(bob.woken(), Wake::judge_again);
  EXPECT_EQ(bob.judge(), Verdict::pass);
  bob.answered();
  EXPECT_EQ(gate.status(kOrders).held_statements, 1U);
}

TEST_F(GateTest, OpensByItselfWhenTheDrainTakesTooLong) {
  arm();
  ASSERT_EQ(ann.send(), Verdict::pass);
  ann.answered(After::in_transaction);
  EXPECT_EQ(close(Millis(20)), CloseResult::drain_expired);
  EXPECT_EQ(bob.send(), Verdict::pass);
}

TEST_F(GateTest, OpensAtOnceWhenTheDrainIsAbandoned) {
  arm();
  ASSERT_EQ(ann.send(), Verdict::pass);
  auto closing = close_in_background();
  EXPECT_EQ(bob.send(), Verdict::wait);
  gate.abandon(kOrders);
  EXPECT_EQ(closing.get(), CloseResult::drain_expired);
  EXPECT_EQ(gate.status(kOrders).phase, Phase::armed);
  EXPECT_EQ(close(), CloseResult::drain_expired) << "nor is it closed any more";
  gate.disarm(kOrders);
  ann.answered();
  arm();
  EXPECT_EQ(close(), CloseResult::held) << "another migration's is another matter";
}

TEST_F(GateTest, WhatIsHeldIsNotAbandoned) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  gate.abandon(kOrders);
  EXPECT_EQ(gate.status(kOrders).phase, Phase::held);
  EXPECT_TRUE(gate.extend(kOrders, Clock::now() + kSoon));
  gate.open(kOrders);
  gate.abandon(TableName{"shop", "nowhere"});
}

TEST_F(GateTest, TellsEachOfTwoEnginesThatItsDrainTookTooLong) {
  arm(kOrders);
  arm(kStock);
  ASSERT_EQ(ann.send({{.table = 0, .access = Access::write}, {.table = 1, .access = Access::write}}), Verdict::pass);
  auto closing = close_in_background();
  EXPECT_EQ(close(Millis(0), kSoon, kStock), CloseResult::drain_expired);
  EXPECT_EQ(gate.status(kOrders).phase, Phase::draining);
  ann.answered();
  EXPECT_EQ(closing.get(), CloseResult::held);
}

TEST_F(GateTest, OpensByItselfWhenTheEngineIsDead) {
  arm();
  ASSERT_EQ(close(Millis(0), Millis(30)), CloseResult::held);
  ASSERT_EQ(bob.send(), Verdict::wait);
  EXPECT_EQ(bob.woken(), Wake::judge_again);
  EXPECT_EQ(bob.judge(), Verdict::pass);
  EXPECT_FALSE(gate.extend(kOrders, Clock::now() + kSoon));
}

TEST_F(GateTest, WaitsForATransactionThatWasOpenBeforeArming) {
  ann.elsewhere(After::in_transaction);
  arm();
  auto closing = close_in_background();
  EXPECT_EQ(gate.status(kOrders).phase, Phase::draining);
  EXPECT_EQ(ann.send(), Verdict::pass) << "it must be able to end";
  ann.answered();
  EXPECT_EQ(closing.get(), CloseResult::held);
}

TEST_F(GateTest, WaitsForACommandThatWasSentBeforeArming) {
  gate.begin(ann.slot());
  arm();
  auto closing = close_in_background();
  EXPECT_EQ(gate.status(kOrders).phase, Phase::draining);
  ann.answered();
  EXPECT_EQ(closing.get(), CloseResult::held);
}

TEST_F(GateTest, NamesItsBlockers) {
  gate.identify(ann.slot(), "app", "10.0.0.7");
  arm();
  ASSERT_EQ(ann.send(), Verdict::pass);
  ann.answered(After::in_transaction);
  const GateStatus status = gate.status(kOrders);
  ASSERT_EQ(status.busy.size(), 1U);
  EXPECT_EQ(status.busy[0].connection, ConnectionId{11});
  EXPECT_EQ(status.busy[0].user, "app");
  EXPECT_EQ(status.busy[0].host, "10.0.0.7");
  EXPECT_EQ(status.busy[0].statement, "update t set …");
  EXPECT_TRUE(status.busy[0].in_transaction);
}

TEST_F(GateTest, TellsOfKillsElsewhereWhoeverListens) {
  gate.interrupt(ConnectionId{11});
  EXPECT_FALSE(ann.is_woken());
  Gate::hear(ann.slot(), Gate::Kills::anywhere);
  gate.interrupt(ConnectionId{12});
  EXPECT_FALSE(ann.is_woken());
  gate.interrupt(ConnectionId{11});
  EXPECT_EQ(ann.woken(), Wake::interrupted);
  Gate::hear(ann.slot(), Gate::Kills::at_gate);
  gate.interrupt(ConnectionId{11});
  EXPECT_FALSE(ann.is_woken());
}

TEST_F(GateTest, WakesTheWaitingOneThatIsKilled) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  ASSERT_EQ(ann.send(), Verdict::wait);
  ASSERT_EQ(bob.send(), Verdict::wait);
  gate.interrupt(ConnectionId{11});
  EXPECT_EQ(ann.woken(), Wake::interrupted);
  ann.answered();
  gate.open(kOrders);
  EXPECT_EQ(bob.woken(), Wake::judge_again);
  EXPECT_FALSE(ann.is_woken());
}

TEST_F(GateTest, ForgetsOneWhoLeavesWhileWaiting) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  {
    ClientAtGate cid(gate, 13);
    ASSERT_EQ(cid.send(), Verdict::wait);
    EXPECT_EQ(gate.status(kOrders).waiting, 1U);
  }
  EXPECT_EQ(gate.status(kOrders).waiting, 0U);
}

TEST_F(GateTest, KnowsConnectionsAlsoAfterTheyAreGone) {
  EXPECT_TRUE(gate.knows(ConnectionId{11}));
  EXPECT_FALSE(gate.knows(ConnectionId{13}));
  {
    const ClientAtGate cid(gate, 13);
  }
  EXPECT_TRUE(gate.knows(ConnectionId{13}));
}

TEST_F(GateTest, DisarmingWakesEverybody) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  ASSERT_EQ(ann.send(), Verdict::wait);
  ASSERT_EQ(bob.send(), Verdict::wait);
  gate.disarm(kOrders);
  EXPECT_EQ(ann.woken(), Wake::judge_again);
  EXPECT_EQ(bob.woken(), Wake::judge_again);
  EXPECT_EQ(ann.judge(), Verdict::pass);
}

TEST_F(GateTest, SeesAReleasedStatementWhenTheTableIsArmedAgain) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  ASSERT_EQ(ann.send(), Verdict::wait);
  gate.disarm(kOrders);
  ASSERT_EQ(ann.woken(), Wake::judge_again);
  ASSERT_EQ(ann.judge(), Verdict::pass);
  arm();
  EXPECT_EQ(close(Millis(20)), CloseResult::drain_expired) << "it is at the server now";
}

// The gate has forgotten the session by the answer to the one before.
TEST_F(GateTest, SeesAReleasedStatementOfAPipelineWhenTheTableIsArmedAgain) {
  arm();
  arm(kStock);
  ASSERT_EQ(close(), CloseResult::held);
  gate.begin(ann.slot());  // at the server
  EXPECT_EQ(ann.send_to(kOrders), Verdict::wait);
  gate.disarm(kOrders);
  ann.answered();
  EXPECT_EQ(ann.woken(), Wake::judge_again);
  EXPECT_EQ(ann.judge_for(kOrders), Verdict::pass);
  arm();
  EXPECT_EQ(close(Millis(20)), CloseResult::drain_expired);
  ann.answered();
  EXPECT_EQ(close(), CloseResult::held);
}

TEST_F(GateTest, DisarmingEndsAClose) {
  arm();
  ASSERT_EQ(ann.send(), Verdict::pass);
  auto closing = close_in_background();
  gate.disarm(kOrders);
  EXPECT_EQ(closing.get(), CloseResult::not_armed);
}

TEST_F(GateTest, HoldsOneTableAndLetsTheOtherFlow) {
  arm(kOrders);
  arm(kStock);
  ASSERT_EQ(close(), CloseResult::held);
  EXPECT_EQ(ann.send({{.table = 1, .access = Access::write}}), Verdict::pass);
  EXPECT_EQ(bob.send({{.table = 0, .access = Access::read}}), Verdict::wait);
}

TEST_F(GateTest, MarksNoTableOfAStatementThatMustWaitForOneOfThem) {
  arm(kOrders);
  arm(kStock);
  ASSERT_EQ(close(), CloseResult::held);
  ASSERT_EQ(ann.send({{.table = 1, .access = Access::write}, {.table = 0, .access = Access::write}}), Verdict::wait);
  EXPECT_EQ(close(kSoon, kSoon, kStock), CloseResult::held) << "she isn't inside the other table";
  gate.open(kOrders);
  ASSERT_EQ(ann.woken(), Wake::judge_again);
  EXPECT_EQ(ann.judge({{.table = 1, .access = Access::write}, {.table = 0, .access = Access::write}}), Verdict::wait);
  gate.open(kStock);
  EXPECT_EQ(ann.woken(), Wake::judge_again);
}

TEST_F(GateTest, RefusesDefinitions) {
  arm();
  EXPECT_EQ(ann.send(Access::definition), Verdict::refuse_ddl);
  EXPECT_EQ(gate.refusal_label(kOrders), "m1");
}

TEST_F(GateTest, AsksForANewScanWhenTheArmedNamesHaveChanged) {
  arm();
  const std::uint64_t epoch = gate.armed_epoch();
  gate.arm(kOrders, {{.name = kOrders}, {.name = {"shop", "view"}, .kind = Target::Kind::alias}}, "m1");
  gate.begin(ann.slot());
  EXPECT_EQ(gate.admit(ann.slot(), epoch, {}, "", Autocommit::on, Clock::now()), Verdict::rescan);
}

TEST_F(GateTest, RefusesAnOldSnapshotUntilItsTransactionEnds) {
  arm();
  ann.elsewhere(After::in_transaction);
  ASSERT_EQ(close(), CloseResult::held);
  gate.swapped(kOrders);
  gate.open(kOrders);
  EXPECT_EQ(ann.send(Access::read), Verdict::refuse_snapshot);
  ann.answered(After::in_transaction);
  EXPECT_EQ(ann.send(Access::read), Verdict::refuse_snapshot);
  ann.answered(After::in_transaction);
  ann.elsewhere(After::autocommit);
  EXPECT_EQ(ann.send(Access::read), Verdict::pass);
}

TEST_F(GateTest, LetsATransactionPassThatIsSaidToHoldNoSnapshot) {
  arm();
  ann.elsewhere(After::in_transaction);
  bob.elsewhere(After::in_transaction);
  ASSERT_EQ(close(), CloseResult::held);
  gate.swapped(kOrders);
  gate.hold_no_snapshot(kOrders, {ConnectionId{4711}, ann.slot().connection()});
  EXPECT_EQ(gate.status(kOrders).stale, 1U);
  gate.open(kOrders);
  EXPECT_EQ(ann.send(Access::read), Verdict::pass);
  EXPECT_EQ(bob.send(Access::read), Verdict::refuse_snapshot);
}

TEST_F(GateTest, RefusesASnapshotThatAStatementInFlightAtTheSwapHadOpened) {
  arm();
  ann.elsewhere(After::begun);
  gate.begin(ann.slot());  // reads another table: the server opens the snapshot now, its answer comes later
  ASSERT_EQ(ann.judge({}), Verdict::pass);
  ASSERT_EQ(close(), CloseResult::held);
  gate.swapped(kOrders);
  ann.answered(After::in_transaction);
  gate.open(kOrders);
  EXPECT_EQ(ann.send(Access::read), Verdict::refuse_snapshot);
}

TEST_F(GateTest, AcceptsACommandThatWasNotSentYetAtTheSwap) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  gate.begin(ann.slot());  // read from the client, and not judged yet
  gate.swapped(kOrders);
  EXPECT_EQ(ann.judge(), Verdict::wait);
  gate.open(kOrders);
  EXPECT_EQ(ann.woken(), Wake::judge_again);
  EXPECT_EQ(ann.judge(), Verdict::pass);
}

TEST_F(GateTest, RefusesACommandThatWasNotSentYetAtTheSwapIfItsTransactionHasASnapshot) {
  arm();
  ann.elsewhere(After::in_transaction);
  ASSERT_EQ(close(), CloseResult::held);
  gate.begin(ann.slot());
  gate.swapped(kOrders);
  gate.open(kOrders);
  EXPECT_EQ(ann.judge(), Verdict::refuse_snapshot);
}

TEST_F(GateTest, AcceptsATransactionThatHadOnlyBegunAtTheSwap) {
  arm();
  gate.begin(ann.slot());
  ASSERT_EQ(close(), CloseResult::held);
  gate.swapped(kOrders);
  ann.answered(After::begun);
  gate.open(kOrders);
  EXPECT_EQ(ann.send(Access::read), Verdict::pass);
}

TEST_F(GateTest, DoesNotTakeACommandThatIsBeingScannedForAnOldSnapshot) {
  arm();
  ASSERT_EQ(close(), CloseResult::held);
  gate.begin(ann.slot());  // on its way to the gate, not to the server
  gate.swapped(kOrders);
  EXPECT_EQ(ann.judge(), Verdict::wait);
  gate.open(kOrders);
  EXPECT_TRUE(ann.woken().has_value());
  EXPECT_EQ(ann.judge(), Verdict::pass);
  ann.answered();
}

TEST_F(GateTest, WaitsForTheWholePipeline) {
  arm();
  gate.begin(ann.slot());
  ASSERT_EQ(ann.judge({}), Verdict::pass);
  ASSERT_EQ(ann.send(), Verdict::pass);  // behind one that touches nothing, unanswered
  auto closing = close_in_background();
  ann.answered();  // the first
  EXPECT_EQ(gate.status(kOrders).phase, Phase::draining);
  ann.answered();
  EXPECT_EQ(closing.get(), CloseResult::held);
}

}  // namespace
}  // namespace sluice::gate
