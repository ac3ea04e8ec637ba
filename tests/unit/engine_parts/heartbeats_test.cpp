#include "migrator/engine/heartbeats.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
constexpr Heartbeats::TimePoint kBegan{1h};

TEST(Heartbeats, WhoHasTheNewestLagsByNothing) {
  Heartbeats beats;
  EXPECT_EQ(beats.lag_of(0, kBegan), 0ms) << "none was written";
  beats.written(7, kBegan);
  EXPECT_EQ(beats.lag_of(7, kBegan + 10s), 0ms);
  EXPECT_EQ(beats.lag_of(9, kBegan + 10s), 0ms);
}

TEST(Heartbeats, LagIsTheAgeOfTheFirstThatIsLacked) {
  Heartbeats beats;
  for (unsigned n = 0; n < 10; ++n) beats.written(100 + n, kBegan + n * 250ms);
  EXPECT_EQ(beats.lag_of(105, kBegan + 2s), 500ms);
  EXPECT_EQ(beats.lag_of(108, kBegan + 2s), 0ms) << "read before it was written";
  EXPECT_EQ(beats.lag_of(0, kBegan + 2s), 2s) << "a replica without any";
}

TEST(Heartbeats, WhatIsNotKeptAnyMoreLagsAtLeastAsLong) {
  Heartbeats beats;
  for (unsigned n = 0; n < Heartbeats::kKept + 1000; ++n) beats.written(n + 1, kBegan + n * 1ms);
  EXPECT_EQ(beats.lag_of(1, kBegan + 22s), 21s);
}

}  // namespace
}  // namespace sluice::migrator
