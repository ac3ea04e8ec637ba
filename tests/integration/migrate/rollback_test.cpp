// Rolling back at every stage, under clients that write to the table: it is as it was, nothing is left, no write is
// lost, and the report says what happened.
#include <algorithm>

#include "tests/integration/migrate/rolling_back.hpp"
#include "tests/support/http_stub.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr unsigned accepted = 202;
constexpr unsigned conflict = 409;

SLUICE_ON_BOTH_SERVERS(RollingBack);

TEST_P(RollingBack, while_copying_leaves_nothing_behind) {
  for (const auto* strategy : {"immediate", "graceful"}) {
    const auto id = copying();
    roll_back(id, R"({"reason": "the index is wrong", "strategy": ")" + std::string{strategy} + R"("})");
    expect_rolled_back(id);
    EXPECT_THAT(rollback_events(id), ElementsAre("rollback.begun", "rollback.stop", "rollback.record", "rollback.check",
                                                 "rollback.clean", "rollback.verify", "rollback.completed"));
    const auto told = report(id);
    EXPECT_EQ(json_at(told, "/reason"), "the index is wrong");
    EXPECT_EQ(json_at(told, "/state_before"), "copying");
    EXPECT_THAT(json_at(told, "/record/binlog_position"), HasSubstr("bin"));
    EXPECT_THAT(json_at(told, "/record/applied_position"), HasSubstr("bin"));
    EXPECT_THAT(json_at(told, "/record/source/definition"), HasSubstr("CREATE TABLE `orders`"));
    EXPECT_THAT(json_at(told, "/record/shadow/definition"), HasSubstr("`note`"));
    EXPECT_THAT(json_at(told, "/clean/removed/0"), "table _orders_gho");
    ASSERT_EQ(json_size(told, "/steps"), 5U);
    for (int step = 0; step < 5; ++step) {
      EXPECT_GT(std::stod(json_at(told, "/steps/" + std::to_string(step) + "/ms")), 0);
      EXPECT_NE(json_at(told, "/steps/" + std::to_string(step) + "/started_at"), "");
    }
    EXPECT_EQ(direct()
                  .must("SELECT COUNT(*) FROM _sluice.migrations WHERE number = " + id.substr(1) +
                        " AND JSON_TYPE(JSON_EXTRACT(checkpoint, '$.copied_to')) <> 'NULL'")
                  .value(),
              "0");
    EXPECT_NE(json_at(told, "/ended_at"), "");
  }
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

TEST_P(RollingBack, of_what_is_ready_or_paused_is_as_good) {
  const auto ready = postponed();
  roll_back(ready);
  expect_rolled_back(ready);
  const auto paused = copying();
  act(paused, "pause");
  roll_back(paused);
  expect_rolled_back(paused);
}

TEST_P(RollingBack, in_a_hold_opens_the_gate_first) {
  for (const auto* strategy : {"immediate", "graceful"}) {
    const auto id = postponed();
    EXPECT_EQ(change(id, R"({"drain_timeout_ms": 60000, "on_blocker": "abort"})").status, changed);
    auto client = lingering();
    act(id, "cut-over");
    EXPECT_TRUE(wait_until([&] {
      return shown(id, "/state") == "cutting_over" && json_size(sluice().status(id).json, "/blockers") > 0;
    })) << sluice().status(id).json;
    roll_back(id, R"({"strategy": ")" + std::string{strategy} + R"("})");
    EXPECT_TRUE(writes_go_on()) << "while the transaction is still open";
    expect_rolled_back(id);
    client.must("ROLLBACK");
  }
}

TEST_P(RollingBack, asked_for_while_something_else_is_looked_at_is_taken_up_by_that) {
  const auto id = postponed();
  EXPECT_EQ(change(id, R"q({"compatibility_queries": ["SELECT SLEEP(3) FROM orders LIMIT 1"]})q").status, changed);
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "SELECT SLEEP%"); }, 30s));
  roll_back(id);
  expect_rolled_back(id);
}

TEST_P(RollingBack, while_the_rename_waits_opens_the_gate_and_waits_for_whoever_holds_it_up) {
  const auto id = postponed("ADD COLUMN note INT, AUTO_INCREMENT = 4000000000");
  auto somebody = server().connect("test");
  keep_renames_waiting(somebody);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s));
  roll_back(id, R"({"strategy": "immediate"})");
  EXPECT_TRUE(writes_go_on());
  allow_renames(somebody);
  const auto over = await_over(id);
  // The RENAME may have been let through by the very moment that it was to be backed out of.
  if (json_at(over, "/phase") == "overtaken") return expect_completed(await_end(id));
  expect_rolled_back(id);
}

