// When a guard fires, calms down and fires again: readings in, events out.
#include "migrator/guards/guard_fsm.hpp"

#include <gmock/gmock.h>

#include "migrator/guards/guards.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Event = GuardFsm::Event;
using State = GuardFsm::State;
using testing::Optional;

// A guard of "at least 80 for 10 s", asked at seconds after the start.
class Watch {
 public:
  explicit Watch(std::chrono::seconds lasts = 10s) : fsm_(80, lasts) {}
  std::optional<Event> at(std::chrono::seconds time, Reading reading) {
    return fsm_.observe(reading, GuardFsm::TimePoint{} + 1h + time);
  }
  [[nodiscard]] State state() const { return fsm_.state(); }
  [[nodiscard]] bool is_unevaluable() const { return fsm_.is_unevaluable(); }

 private:
  GuardFsm fsm_;
};

TEST(GuardFsm, FiresOnceTheReadingHasLasted) {
  Watch watch;
  EXPECT_EQ(watch.at(0s, 79.9), std::nullopt);
  EXPECT_EQ(watch.at(1s, 80.0), std::nullopt) << "from the threshold on, but not for long";
  EXPECT_EQ(watch.at(10s, 95.0), std::nullopt);
  EXPECT_THAT(watch.at(11s, 81.0), Optional(Event::fired));
  EXPECT_EQ(watch.at(12s, 99.0), std::nullopt) << "once";
  EXPECT_EQ(watch.state(), State::firing);
}

TEST(GuardFsm, FiresAtOnceWhereNothingHasToLast) {
  Watch watch{0s};
  EXPECT_THAT(watch.at(0s, 80.0), Optional(Event::fired));
  EXPECT_THAT(watch.at(1s, 79.0), Optional(Event::calmed));
  EXPECT_THAT(watch.at(2s, 80.0), Optional(Event::fired));
}

TEST(GuardFsm, OneLowReadingBeginsTheTimeAnew) {
  Watch watch;
  EXPECT_EQ(watch.at(0s, 90.0), std::nullopt);
  EXPECT_EQ(watch.at(9s, 10.0), std::nullopt);
  EXPECT_EQ(watch.at(10s, 90.0), std::nullopt);
  EXPECT_EQ(watch.at(19s, 90.0), std::nullopt);
  EXPECT_THAT(watch.at(20s, 90.0), Optional(Event::fired));
}

TEST(GuardFsm, FiresAgainOnlyOnceItHasCalmedDownForAsLong) {
  Watch watch;
  (void)watch.at(0s, 90.0);
  ASSERT_THAT(watch.at(10s, 90.0), Optional(Event::fired));
  EXPECT_EQ(watch.at(11s, 10.0), std::nullopt);
  EXPECT_EQ(watch.at(20s, 90.0), std::nullopt) << "it never stopped firing";
  EXPECT_EQ(watch.state(), State::firing);
  EXPECT_EQ(watch.at(21s, 10.0), std::nullopt);
  EXPECT_THAT(watch.at(31s, 10.0), Optional(Event::calmed));
  EXPECT_EQ(watch.at(32s, 90.0), std::nullopt);
  EXPECT_THAT(watch.at(42s, 90.0), Optional(Event::fired));
}

TEST(GuardFsm, WhatNobodyCanTellIsToldOnceItHasLasted) {
  Watch watch;
  EXPECT_EQ(watch.at(0s, Unevaluable{"no"}), std::nullopt);
  EXPECT_EQ(watch.at(9s, Unevaluable{"no"}), std::nullopt);
  EXPECT_THAT(watch.at(10s, Unevaluable{"no"}), Optional(Event::unevaluable));
  EXPECT_EQ(watch.at(20s, Unevaluable{"no"}), std::nullopt) << "once";
  EXPECT_TRUE(watch.is_unevaluable());
  EXPECT_THAT(watch.at(21s, 10.0), Optional(Event::evaluable));
  EXPECT_FALSE(watch.is_unevaluable());
  EXPECT_EQ(watch.at(22s, Unevaluable{"no"}), std::nullopt);
  EXPECT_EQ(watch.at(23s, 10.0), std::nullopt) << "that was short";
}

