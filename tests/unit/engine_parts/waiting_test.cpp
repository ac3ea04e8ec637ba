#include "migrator/engine/waiting.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

constexpr WaitJournal::TimePoint kNow{std::chrono::hours(1)};
constexpr Millis kSoon = WaitJournal::kTellAfter;

TEST(Waiting, NamesABlocker) {
  EXPECT_EQ(describe(BlockerStatus{.connection_id = 17, .user = "app", .host = "10.1.2.3", .since_ms = 12'900}),
            "app@10.1.2.3 (connection 17) open for 12 s");
}

TEST(WaitJournal, TellsAReasonOnceItHasLasted) {
  WaitJournal journal;
  EXPECT_FALSE(journal.tell({"connection 17", "open for 0 s"}, kNow));
  EXPECT_EQ(journal.tell({"connection 17", "open for 1 s"}, kNow + kSoon), "open for 1 s");
  EXPECT_FALSE(journal.tell({"connection 17", "open for 2 s"}, kNow + 2 * kSoon));
}

TEST(WaitJournal, TellsNoValues) {
  WaitJournal journal;
  const WaitReason reason{.key = "query", .text = "Duplicate entry '7'", .logged = "error 1062"};
  EXPECT_FALSE(journal.tell(reason, kNow));
  EXPECT_EQ(journal.tell(reason, kNow + kSoon), "error 1062");
}

TEST(WaitJournal, TellsAnotherReasonAgain) {
  WaitJournal journal;
  EXPECT_FALSE(journal.tell({"a", "a"}, kNow));
  EXPECT_TRUE(journal.tell({"a", "a"}, kNow + kSoon));
  EXPECT_FALSE(journal.tell({"b", "b"}, kNow + kSoon));
  EXPECT_TRUE(journal.tell({"b", "b"}, kNow + 2 * kSoon));
}

TEST(WaitJournal, IsSilentWhereReasonsComeAndGo) {
  WaitJournal journal;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(journal.tell({std::to_string(i), "x"}, kNow + i * kSoon / 2));
    EXPECT_FALSE(journal.tell({}, kNow + i * kSoon / 2 + kSoon / 4));
  }
}

}  // namespace
}  // namespace sluice::migrator
