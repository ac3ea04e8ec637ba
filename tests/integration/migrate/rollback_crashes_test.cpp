// Rollbacks that a crash interrupts, at each of their steps: they go on, and what had been decided stays so.
#include "tests/integration/migrate/rolling_back.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class RollbackCrashes : public RollingBack {};
SLUICE_ON_BOTH_SERVERS(RollbackCrashes);

TEST_P(RollbackCrashes, deferred_outlives_a_restart_and_a_crash) {
  const auto id = gauged();
  show("5");
  roll_back(id, deferred_to(at_in(8s)));
  kill_sluice();
  sluice().restart();
  EXPECT_EQ(shown(id, "/paused"), "true");
  EXPECT_EQ(shown(id, "/rollback/phase"), "deferred");
  EXPECT_EQ(sluice().stop(), 0);
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
}

TEST_P(RollbackCrashes, goes_on_after_a_crash_at_the_moment_it_was_asked_for) {
  const auto id = copying();
  roll_back(id);
  kill_sluice();
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
}

TEST_P(RollbackCrashes, goes_on_after_a_crash_while_it_records) {
  const auto id = copying();
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _orders_gho WRITE");
  roll_back(id, R"({"strategy": "immediate"})");
  EXPECT_TRUE(comes_to_step(id, "record")) << report(id);
  kill_sluice();
  somebody.must("UNLOCK TABLES");
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
}

TEST_P(RollbackCrashes, goes_on_after_a_crash_while_it_waits_to_clean) {
  const auto id = copying();
  auto somebody = server().connect("test");
  somebody.must("BEGIN");
  somebody.must("SELECT COUNT(*) FROM _orders_gho");
  roll_back(id);
  EXPECT_TRUE(comes_to_show(id, "/rollback/waiting_for", "somebody who uses _orders_gho")) << report(id);
  kill_sluice();
  sluice().restart();
  EXPECT_TRUE(comes_to_show(id, "/rollback/waiting_for", "somebody who uses _orders_gho")) << report(id);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  somebody.must("COMMIT");
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
  EXPECT_GT(std::stod(reported(id, "/clean/waited_ms")), 0);
}

TEST_P(RollbackCrashes, goes_on_after_a_crash_while_it_verifies) {
  const auto id = copying();
  roll_back(id, R"j({"test_queries": ["SELECT SLEEP(4)"]})j");
  EXPECT_TRUE(comes_to_step(id, "verify")) << report(id);
  kill_sluice();
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
  EXPECT_EQ(reported(id, "/verify/test_queries/0/problem"), "");
}

TEST_P(RollbackCrashes, goes_on_after_a_crash_while_it_checks) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  const auto kept = [&] { return direct().must("SELECT state FROM _sluice.migrations").value(); };
  ASSERT_TRUE(wait_until([&] { return kept() == "panicked"; }));
  // Nobody can tell whose shadow table it is.
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _sluice.migrations WRITE");
  roll_back(id);
  EXPECT_TRUE(comes_to_step(id, "check")) << report(id);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  kill_sluice();
  somebody.must("UNLOCK TABLES");
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
  EXPECT_THAT(leftovers(direct()), testing::IsEmpty());
  EXPECT_EQ(json_size(report(id), "/steps"), 5U) << report(id);
}

TEST_P(RollbackCrashes, what_is_rolled_back_does_not_go_on_where_the_crash_came_before_its_own_end_was_kept) {
  const auto id = copying();
  roll_back(id, R"j({"test_queries": ["SELECT SLEEP(3)"]})j");
  EXPECT_TRUE(comes_to_step(id, "verify")) << report(id);
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _sluice.migrations WRITE");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
  kill_sluice();
  somebody.must("UNLOCK TABLES");
  EXPECT_EQ(direct().must("SELECT state FROM _sluice.migrations").value(), "copying");
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
  EXPECT_EQ(shown(id, "/error"), "") << "it was stopped, it has not failed";
}

TEST_P(RollbackCrashes, what_was_swapped_is_not_called_rolled_back_where_the_crash_came_before_that_was_known) {
  const auto id = postponed();
  act(id, "cut-over");
  expect_completed(sluice().await_audited(id, 60s));
  kill_sluice();
  direct().must(
      "INSERT INTO _sluice.rollbacks (migration, report) VALUES (1, '{\"migration\": \"m1\", \"database\": \"test\", "
      "\"table\": \"orders\", \"phase\": \"running\", \"step\": \"stop\", \"strategy\": \"immediate\"}')");
  sluice().restart();
  EXPECT_EQ(json_at(await_over(id), "/phase"), "overtaken") << report(id);
  EXPECT_THAT(reported(id, "/problem"), HasSubstr("it is completed"));
  EXPECT_EQ(shown(id, "/state"), "completed");
  EXPECT_EQ(sluice().post("/migrate/" + id + "/revert").status, 202U) << "which is the way back";
  EXPECT_TRUE(wait_until([&] { return shown(id, "/state") == "reverted"; }, 60s));
}

TEST_P(RollbackCrashes, deferred_that_let_it_go_on_does_so_where_the_crash_came_before_that_was_kept) {
  const auto id = gauged();
  roll_back(id, deferred_to(at_in(5s)));
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_TRUE(wait_until([&] { return direct().must("SELECT paused FROM _sluice.migrations").value() == "1"; }));
  direct().must(
      "CREATE TRIGGER _sluice.hush BEFORE UPDATE ON _sluice.migrations FOR EACH ROW BEGIN IF NEW.paused = 0 THEN "
      "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF; END");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "went_on") << report(id);
  EXPECT_TRUE(wait_until([&] {
    return direct().must("SELECT COUNT(*) FROM _sluice.rollbacks WHERE report LIKE '%went_on%'").value() == "1";
  }));
  kill_sluice();
  direct().must("DROP TRIGGER _sluice.hush");
  EXPECT_EQ(direct().must("SELECT paused FROM _sluice.migrations").value(), "1");
  sluice().restart();
  EXPECT_TRUE(comes_to_show(id, "/paused", "false")) << sluice().status(id).json;
  EXPECT_TRUE(writes_go_on());
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollbackCrashes, a_panic_that_could_not_be_kept_is_kept_as_soon_as_it_can_be) {
  const auto id = copying();
  direct().must(
      "CREATE TRIGGER _sluice.hush BEFORE UPDATE ON _sluice.migrations FOR EACH ROW BEGIN IF NEW.state = 'panicked' "
      "THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF; END");
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "not_saved") == 1; }));
  direct().must("DROP TRIGGER _sluice.hush");
  EXPECT_TRUE(
      wait_until([&] { return direct().must("SELECT state FROM _sluice.migrations").value() == "panicked"; }, 30s))
      << "else the next start would go on with it";
}

TEST_P(RollbackCrashes, a_report_that_can_not_be_kept_is_waited_for_and_told) {
  const auto id = copying();
  direct().must(
      "CREATE TRIGGER _sluice.hush BEFORE INSERT ON _sluice.rollbacks FOR EACH ROW BEGIN IF NEW.report LIKE "
      "'%\"step\":\"clean\"%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF; END");
  roll_back(id);
  EXPECT_TRUE(wait_until([&] { return shown(id, "/rollback/waiting_for").find("not now") != std::string::npos; }, 30s))
      << report(id);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho")) << "what is not known to be checked is not dropped";
  direct().must("DROP TRIGGER _sluice.hush");
  expect_rolled_back(id);
}

}  // namespace
}  // namespace sluice::test
