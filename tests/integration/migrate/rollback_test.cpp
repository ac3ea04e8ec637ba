// Rolling back at every stage, under clients that write to the table: it is as it was, nothing is left, no write is
// lost, and the report says what happened.
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "tests/integration/migrate/under_clients.hpp"
#include "tests/support/http_stub.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr unsigned done = 200;
constexpr unsigned accepted = 202;
constexpr unsigned malformed = 400;
constexpr unsigned unknown = 404;
constexpr unsigned conflict = 409;
constexpr unsigned refused = 422;

class RollingBack : public UnderClients {
 protected:
  void roll_back(const std::string& id, const std::string& body = "") {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, accepted) << response.body;
  }
  std::string report(const std::string& id) { return sluice().get("/migrate/" + id + "/rollback").body; }
  std::string reported(const std::string& id, const std::string& pointer) { return json_at(report(id), pointer); }
  // Waits until the rollback is over; its report.
  std::string await_over(const std::string& id) {
    const auto over = [&] {
      const auto phase = reported(id, "/phase");
      return phase != "running" && phase != "deferred";
    };
    EXPECT_TRUE(wait_until(over, 60s)) << report(id);
    return report(id);
  }
  bool comes_to_step(const std::string& id, const std::string& step) {
    return wait_until([&] { return shown(id, "/rollback/step") == step; }, 30s);
  }
  std::vector<std::string> events(const std::string& id) {
    const auto journal = sluice().get("/migrate/" + id + "/journal").body;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < json_size(journal, "/journal"); ++i) {
      names.push_back(json_at(journal, "/journal/" + std::to_string(i) + "/event"));
    }
    return names;
  }
  // Those of the rollback itself, in order.
  std::vector<std::string> rollback_events(const std::string& id) {
    auto names = events(id);
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("rollback."); });
    return names;
  }
  void expect_rolled_back(const std::string& id) {
    const auto over = await_over(id);
    EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
    EXPECT_EQ(await_end(id).state, "stopped");
    EXPECT_THAT(leftovers(direct()), IsEmpty());
    expect_untouched();
    EXPECT_EQ(json_at(over, "/verify/definition_unchanged"), "true") << over;
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.heartbeat WHERE migration = " + id.substr(1)).value(), "0");
  }
  static std::string at_in(std::chrono::seconds time) {
    const auto at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + time);
    std::tm utc{};
    gmtime_r(&at, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
  }
  static std::string deferred_to(const std::string& at) { return R"({"strategy": "deferred", "at": ")" + at + R"("})"; }
  // Copying, watched by a guard that fires as long as the gauge says so.
  std::string gauged() {
    direct().must("CREATE TABLE IF NOT EXISTS gauge (reading DOUBLE)");
    direct().must("INSERT INTO gauge VALUES (0)");
    return copying(R"(, "guards": [{"name": "gauge", "when": "sql:SELECT reading FROM test.gauge", "threshold": 1}])");
  }
  void show(const std::string& reading) { direct().must("UPDATE gauge SET reading = " + reading); }
};
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
    EXPECT_EQ(json_size(told, "/steps"), 5U);
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
    auto lingering = sluice().connect();
    lingering.must("BEGIN");
    lingering.must("INSERT INTO orders (id, qty, name) VALUES (900000000, 1, 'never committed')");
    act(id, "cut-over");
    EXPECT_TRUE(wait_until([&] {
      return shown(id, "/state") == "cutting_over" && json_size(sluice().status(id).json, "/blockers") > 0;
    })) << sluice().status(id).json;
    roll_back(id, R"({"strategy": ")" + std::string{strategy} + R"("})");
    EXPECT_TRUE(writes_go_on()) << "while the transaction is still open";
    expect_rolled_back(id);
    lingering.must("ROLLBACK");
  }
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
  expect_rolled_back(id);
  expect_rolled_back(other);
}

TEST_P(RollingBack, deferred_rolls_back_at_its_time_if_a_guard_fires) {
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

TEST_P(RollingBack, deferred_goes_on_if_the_guards_are_quiet_by_then) {
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

TEST_P(RollingBack, deferred_to_a_window_that_is_open_is_decided_at_once) {
  const auto id = gauged();
  show("5");
  roll_back(id, R"({"strategy": "deferred", "window": "00:00-24:00"})");
  expect_rolled_back(id);
}

TEST_P(RollingBack, deferred_is_withdrawn_by_whoever_resumes_the_migration) {
  const auto id = copying();
  roll_back(id, deferred_to(at_in(1h)));
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  act(id, "resume");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "withdrawn");
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollingBack, deferred_may_be_replaced_by_one_that_is_not) {
  const auto id = copying();
  roll_back(id, deferred_to(at_in(1h)));
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "rollback.deferred") == 1; }));
  roll_back(id, R"({"strategy": "immediate"})");
  expect_rolled_back(id);
  EXPECT_THAT(events(id), Contains("rollback.withdrawn"));
}

