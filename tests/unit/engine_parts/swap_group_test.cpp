#include "migrator/engine/swap_group.hpp"

#include <gmock/gmock.h>

#include <future>

#include "tests/unit/engine_parts/no_observer.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Swapped = SwapGroup::Swapped;

class SwapGroupTest : public testing::Test {
 protected:
  // What a member brings; nothing of it is used here but that it is there.
  struct Own {
    NoObserver observer;
    Inbox inbox{{"binlog.000001", 4}, {"shop", "orders"}, [](gate::ConnectionId) { return true; }, observer};
    Applier applier{inbox, observer};
    CopyPlan plan;
    Attachments attachments;
  };
  SwapGroup::Party party(Own& own) {
    return {.table = {.inbox = own.inbox,
                      .applier = own.applier,
                      .plan = own.plan,
                      .old_table = {},
                      .attachments = own.attachments},
            .record = [](const Position&) { return true; },
            .journal = [](std::string_view, const std::string&) {},
            .panicked = [] { return false; }};
  }
  std::future<std::optional<Swapped>> comes(Own& own, std::chrono::milliseconds patience = 10s) {
    return std::async(std::launch::async, [this, &own, patience] {
      return group.meet(
          party(own),
          [this](const auto& parties) {
            driven_with = parties.size();
            return Swapped{.result = CutOverFsm::Result::completed, .status = {.held_statements = 7}};
          },
          std::chrono::steady_clock::now() + patience);
    });
  }

  SwapGroup group{{{"m5", {"shop", "orders"}}, {"m6", {"shop", "items"}}}};
  Own orders, items;
  std::size_t driven_with = 0;
};

TEST_F(SwapGroupTest, IsNamedAfterItsFirstMember) {
  EXPECT_EQ(group.gate_of(), (gate::TableName{"shop", "orders"}));
  EXPECT_EQ(group.tag(), rename_tag("m5"));
}

TEST_F(SwapGroupTest, OneOfThemDrivesForAll) {
  auto first = comes(orders);
  auto second = comes(items);
  const auto one = first.get();
  const auto other = second.get();
  ASSERT_TRUE(one && other);
  EXPECT_EQ(driven_with, 2U);
  EXPECT_NE(one->drove, other->drove);
  EXPECT_EQ(one->result, CutOverFsm::Result::completed);
  EXPECT_EQ(other->status.held_statements, 7U);
}

TEST_F(SwapGroupTest, NothingIsDoneIfOneDoesNotCome) {
  EXPECT_FALSE(comes(orders, 10ms).get().has_value());
  EXPECT_EQ(driven_with, 0U);
  auto first = comes(orders);  // and the next attempt is as good as the first
  auto second = comes(items);
  EXPECT_TRUE(first.get() && second.get());
}

TEST_F(SwapGroupTest, AfterACrashOnlyThoseMeetWhomItInterrupted) {
  group.expect(1);
  EXPECT_TRUE(comes(items).get().has_value());
  EXPECT_EQ(driven_with, 1U);
  EXPECT_FALSE(comes(items, 10ms).get().has_value()) << "the next meeting is one of all again";
}

TEST_F(SwapGroupTest, WhoStaysAwayIsNotWaitedFor) {
  group.expect(2);
  auto first = comes(orders);
  group.stay_away();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_EQ(driven_with, 1U);
}

TEST_F(SwapGroupTest, KnowsWhetherTheOthersAreWilling) {
  EXPECT_FALSE(group.others_are_willing("m5"));
  group.tell_willing("m6", true);
  EXPECT_TRUE(group.others_are_willing("m5"));
  EXPECT_FALSE(group.others_are_willing("m6"));
  group.tell_willing("m6", false);
  EXPECT_FALSE(group.others_are_willing("m5"));
}

TEST_F(SwapGroupTest, KeepsTheFirstFailure) {
  EXPECT_FALSE(group.failure());
  group.fail({"m6", {"shop", "items"}}, {"duplicate_key", "a duplicate"});
  group.fail({"m5", {"shop", "orders"}}, {"group_failed", "an echo"});
  ASSERT_TRUE(group.failure());
  EXPECT_THAT(group.failure()->message, HasSubstr("items (m6) failed: a duplicate"));
}

TEST_F(SwapGroupTest, DecidesADeferredRollbackOnceForAll) {
  const JointDecision::Said quiet{RollbackFsm::Guards::quiet, "quiet"};
  group.defer_rollback("2026-01-05T12:00:00.000Z", {"m5", "m6"}, std::nullopt);
  EXPECT_EQ(group.hear("2026-01-05T12:00:00.000Z", "m5", quiet).guards, RollbackFsm::Guards::unknown);
  EXPECT_EQ(group.hear("2026-01-05T12:00:00.000Z", "m6", quiet).guards, RollbackFsm::Guards::quiet);
  EXPECT_FALSE(group.agree("2026-01-05T12:00:00.000Z", std::nullopt));
  const auto went_on =
      group.agree("2026-01-05T12:00:00.000Z", JointDecision::Verdict{RollbackPhase::went_on, "all are quiet"});
  const auto other = group.agree("2026-01-05T12:00:00.000Z", JointDecision::Verdict{RollbackPhase::running, "late"});
  ASSERT_TRUE(went_on && other);
  EXPECT_EQ(other->phase, RollbackPhase::went_on);
  EXPECT_EQ(other->why, "all are quiet");

  // The next one is decided anew, and who is still at the earlier one decides alone.
  group.defer_rollback("2026-01-05T13:00:00.000Z", {"m5", "m6"}, std::nullopt);
  EXPECT_FALSE(group.agree("2026-01-05T13:00:00.000Z", std::nullopt));
  EXPECT_EQ(group.hear("2026-01-05T12:00:00.000Z", "m5", quiet).guards, RollbackFsm::Guards::quiet);
}

TEST_F(SwapGroupTest, TheLastToLeaveClosesTheDoor) {
  EXPECT_FALSE(group.leave("m5"));
  EXPECT_FALSE(group.leave("m5"));
  EXPECT_TRUE(group.leave("m6"));
}

}  // namespace
}  // namespace sluice::migrator
