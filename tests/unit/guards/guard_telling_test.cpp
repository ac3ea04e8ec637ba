// What a guard that flaps leaves in the journal.
#include "migrator/guards/guard_telling.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Event = GuardFsm::Event;

const auto start = GuardTelling::TimePoint{} + 1h;

TEST(GuardTelling, WhatHappensNowAndThenIsToldAtOnce) {
  GuardTelling telling;
  EXPECT_FALSE(telling.look({}, start));
  const auto fired = telling.look(Event::fired, start);
  ASSERT_TRUE(fired);
  EXPECT_EQ(fired->event, Event::fired);
  EXPECT_EQ(fired->left_out, 0U);
  EXPECT_FALSE(telling.look({}, start + 1s));
  EXPECT_EQ(telling.look(Event::calmed, start + 2s).value().event, Event::calmed);
}

TEST(GuardTelling, OfManyChangesInAMinuteTheRestIsCounted) {
  GuardTelling telling;
  unsigned told = 0;
  for (int i = 0; i < 100; ++i) {
    const auto now = start + i * 500ms;
    if (telling.look(i % 2 == 0 ? Event::fired : Event::calmed, now)) ++told;
  }
  EXPECT_EQ(told, GuardTelling::kToldMax);
  EXPECT_FALSE(telling.look({}, start + GuardTelling::kWithin - 1ms));
  const auto rest = telling.look({}, start + GuardTelling::kWithin);
  ASSERT_TRUE(rest) << "how it ended is told, though nothing happens any more";
  EXPECT_EQ(rest->event, Event::calmed);
  EXPECT_EQ(rest->left_out, 100 - GuardTelling::kToldMax - 1);
  EXPECT_FALSE(telling.look({}, start + 2 * GuardTelling::kWithin));
}

}  // namespace
}  // namespace sluice::migrator
