// What is posted when, and when it is given up.
#include "migrator/notify/delivery_queue.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

const auto start = DeliveryQueue::TimePoint{} + 1h;

Delivery to(const std::string& url, const std::string& id) {
  return {.url = url, .id = id, .kind = "guard", .body = "{}"};
}

std::string next_id(DeliveryQueue& queue, DeliveryQueue::TimePoint now) {
  const auto next = queue.next(now);
  return next ? next->id : "";
}

TEST(DeliveryQueue, KeepsTheOrderForEachUrl) {
  DeliveryQueue queue;
  EXPECT_EQ(queue.due(), std::nullopt);
  EXPECT_TRUE(queue.push(to("a", "1")));
  EXPECT_TRUE(queue.push(to("a", "2")));
  EXPECT_EQ(next_id(queue, start), "1");
  queue.done("a");
  EXPECT_EQ(next_id(queue, start), "2");
  queue.done("a");
  EXPECT_EQ(next_id(queue, start), "");
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(DeliveryQueue, TriesAgainLaterAndLaterThenGivesUp) {
  DeliveryQueue queue;
  EXPECT_TRUE(queue.push(to("a", "1")));
  auto now = start;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s}) {
    EXPECT_EQ(next_id(queue, now), "1");
    EXPECT_FALSE(queue.failed("a", now));
    EXPECT_THAT(queue.due(), Optional(now + pause));
    EXPECT_EQ(next_id(queue, now + pause - 1ms), "");
    now += pause;
  }
  EXPECT_EQ(next_id(queue, now), "1");
  EXPECT_TRUE(queue.failed("a", now));
  EXPECT_EQ(queue.due(), std::nullopt);
}

TEST(DeliveryQueue, TheNextAfterOneThatWasGivenUpBeginsAnew) {
  DeliveryQueue queue;
  EXPECT_TRUE(queue.push(to("a", "1")));
  EXPECT_TRUE(queue.push(to("a", "2")));
  for (unsigned i = 1; i < DeliveryQueue::kAttemptsMax; ++i) EXPECT_FALSE(queue.failed("a", start));
  EXPECT_TRUE(queue.failed("a", start));
  EXPECT_EQ(next_id(queue, start + DeliveryQueue::kRetryMax), "2");
  EXPECT_FALSE(queue.failed("a", start));
}

TEST(DeliveryQueue, OneThatDoesNotAnswerKeepsNoOtherWaiting) {
  DeliveryQueue queue;
  EXPECT_TRUE(queue.push(to("dead", "1")));
  EXPECT_TRUE(queue.push(to("dead", "2")));
  EXPECT_FALSE(queue.failed("dead", start));
  EXPECT_TRUE(queue.push(to("well", "3")));
  EXPECT_EQ(next_id(queue, start), "3");
  queue.done("well");
  EXPECT_EQ(next_id(queue, start), "");
}

TEST(DeliveryQueue, OneThatIsBeingTriedKeepsNoOtherWaiting) {
  DeliveryQueue queue;
  EXPECT_TRUE(queue.push(to("slow", "1")));
  EXPECT_TRUE(queue.push(to("slow", "2")));
  EXPECT_TRUE(queue.push(to("well", "3")));
  EXPECT_EQ(queue.targets(), 2U);
  EXPECT_EQ(next_id(queue, start), "1");
  EXPECT_EQ(next_id(queue, start), "3");
  EXPECT_EQ(next_id(queue, start), "") << "what is for the same URL keeps its order";
  EXPECT_EQ(queue.due(), std::nullopt);
  queue.done("slow");
  EXPECT_EQ(next_id(queue, start), "2");
}

TEST(DeliveryQueue, IsBounded) {
  DeliveryQueue queue;
  for (std::size_t i = 0; i < DeliveryQueue::kWaitingMax; ++i) EXPECT_TRUE(queue.push(to("a", "x")));
  EXPECT_FALSE(queue.push(to("a", "x")));
  EXPECT_FALSE(queue.push(to("b", "x")));
  queue.done("a");
  EXPECT_TRUE(queue.push(to("b", "x")));
}

}  // namespace
}  // namespace sluice::migrator