TEST_P(RollingBack, after_a_panic_removes_what_was_kept_for_study) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  roll_back(id);
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  EXPECT_EQ(shown(id, "/state"), "panicked");
  EXPECT_GT(std::stoll(json_at(over, "/record/rows_copied")), 0);
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

TEST_P(RollingBack, of_one_takes_those_along_that_swap_with_it) {
  direct().must("CREATE TABLE items (id INT PRIMARY KEY)");
  const auto response = sluice().post("/migrate", R"({"database": "test", "options": {"postpone_cut_over": true},
      "tables": [{"table": "orders", "alter": "ADD COLUMN a INT"}, {"table": "items", "alter": "ADD COLUMN a INT"}]})");
  ASSERT_EQ(response.status, accepted) << response.body;
  const auto id = json_at(response.body, "/id");
  const auto other = json_at(response.body, "/swaps_with/0");
  roll_back(other);
  (void)await_over(id);
  (void)await_over(other);
  expect_rolled_back(id);
  expect_rolled_back(other);
}

TEST_P(RollingBack, is_given_up_for_a_panic) {
  const auto id = copying();
  auto somebody = server().connect("test");
  somebody.must("BEGIN");
  somebody.must("SELECT COUNT(*) FROM _orders_gho");
  roll_back(id);
  EXPECT_TRUE(comes_to_step(id, "clean"));
  EXPECT_EQ(sluice().post("/migrate/" + id + "/pause").status, conflict);
  EXPECT_EQ(sluice().post("/migrate/" + id + "/rollback").status, conflict);
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "overtaken");
  somebody.must("COMMIT");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
}

TEST_P(RollingBack, tells_of_queries_and_plans_afterwards) {
  const auto id = copying();
  roll_back(id, R"j({"test_queries": ["SELECT COUNT(*) FROM orders", "SELECT nothing FROM orders"],
                    "explain": ["SELECT * FROM orders WHERE qty = 5", "UPDATE orders SET qty = 1 WHERE id = 5"]})j");
  expect_rolled_back(id);
  const auto told = report(id);
  EXPECT_EQ(json_at(told, "/verify/test_queries/0/problem"), "");
  EXPECT_THAT(json_at(told, "/verify/test_queries/1/problem"), HasSubstr("1054"));
  EXPECT_THAT(json_at(told, "/verify/explain/0/plan/0"), HasSubstr("by by_qty"));
  EXPECT_EQ(json_at(told, "/verify/explain/1/problem"), "");
  EXPECT_THAT(json_at(told, "/findings/0"), HasSubstr("1 of 4 queries fail"));
  const auto text = sluice().get("/migrate/" + id + "/rollback?format=text").body;
  EXPECT_THAT(text, AllOf(HasSubstr("Rollback of " + id), HasSubstr("result        completed"),
                          HasSubstr("to be looked at\n  - 1 of 4 queries fail")));
  EXPECT_THAT(text, HasSubstr("by by_qty"));
}

TEST_P(RollingBack, removes_flag_files_but_nothing_else_that_a_request_may_name) {
  const auto empty = flag_file("postpone");
  const auto full = flag_file("full");
  touch(empty);
  std::ofstream{full} << "keep me";
  const auto id = copying(R"(, "postpone_cut_over_flag_file": ")" + empty.string() + R"(", "panic_flag_file": ")" +
                          flag_file("panic").string() + "\"");
  roll_back(id);
  expect_rolled_back(id);
  EXPECT_FALSE(std::filesystem::exists(empty));
  EXPECT_THAT(report(id), HasSubstr("flag file " + empty.string()));
  const auto other = copying(R"(, "postpone_cut_over_flag_file": ")" + full.string() + "\"");
  roll_back(other);
  expect_rolled_back(other);
  EXPECT_TRUE(std::filesystem::exists(full));
}

