#include "control/latency_history.hpp"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

const auto START = std::chrono::system_clock::time_point{} + 1000h;

class History : public testing::Test {
 protected:
  void pass(std::chrono::seconds time, std::optional<std::chrono::nanoseconds> p99) {
    for (const auto until = now_ + time; now_ < until; now_ += LatencyHistory::INTERVAL) history.add({now_, p99});
  }

  LatencyHistory history;

 private:
  std::chrono::system_clock::time_point now_ = START;
};

TEST_F(History, IsEmptyAtFirst) {
  const auto all = history.after(0);
  EXPECT_EQ(all.up_to, 0U);
  EXPECT_TRUE(all.seconds.empty());
  EXPECT_TRUE(all.minutes.empty());
}

TEST_F(History, GoesOnFromWhereSomebodyHasReadTo) {
  pass(2s, 5ms);
  const auto before = history.after(0);
  EXPECT_EQ(before.seconds, (std::vector<LatencySample>{{START, 5ms}, {START + 1s, 5ms}}));
  pass(1s, std::nullopt);
  const auto more = history.after(before.up_to);
  EXPECT_EQ(more.seconds, (std::vector<LatencySample>{{START + 2s, std::nullopt}}));
  EXPECT_TRUE(history.after(more.up_to).seconds.empty());
}

TEST_F(History, KeepsTheWorstOfEachMinute) {
  pass(30s, 2ms);
  pass(1s, 90ms);
  pass(28s, std::nullopt);
  EXPECT_TRUE(history.after(0).minutes.empty()) << "the minute is not over";
  const auto seen = history.after(0).up_to;
  pass(61s, std::nullopt);
  pass(1s, 1ms);
  EXPECT_EQ(history.after(seen).minutes, (std::vector<LatencySample>{{START, 90ms}, {START + 1min, std::nullopt}}));
}

TEST_F(History, ForgetsWhatIsOld) {
  pass(24h + 10min, 1ms);
  const auto all = history.after(0);
  ASSERT_EQ(all.seconds.size(), LatencyHistory::SECONDS_KEPT);
  ASSERT_EQ(all.minutes.size(), LatencyHistory::MINUTES_KEPT);
  EXPECT_EQ(all.seconds.back().at, START + 24h + 10min - 1s);
}

}  // namespace
}  // namespace sluice::control