TEST(GuardFsm, StaysWhatItIsWhileNobodyCanTell) {
  Watch watch;
  (void)watch.at(0s, 90.0);
  ASSERT_THAT(watch.at(10s, 90.0), Optional(Event::fired));
  EXPECT_THAT(watch.at(11s, Unevaluable{"no"}), std::nullopt);
  EXPECT_THAT(watch.at(30s, Unevaluable{"no"}), Optional(Event::unevaluable));
  EXPECT_EQ(watch.state(), State::firing);
}

TEST(GuardFsm, GapsInTheReadingsCountNeitherWay) {
  Watch watch;
  EXPECT_EQ(watch.at(0s, 90.0), std::nullopt);
  EXPECT_EQ(watch.at(5s, Unevaluable{"no"}), std::nullopt);
  EXPECT_EQ(watch.at(10s, 90.0), std::nullopt) << "it may have been low meanwhile";
  EXPECT_EQ(watch.at(19s, 90.0), std::nullopt);
  EXPECT_THAT(watch.at(20s, 90.0), Optional(Event::fired));
  EXPECT_EQ(watch.at(21s, 10.0), std::nullopt);
  EXPECT_EQ(watch.at(25s, Unevaluable{"no"}), std::nullopt);
  EXPECT_EQ(watch.at(31s, 10.0), std::nullopt) << "or high";
  EXPECT_THAT(watch.at(41s, 10.0), Optional(Event::calmed));
}

TEST(GuardFsm, WhereThereIsNothingToReadItIsCalm) {
  Watch watch{0s};
  EXPECT_EQ(watch.at(0s, NotApplicable{}), std::nullopt);
  EXPECT_THAT(watch.at(1s, 80.0), Optional(Event::fired));
  EXPECT_THAT(watch.at(2s, NotApplicable{}), Optional(Event::calmed));
}

Guard sql_guard() {
  return {.name = "queue", .measure = GuardMeasure::sql, .subject = "SELECT 'secret'", .threshold = 80};
}

TEST(Guards, AreDescribedWithoutTheirQueries) {
  EXPECT_EQ(describe(sql_guard(), 93.14), "guard queue: sql is 93.1 (threshold 80)");
  EXPECT_EQ(describe(sql_guard(), Unevaluable{"the query fails with error 1146"}),
            "guard queue: can't be evaluated: the query fails with error 1146");
  const Guard disk{.name = "d", .measure = GuardMeasure::disk_percent, .subject = "/var", .threshold = 84.96};
  EXPECT_EQ(describe(disk, -0.04), "guard d: disk_percent:/var is 0 (threshold 85)");
}

TEST(Guards, ASeverityLeadsToWhatTheMatrixSays) {
  Guard guard = sql_guard();
  GuardActions actions;
  guard.action = Severity::critical;
  EXPECT_EQ(action_of(guard, actions), GuardAction::stop);
  actions.of.at(static_cast<std::size_t>(Severity::critical)) = GuardAction::panic;
  EXPECT_EQ(action_of(guard, actions), GuardAction::panic);
  guard.action = GuardAction::warn;
  EXPECT_EQ(action_of(guard, actions), GuardAction::warn);
}

TEST(Guards, ByDefaultOnlyWarn) {
  EXPECT_EQ(default_guards().size(), 5U);
  for (const Guard& guard : default_guards()) EXPECT_EQ(action_of(guard, {}), GuardAction::warn);
}

TEST(Guards, HoldBackWhileOneThatThrottlesFires) {
  Guards guards{{}, {}};
  const std::vector<Guard> wanted{
      {.name = "differ", .measure = GuardMeasure::mismatches, .threshold = 3, .action = GuardAction::throttle}};
  const auto now = GuardFsm::TimePoint{} + 1h;
  EXPECT_TRUE(guards.look(wanted, {.mismatches = 2}, now).empty());
  EXPECT_EQ(guards.throttled_by(), "");
  const auto told = guards.look(wanted, {.mismatches = 3}, now + 1s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].entry.value().event, Event::fired);
  EXPECT_EQ(told[0].action, GuardAction::throttle);
  EXPECT_EQ(guards.throttled_by(), "guard differ: mismatches is 3 (threshold 3)");
  EXPECT_TRUE(guards.status().at(0).firing);
  EXPECT_TRUE(guards.look({}, {.mismatches = 3}, now + 2s).empty()) << "nobody asks any more";
  EXPECT_EQ(guards.throttled_by(), "");
}

}  // namespace
}  // namespace sluice::migrator