TEST_P(RollingBack, what_is_odd_about_the_shadow_is_found) {
  const auto id = postponed();
  direct().must("DELETE FROM _orders_gho WHERE id > 0 ORDER BY id DESC LIMIT 1");
  EXPECT_TRUE(comes_to_show(id, "/mismatches", "1"));
  act(id, "pause");
  // As Sluice's own sessions write, so that nobody sees it in the binlog; more than can be in flight meanwhile.
  auto somebody = server().connect("test");
  somebody.must("SET foreign_key_checks = 0");
  somebody.must(
      "INSERT INTO _orders_gho (id, qty, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 900) SELECT -(a.i * 1000 + b.i), 0, 'nobody wrote this' FROM n AS a JOIN n AS b ON a.i <= 40");
  roll_back(id);
  expect_rolled_back(id);
  EXPECT_THAT(reported(id, "/findings/0"), StartsWith("1 rows had been found unequal"));
  EXPECT_THAT(reported(id, "/findings/1"), HasSubstr(" rows more than the table, of which only "));
  EXPECT_EQ(reported(id, "/steps/2/problem"), "true");
}

TEST_P(RollingBack, of_a_large_table_waits_until_the_load_allows_it) {
  const auto id = postponed("ADD COLUMN pad LONGTEXT");
  const auto busy = flag_file("busy");
  // As Sluice's own sessions write, so that nobody takes it for a stranger's.
  direct().must("SET foreign_key_checks = 0");
  direct().must("UPDATE _orders_gho SET pad = REPEAT('x', 40000) WHERE id > 0 ORDER BY id LIMIT 2500");
  direct().must("SET foreign_key_checks = 1");
  direct().must("ANALYZE NO_WRITE_TO_BINLOG TABLE _orders_gho");
  touch(busy);
  EXPECT_EQ(change(id, R"({"throttle_flag_file": ")" + busy.string() + "\"}").status, changed);
  roll_back(id);
  EXPECT_TRUE(wait_until([&] { return shown(id, "/rollback/waiting_for").find("busy") != std::string::npos; }, 60s))
      << report(id);
  EXPECT_EQ(shown(id, "/rollback/step"), "clean");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(writes_go_on());
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  std::filesystem::remove(busy);
  expect_rolled_back(id);
  EXPECT_GT(std::stoll(reported(id, "/clean/bytes")), 64 << 20);
  EXPECT_GT(std::stod(reported(id, "/clean/waited_ms")), 0);
}

TEST_P(RollingBack, of_a_large_table_with_partitions_empties_one_after_the_other) {
  direct().must("CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4");
  // Not from `orders`, whose rows that would lock: clients might be chosen as victims of a deadlock.
  direct().must(
      "INSERT INTO parts WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63) "
      "SELECT a.i * 64 + b.i FROM n AS a JOIN n AS b");
  const auto id = sluice().migrate(
      {.table = "parts", .alter = "ADD COLUMN pad LONGTEXT", .options = R"({"postpone_cut_over": true})"});
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  direct().must("SET foreign_key_checks = 0");
  direct().must("UPDATE _parts_gho SET pad = REPEAT('x', 40000) ORDER BY id LIMIT 2500");
  direct().must("SET foreign_key_checks = 1");
  direct().must("ANALYZE NO_WRITE_TO_BINLOG TABLE _parts_gho");
  roll_back(id);
  expect_rolled_back(id);
  EXPECT_EQ(reported(id, "/clean/partitions"), "4") << report(id);
}

TEST_P(RollingBack, is_told_to_webhooks_and_counted) {
  HttpStub hook;
  const auto id = copying(R"(, "webhooks": [{"url": ")" + hook.url() + R"(", "events": ["rollback"]}])");
  roll_back(id, R"({"reason": "no good"})");
  expect_rolled_back(id);
  const auto told = [&] {
    const auto posts = hook.posts();
    return !posts.empty() && json_at(posts.back().body, "/event") == "rollback.completed";
  };
  EXPECT_TRUE(wait_until(told, 30s));
  const auto first = hook.posts().front().body;
  EXPECT_EQ(json_at(first, "/kind"), "rollback");
  EXPECT_EQ(json_at(first, "/event"), "rollback.begun");
  EXPECT_EQ(json_at(first, "/details/reason"), "no good");
  EXPECT_NE(json_at(first, "/details/risk"), "");
  EXPECT_THAT(sluice().get("/metrics").body,
              HasSubstr("sluice_rollbacks_total{strategy=\"graceful\",result=\"completed\"} 1\n"));
}

}  // namespace
}  // namespace sluice::test
