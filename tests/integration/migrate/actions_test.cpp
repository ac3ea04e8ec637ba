// What a person may ask of a migration while it runs, by HTTP and by flag files, under writing clients.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr unsigned conflict = 409;

class Actions : public UnderClients {};
SLUICE_ON_BOTH_SERVERS(Actions);

TEST_P(Actions, pause_stops_the_copy_and_resume_goes_on) {
  const auto id = copying();
  act(id, "pause");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_EQ(sluice().post("/migrate/" + id + "/pause").status, conflict);
  (void)change(id, R"({"nice_ratio": 0})");  // nothing but the pause holds it back
  EXPECT_TRUE(writes_go_on());               // while the chunks at hand are finished
  const auto paused = sluice().status(id);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(writes_go_on());
    EXPECT_EQ(sluice().status(id).rows_copied, paused.rows_copied);
    EXPECT_EQ(sluice().status(id).changes_applied, paused.changes_applied);
  }
  EXPECT_GT(sluice().status(id).changes_pending, paused.changes_pending) << "the binlog is read on";
  EXPECT_EQ(sluice().status(id).state, "copying");
  go_fast(id);
  act(id, "resume");
  expect_completed(await_end(id));
  EXPECT_EQ(shown(id, "/paused"), "false");
}

TEST_P(Actions, rows_that_somebody_changed_in_the_new_table_are_found_and_written_again) {
  const auto id = copying();
  direct().must("INSERT INTO _orders_gho (id, qty, name) VALUES (-5, 0, 'nobody wrote this')");
  direct().must("UPDATE _orders_gho SET qty = qty + 1000000 WHERE id > 0 ORDER BY id LIMIT 1");
  go_fast(id);
  const auto status = await_end(id);
  expect_completed(status);
  EXPECT_EQ(status.mismatches, 2U) << "what clients changed counts not";
  EXPECT_NE(json_at(status.json, "/verified_at"), "");
}

TEST_P(Actions, rows_that_somebody_changes_in_the_new_table_after_the_comparison_are_written_again) {
  const auto id = postponed();
  direct().must("INSERT INTO _orders_gho (id, qty, name) VALUES (-5, 0, 'nobody wrote this')");
  direct().must("UPDATE _orders_gho SET qty = qty + 1000000 WHERE id > 0 ORDER BY id LIMIT 1");
  direct().must("DELETE FROM _orders_gho WHERE id > 0 ORDER BY id DESC LIMIT 1");
  EXPECT_TRUE(comes_to_show(id, "/mismatches", "3"));
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_THAT(journal_entry(sluice().get("/migrate/" + id + "/events").body, "shadow_changed"), HasSubstr("rows"));
}

TEST_P(Actions, cut_over_waits_until_it_is_asked_for) {
  const auto id = postponed();
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(sluice().status(id).state, "ready");
  expect_untouched();
  act(id, "cut-over");
  const auto status = await_end(id);
  expect_completed(status);
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`note` int"));
  EXPECT_EQ(json_at(status.json, "/old_table"), "_orders_del");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  EXPECT_DOUBLE_EQ(status.progress, 1);
  EXPECT_GT(status.hold_ms, 0);
  EXPECT_EQ(status.attempts, 1U);
  EXPECT_NE(json_at(status.json, "/started_at"), "");
  EXPECT_NE(json_at(status.json, "/ended_at"), "");
}

TEST_P(Actions, postponing_ends_when_the_option_is_changed) {
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"postpone_cut_over": false})").status, changed);
  expect_completed(await_end(id));
}

TEST_P(Actions, postpone_flag_file_keeps_the_cut_over_waiting_until_it_is_removed) {
  const auto file = flag_file("postpone");
  touch(file);
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"postpone_cut_over_flag_file": ")" + file.string() + "\"}"});
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(sluice().status(id).state, "ready");
  std::filesystem::remove(file);
  expect_completed(await_end(id));
}

TEST_P(Actions, throttle_flag_file_and_query_hold_the_copy_back_and_are_named) {
  const auto file = flag_file("throttle");
  touch(file);
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"throttle_flag_file": ")" + file.string() + "\"}"});
  EXPECT_TRUE(wait_until([&] { return !shown(id, "/throttled_by").empty(); }));
  EXPECT_TRUE(writes_go_on());
  EXPECT_LT(sluice().status(id).rows_copied, rows);
  EXPECT_EQ(change(id, R"({"throttle_query": "SELECT 1"})").status, changed);
  std::filesystem::remove(file);
  EXPECT_TRUE(wait_until([&] { return shown(id, "/throttled_by").find("query") != std::string::npos; }))
      << shown(id, "/throttled_by");
  EXPECT_GT(throttled_seconds(), 0.1);
  EXPECT_EQ(change(id, R"({"throttle_query": ""})").status, changed);
  expect_completed(await_end(id));
  EXPECT_EQ(shown(id, "/throttled_by"), "");
  const double in_all = throttled_seconds();
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(throttled_seconds(), in_all);
}

TEST_P(Actions, open_transaction_is_named_and_waited_for_while_others_go_on) {
  auto lingering = sluice().connect();
  lingering.must("INSERT INTO orders (id, qty, name) VALUES (999999999, 1, 'lingering')");
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"drain_timeout_ms": 300})").status, changed);
  lingering.must("BEGIN");
  lingering.must("UPDATE orders SET qty = qty + 1 WHERE id = 999999999");
  act(id, "cut-over");
  const auto named = [&] {
    return shown(id, "/blockers/0/connection_id") == std::to_string(lingering.connection_id());
  };
  EXPECT_TRUE(wait_until(named)) << sluice().status(id).json;
  EXPECT_THAT(shown(id, "/blockers/0/statement"), Not(HasSubstr("999999999")));  // never with its literals
  EXPECT_TRUE(writes_go_on());
  EXPECT_FALSE(sluice().status(id).ended());
  lingering.must("DELETE FROM orders WHERE id = 999999999");
  lingering.must("COMMIT");
  expect_completed(await_end(id));
}

TEST_P(Actions, client_that_alters_the_table_meanwhile_is_told_of_the_migration) {
  const auto id = postponed();
  auto client = sluice().connect();
  const auto reply = client.query("ALTER TABLE orders ADD COLUMN mine INT");
  ASSERT_TRUE(reply.error);
  EXPECT_THAT(reply.error->text, HasSubstr(id));
  EXPECT_TRUE(client.query("SELECT COUNT(*) FROM orders").ok());
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  // Nobody is in its way any more but the server, which finds the mistake before it would lock out the other clients.
  const auto allowed = client.query("ALTER TABLE orders DROP INDEX not_there");
  ASSERT_TRUE(allowed.error);
  EXPECT_EQ(allowed.error->code, 1091U) << allowed.error->text;
}

TEST_P(Actions, old_table_goes_after_its_retention_where_that_is_allowed) {
  complete({.table = "orders",
            .alter = "ADD COLUMN note INT",
            .options = R"({"ok_to_drop_table": true, "old_table_retention": "1s"})"});
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }, 30s));
}

}  // namespace
}  // namespace sluice::test
