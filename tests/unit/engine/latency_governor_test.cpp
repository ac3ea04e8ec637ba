// The governor against small plants: clients whose p99 follows the copy's share, as late as a sliding window shows it.
#include "migrator/engine/latency_governor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <random>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Plant = std::function<double(double share)>;  // -> the clients' p99 now, in ms

constexpr Millis kLimit{20};

class World {
 public:
  explicit World(Plant plant) : plant_(std::move(plant)) {}

  // Lets so much time pass in steps of 100 ms; the part of it in which p99 was above the limit.
  double run(Millis time) {
    int above = 0;
    int steps = 0;
    for (const auto end = now_ + time; now_ < end; now_ += 100ms) {
      const double p99 = plant_(governor_.share()) * noise_(random_);
      window_.push_back(p99);
      if (window_.size() > 30) window_.pop_front();
      // The slow statements of a window are in its p99 until they have left it.
      const double seen = *std::max_element(window_.begin(), window_.end());
      governor_.observe(std::chrono::nanoseconds(static_cast<std::int64_t>(seen * 1e6)), kLimit, now_);
      above += p99 > static_cast<double>(kLimit.count()) ? 1 : 0;
      ++steps;
      sum_ += governor_.share();
    }
    mean_share_ = sum_ / steps;
    sum_ = 0;
    return static_cast<double>(above) / steps;
  }
  void change(Plant plant) { plant_ = std::move(plant); }
  [[nodiscard]] double share() const { return governor_.share(); }
  [[nodiscard]] double mean_share() const { return mean_share_; }

 private:
  Plant plant_;
  LatencyGovernor governor_;
  LatencyGovernor::TimePoint now_{std::chrono::hours(1)};
  std::deque<double> window_;
  std::mt19937 random_{1};
  std::uniform_real_distribution<double> noise_{0.95, 1.05};
  double sum_ = 0;
  double mean_share_ = 0;
};

double idle(double share) {
  return 1 + 4 * share;
}
double in_the_way(double share) {  // at the limit with a share of a half
  return 5 + 30 * share;
}
double slow_by_themselves(double) {
  return 35;
}

TEST(LatencyGovernor, LetsTheCopyRunWhereThereIsRoom) {
  World world{idle};
  EXPECT_EQ(world.run(30s), 0);
  EXPECT_EQ(world.share(), 1);
}

TEST(LatencyGovernor, ConvergesBelowTheLimitAndStaysNearIt) {
  World world{in_the_way};
  (void)world.run(30s);
  EXPECT_LT(world.run(120s), 0.15);
  EXPECT_GT(world.mean_share(), 0.35);
  EXPECT_LT(world.mean_share(), 0.5);
}

TEST(LatencyGovernor, GoesOnSlowlyWhereTheClientsAreSlowByThemselvesAndRecovers) {
  World world{slow_by_themselves};
  (void)world.run(60s);
  EXPECT_EQ(world.share(), LatencyGovernor::kShareMin);
  world.change(in_the_way);
  (void)world.run(30s);
  EXPECT_GT(world.share(), 0.3);
  world.change(idle);
  (void)world.run(20s);
  EXPECT_EQ(world.share(), 1);
}

TEST(LatencyGovernor, FindsAVerySmallShareToo) {
  World world{[](double share) { return 5 + 300 * share; }};  // at the limit with a twentieth
  (void)world.run(30s);
  EXPECT_LT(world.run(120s), 0.2);
  EXPECT_GT(world.mean_share(), 0.03);
}

TEST(LatencyGovernor, CutsOnceForWhatOneWindowShows) {
  LatencyGovernor governor;
  const LatencyGovernor::TimePoint began{1h};
  governor.observe(200ms, kLimit, began);
  const double cut = governor.share();
  EXPECT_DOUBLE_EQ(cut, LatencyGovernor::kShareFirst * LatencyGovernor::kCutMax);
  for (auto after = 100ms; after < LatencyGovernor::kSettles; after += 100ms) {
    governor.observe(200ms, kLimit, began + after);
    EXPECT_EQ(governor.share(), cut);
  }
  governor.observe(200ms, kLimit, began + LatencyGovernor::kSettles);
  EXPECT_LT(governor.share(), cut);
}

TEST(LatencyGovernor, NobodyIsKeptWaitingWhereNoStatementEnds) {
  LatencyGovernor governor;
  LatencyGovernor::TimePoint now{1h};
  for (int i = 0; i < 60; ++i, now += LatencyGovernor::kEvery) governor.observe(std::nullopt, kLimit, now);
  EXPECT_EQ(governor.share(), 1);
  EXPECT_FALSE(governor.holds_back());
  EXPECT_EQ(governor.pause_after(100ms, 1), 0ms);
}

TEST(LatencyGovernor, PausesInProportionToTheWork) {
  LatencyGovernor governor;
  EXPECT_EQ(governor.pause_after(100ms, 1), 900ms) << "a tenth of the time";
  EXPECT_EQ(governor.pause_after(1us, 1), 0ms);
  governor.observe(1s, kLimit, LatencyGovernor::TimePoint{1h});
  EXPECT_EQ(governor.pause_after(100ms, 1), 1900ms);
  EXPECT_TRUE(governor.holds_back());
}

TEST(LatencyGovernor, LetsFewerHandsWorkBeforeItLetsThemPause) {
  LatencyGovernor governor;
  LatencyGovernor::TimePoint now{1h};
  EXPECT_EQ(governor.hands_of(4), 1U);
  EXPECT_EQ(governor.pause_after(100ms, 4), 150ms) << "a tenth of four hands is four tenths of one";
  std::size_t hands = 1;
  for (int i = 0; i < 60; ++i, now += LatencyGovernor::kEvery) {
    governor.observe(std::nullopt, kLimit, now);
    EXPECT_GE(governor.hands_of(4), hands);
    hands = governor.hands_of(4);
  }
  EXPECT_EQ(hands, 4U);
  EXPECT_EQ(governor.pause_after(100ms, 4), 0ms);
}

}  // namespace
}  // namespace sluice::migrator
