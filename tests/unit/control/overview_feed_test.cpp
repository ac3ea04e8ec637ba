#include "control/overview_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/fake_migrations.hpp"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using migrator::State;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const OverviewFeed::TimePoint START = OverviewFeed::TimePoint{} + 1h;

class Overviews : public testing::Test {
 protected:
  std::string next() { return feed.next(look, now); }

  OverviewFeed feed{1000ms};
  OverviewFeed::Look look{.migrations = {a_status("m1"), a_status("m2", State::completed)}, .ready = true};
  OverviewFeed::TimePoint now = START;
};

TEST_F(Overviews, BeginWithEverything) {
  const auto text = next();
  EXPECT_THAT(text, StartsWith("event: service\ndata: {\"ready\":true,\"migrations\":[{\"id\":\"m1\""));
  EXPECT_THAT(text, HasSubstr("\"m2\""));
  EXPECT_THAT(text, Not(HasSubstr("event: progress")));
  EXPECT_EQ(next(), "");
}

TEST_F(Overviews, TellOnlyWhatChanged) {
  (void)next();
  look.migrations[0].rows_copied = 5;
  const auto text = next();
  EXPECT_THAT(text, StartsWith("event: progress\ndata: {\"id\":\"m1\""));
  EXPECT_THAT(text, Not(HasSubstr("\"m2\"")));
  EXPECT_EQ(next(), "");
  look.migrations.push_back(a_status("m3", State::preparing));
  EXPECT_THAT(next(), StartsWith("event: progress\ndata: {\"id\":\"m3\""));
}

TEST_F(Overviews, TellEverythingAgainWhenTheServiceGetsReadyOrCeasesToBe) {
  look.ready = false;
  EXPECT_THAT(next(), StartsWith("event: service\ndata: {\"ready\":false,"));
  look.ready = true;
  EXPECT_THAT(next(), StartsWith("event: service\ndata: {\"ready\":true,"));
}

TEST_F(Overviews, TellTheClientsLatencyAsItComesIn) {
  look.latency = {.up_to = 1, .seconds = {{std::chrono::system_clock::time_point{}, 1500us}}, .minutes = {}};
  EXPECT_EQ(feed.latency_seen(), 0U);
  EXPECT_THAT(next(), HasSubstr("event: clients\ndata: {\"seconds\":[{\"at\":\"1970-01-01T00:00:00.000Z\","
                                "\"p99_ms\":1.5E0}],\"minutes\":[]}\n\n"));
  EXPECT_EQ(feed.latency_seen(), 1U);
  look.latency = {.up_to = 1, .seconds = {}, .minutes = {}};
  EXPECT_EQ(next(), "");
  look.latency = {.up_to = 2, .seconds = {{std::chrono::system_clock::time_point{}, std::nullopt}}, .minutes = {}};
  EXPECT_THAT(next(), HasSubstr("\"p99_ms\":null"));
}

TEST_F(Overviews, BreakALongSilence) {
  EXPECT_NE(next(), "");
  now += 999ms;
  EXPECT_EQ(next(), "");
  now += 1ms;
  EXPECT_EQ(next(), ": still here\n\n");
}

}  // namespace
}  // namespace sluice::control