TEST_P(RollingBack, deferred_outlives_a_restart_and_a_crash) {
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

TEST_P(RollingBack, goes_on_after_a_crash_at_the_moment_it_was_asked_for) {
  const auto id = copying();
  roll_back(id);
  kill_sluice();
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
}

TEST_P(RollingBack, goes_on_after_a_crash_while_it_records) {
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

TEST_P(RollingBack, goes_on_after_a_crash_while_it_waits_to_clean) {
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

TEST_P(RollingBack, goes_on_after_a_crash_while_it_verifies) {
  const auto id = copying();
  roll_back(id, R"j({"test_queries": ["SELECT SLEEP(4)"]})j");
  EXPECT_TRUE(comes_to_step(id, "verify")) << report(id);
  kill_sluice();
  sluice().restart();
  EXPECT_TRUE(writes_go_on());
  expect_rolled_back(id);
  EXPECT_EQ(reported(id, "/verify/test_queries/0/problem"), "");
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

TEST_P(RollingBack, dry_run_tells_time_and_risk_and_changes_nothing) {
  const auto id = copying();
  const auto before = events(id);
  for (const auto* body : {R"({"dry_run": true})", R"({"dry_run": true, "strategy": "immediate"})",
                           R"({"dry_run": true, "strategy": "deferred", "window": "00:00-24:00"})"}) {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, done) << response.body;
    EXPECT_EQ(json_at(response.body, "/dry_run"), "true");
    EXPECT_GT(std::stod(json_at(response.body, "/estimate/seconds")), 0);
    EXPECT_THAT(json_at(response.body, "/estimate/risk"), testing::AnyOf("low", "medium"));
  }
  const auto asked = sluice().get("/migrate/" + id + "/rollback");
  EXPECT_EQ(json_at(asked.body, "/dry_run"), "true") << "what one would take, as there was none";
  EXPECT_THAT(sluice().get("/migrate/" + id + "/rollback?format=text").body,
              HasSubstr("What a rollback of " + id + " (test.orders) would take"));
  EXPECT_EQ(shown(id, "/rollback"), "");
  EXPECT_EQ(shown(id, "/paused"), "false");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.rollbacks").value(), "0");
  EXPECT_EQ(events(id), before);
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollingBack, estimates_by_what_drops_took_before) {
  const auto first = copying();
  EXPECT_EQ(reported(first, "/estimate/measured"), "false");
  roll_back(first);
  expect_rolled_back(first);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.measured WHERE work = 'drop' AND ms > 0").value(), "1");
  const auto second = copying();
  EXPECT_EQ(reported(second, "/estimate/measured"), "true");
  roll_back(second);
  expect_rolled_back(second);
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
  direct().must("INSERT INTO parts SELECT id FROM orders WHERE id < 2000000000");
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

TEST_P(RollingBack, of_what_has_completed_points_at_revert) {
  const auto id = postponed();
  act(id, "cut-over");
  expect_completed(await_end(id));
  const auto response = sluice().post("/migrate/" + id + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "already_swapped");
  EXPECT_THAT(json_at(response.body, "/error/message"), HasSubstr("/migrate/" + id + "/revert"));
  EXPECT_EQ(sluice().get("/migrate/" + id + "/rollback").status, conflict);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
}

TEST_P(RollingBack, of_a_revert_would_drop_the_old_table_and_is_refused) {
  const auto id = postponed();
  act(id, "cut-over");
  expect_completed(sluice().await_audited(id, 60s));
  ASSERT_EQ(sluice().post("/migrate/" + id + "/revert").status, accepted);
  const auto revert = shown(id, "/reverted_by");
  const auto response = sluice().post("/migrate/" + revert + "/rollback", R"({"strategy": "immediate"})");
  EXPECT_EQ(response.status, conflict) << response.body;
  EXPECT_TRUE(wait_until([&] { return sluice().status(revert).ended(); }, 60s));
  expect_untouched();
}

TEST_P(RollingBack, of_what_is_gone_is_a_clear_error) {
  const auto id = copying();
  roll_back(id);
  expect_rolled_back(id);
  auto response = sluice().post("/migrate/" + id + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "already_rolled_back");
  const auto stopped = copying();
  act(stopped, "stop");
  EXPECT_EQ(await_end(stopped).state, "stopped");
  response = sluice().post("/migrate/" + stopped + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "nothing_to_roll_back");
  EXPECT_EQ(sluice().post("/migrate/m999/rollback").status, unknown);
  EXPECT_EQ(sluice().get("/migrate/m999/rollback").status, unknown);
}

TEST_P(RollingBack, bad_input_is_named_and_changes_nothing) {
  const auto id = copying();
  const auto refusal = [&](const std::string& body, unsigned status) {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, status) << response.body;
    return json_at(response.body, "/error/message");
  };
  EXPECT_THAT(refusal(R"({"strategy": "gentle"})", malformed), HasSubstr("immediate, graceful or deferred"));
  EXPECT_THAT(refusal(deferred_to(at_in(-10s)), malformed), HasSubstr("in the past"));
  EXPECT_THAT(refusal(R"({"strategy": "deferred", "at": ")" + at_in(1h) + R"(", "window": "00:00-24:00"})", malformed),
              HasSubstr("one of the two"));
  EXPECT_THAT(refusal(R"({"test_queries": ["DROP TABLE orders"]})", malformed), HasSubstr("nothing but SELECTs"));
  EXPECT_THAT(refusal(R"({"backup": "data"})", refused), HasSubstr("--backup-path"));
  EXPECT_EQ(shown(id, "/rollback"), "");
  go_fast(id);
  expect_completed(await_end(id));
}

}  // namespace
}  // namespace sluice::test
