// Rollbacks that are put off: decided at their time, withdrawn, or replaced.
#include <algorithm>

#include "tests/integration/migrate/rolling_back.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RollbackDeferred : public RollingBack {};
SLUICE_ON_BOTH_SERVERS(RollbackDeferred);

TEST_P(RollbackDeferred, deferred_rolls_back_at_its_time_if_a_guard_fires) {
  const auto id = gauged();
  show("5");
  const auto at = at_in(6s);
  roll_back(id, deferred_to(at));
  EXPECT_EQ(shown(id, "/rollback/phase"), "deferred");
  EXPECT_THAT(shown(id, "/rollback/at"), StartsWith(at.substr(0, 19)));
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_rolled_back(id);
  EXPECT_GE(reported(id, "/begun_at"), at.substr(0, 19));
  EXPECT_THAT(reported(id, "/decided_by"), HasSubstr("guard gauge fires"));
  EXPECT_THAT(rollback_events(id),
              testing::IsSupersetOf({"rollback.deferred", "rollback.begun", "rollback.completed"}));
}

TEST_P(RollbackDeferred, deferred_goes_on_if_the_guards_are_quiet_by_then) {
  const auto id = gauged();
  show("5");
  roll_back(id, deferred_to(at_in(5s)));
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  show("0");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "went_on") << report(id);
  EXPECT_TRUE(comes_to_show(id, "/paused", "false"));
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollbackDeferred, deferred_to_a_window_that_is_open_is_decided_at_once) {
  const auto id = gauged();
  show("5");
  roll_back(id, R"({"strategy": "deferred", "window": "00:00-24:00"})");
  expect_rolled_back(id);
}

TEST_P(RollbackDeferred, deferred_waits_for_a_window_that_is_still_shut) {
  const auto id = gauged();
  show("5");
  // It opens with the next minute.
  const auto opens = at_in(60s).substr(0, 16);
  roll_back(id,
            R"({"strategy": "deferred", "window": ")" + opens.substr(11) + "-" + at_in(1h).substr(11, 5) + R"( UTC"})");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_TRUE(wait_until([&] { return shown(id, "/guards/0/firing") == "true"; }, 30s));
  const auto over = [&] { return reported(id, "/phase") != "deferred"; };
  EXPECT_TRUE(wait_until(over, 90s)) << report(id);
  EXPECT_GE(reported(id, "/begun_at"), opens);
  expect_rolled_back(id);
}

TEST_P(RollbackDeferred, deferred_is_withdrawn_by_whoever_resumes_the_migration) {
  const auto id = copying();
  roll_back(id, deferred_to(at_in(1h)));
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  act(id, "resume");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "withdrawn");
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollbackDeferred, deferred_may_be_replaced_by_one_that_is_not) {
  const auto id = copying();
  roll_back(id, deferred_to(at_in(1h)));
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "rollback.deferred") == 1; }));
  roll_back(id, R"({"strategy": "immediate"})");
  expect_rolled_back(id);
  EXPECT_THAT(events(id), Contains("rollback.withdrawn"));
}

TEST_P(RollbackDeferred, each_one_that_is_replaced_is_told_however_soon) {
  const auto id = copying();
  for (int i = 0; i < 3; ++i) roll_back(id, deferred_to(at_in(1h)));
  roll_back(id, R"({"strategy": "immediate", "reason": "no more of that"})");
  expect_rolled_back(id);
  const auto told = rollback_events(id);
  EXPECT_EQ(std::ranges::count(told, "rollback.deferred"), 3);
  EXPECT_EQ(std::ranges::count(told, "rollback.withdrawn"), 3);
  EXPECT_EQ(std::ranges::count(told, "rollback.begun"), 1);
  EXPECT_EQ(reported(id, "/reason"), "no more of that");
  EXPECT_THAT(direct().must("SELECT report FROM _sluice.rollbacks").value(), HasSubstr("no more of that"));
}

}  // namespace
}  // namespace sluice::test
