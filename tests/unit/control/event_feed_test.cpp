#include "control/event_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/fake_migrations.hpp"

namespace sluice::control {
namespace {

using migrator::State;
using std::chrono::milliseconds;
using testing::HasSubstr;
using Next = EventFeed::Next;

constexpr milliseconds HEARTBEAT{1000};
const EventFeed::TimePoint START = EventFeed::TimePoint{} + std::chrono::hours{1};

migrator::JournalEntry entry(std::uint64_t number, std::string details) {
  return {number, "2026-01-01T00:00:00Z", "cut_over.held", std::move(details)};
}

TEST(EventFeed, SaysTheStatusWhenItChanged) {
  EventFeed feed{0, HEARTBEAT};
  EXPECT_THAT(feed.next({a_status("m1"), {}}, START).text, HasSubstr("event: progress\ndata: {\"id\":\"m1\""));
  EXPECT_EQ(feed.next({a_status("m1"), {}}, START).text, "");
  EXPECT_THAT(feed.next({a_status("m1", State::ready), {}}, START).text, HasSubstr("ready"));
}

TEST(EventFeed, NumbersTheJournal) {
  EventFeed feed{3, HEARTBEAT};
  const auto step = feed.next({a_status("m1"), {entry(4, R"({"a":1})"), entry(5, "not\njson")}}, START);
  EXPECT_THAT(step.text, HasSubstr("event: journal\nid: 4\ndata: {"));
  EXPECT_THAT(step.text, HasSubstr(R"("details":{"a":1})"));
  EXPECT_THAT(step.text, HasSubstr(R"("details":"not\njson")"));
  EXPECT_EQ(feed.after(), 5U);
}

TEST(EventFeed, EndsWithTheMigration) {
  EventFeed feed{0, HEARTBEAT};
  const auto step = feed.next({a_status("m1", State::completed), {entry(1, "{}")}}, START);
  EXPECT_EQ(step.next, Next::end);
  EXPECT_TRUE(step.text.ends_with("event: end\ndata: {}\n\n"));
  EXPECT_EQ(feed.next({}, START).next, Next::end);
}

TEST(EventFeed, BreaksALongSilence) {
  EventFeed feed{0, HEARTBEAT};
  EXPECT_NE(feed.next({a_status("m1"), {}}, START).text, "");
  EXPECT_EQ(feed.next({a_status("m1"), {}}, START + HEARTBEAT / 2).text, "");
  EXPECT_EQ(feed.next({a_status("m1"), {}}, START + HEARTBEAT).text, ": still here\n\n");
  EXPECT_EQ(feed.next({a_status("m1"), {}}, START + HEARTBEAT + HEARTBEAT / 2).text, "");
}

}  // namespace
}  // namespace sluice::control
