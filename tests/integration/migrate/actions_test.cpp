// What a person may ask of a migration while it runs, by HTTP and by flag files, under writing clients.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr unsigned conflict = 409;
constexpr unsigned refused = 422;

class Actions : public UnderClients {
 protected:
  // A migration that is ready, and for whose cut-over no DDL is needed before the RENAME.
  std::string ready_for_the_rename() { return postponed("ADD COLUMN note INT, AUTO_INCREMENT = 4000000000"); }
};
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

TEST_P(Actions, stop_drops_the_shadow_and_leaves_the_table) {
  const auto id = copying();
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

TEST_P(Actions, stop_of_what_is_ready_drops_the_shadow_as_well) {
  const auto id = postponed();
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Actions, panic_stops_at_once_and_keeps_the_shadow_for_study) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();

  const Migration again{.table = "orders", .alter = "ADD COLUMN note INT"};
  EXPECT_EQ(sluice().post("/migrate", body_of(again)).status, refused);
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"initially_drop_ghost_table": true})"});
}

TEST_P(Actions, panic_is_heard_while_somebody_has_locked_the_new_table) {
  const auto id = postponed();
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _orders_gho WRITE");
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_pending > 100; }, 30s));
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  somebody.must("UNLOCK TABLES");
  expect_untouched();
}

TEST_P(Actions, panic_leaves_the_counts_and_positions_of_both_tables_in_the_status) {
  const auto id = copying();
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_applied > 0; }));
  act(id, "panic");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "panicked");
  EXPECT_GT(status.rows_copied, 0U);
  EXPECT_GT(status.rows_estimated, 0U);
  EXPECT_GT(status.changes_applied, 0U);
  EXPECT_THAT(json_at(status.json, "/read_position"), HasSubstr("bin"));
  EXPECT_THAT(json_at(status.json, "/applied_position"), HasSubstr("bin"));
  const auto applied = shown(id, "/applied_position");
  const auto stored = [&] {
    return direct().must("SELECT state FROM _sluice.migrations WHERE number = " + id.substr(1)).value();
  };
  EXPECT_TRUE(wait_until([&] { return stored() == "panicked"; }));
  kill_sluice();
  sluice().restart();
  EXPECT_EQ(shown(id, "/applied_position"), applied);
  EXPECT_EQ(sluice().status(id).rows_copied, status.rows_copied);
}

TEST_P(Actions, panic_in_the_midst_of_a_hold_opens_the_gate_first) {
  const auto id = ready_for_the_rename();
  auto backup = server().connect("test");
  keep_renames_waiting(backup);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s));
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_TRUE(writes_go_on());
  allow_renames(backup);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
}

TEST_P(Actions, panic_while_it_drains_opens_the_gate_at_once) {
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"drain_timeout_ms": 60000, "on_blocker": "abort"})").status, changed);
  auto lingering = sluice().connect();
  lingering.must("BEGIN");
  lingering.must("INSERT INTO orders (id, qty, name) VALUES (900000000, 1, 'never committed')");
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/state") == "cutting_over" && shown(id, "/blockers/0/user") != ""; }));
  act(id, "panic");
  EXPECT_TRUE(writes_go_on()) << "while the transaction is still open";
  EXPECT_EQ(await_end(id).state, "panicked");
  expect_untouched();
  lingering.must("ROLLBACK");
}

TEST_P(Actions, stop_in_the_midst_of_a_hold_opens_the_gate_first) {
  const auto id = ready_for_the_rename();
  auto backup = server().connect("test");
  keep_renames_waiting(backup);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s));
  act(id, "stop");
  EXPECT_TRUE(writes_go_on());
  allow_renames(backup);
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Actions, panic_flag_file_panics) {
  const auto file = flag_file("panic");
  const auto id = copying(R"(, "panic_flag_file": ")" + file.string() + "\"");
  touch(file);
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
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

TEST_P(Actions, dry_run_tells_the_plan_and_leaves_nothing) {
  const auto response = sluice().post(
      "/migrate",
      R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT, DROP COLUMN tag", "dry_run": true})");
  EXPECT_LT(response.status, 300U) << response.body;
  EXPECT_EQ(json_at(response.body, "/key"), "PRIMARY");
  EXPECT_EQ(json_at(response.body, "/added_columns/0"), "note");
  EXPECT_EQ(json_at(response.body, "/dropped_columns/0"), "tag");
  ASSERT_EQ(json_size(response.body, "/columns"), 3U) << response.body;
  for (const auto* at : {"/columns/0", "/columns/1", "/columns/2"}) {
    EXPECT_EQ(json_at(response.body, std::string{at} + "/from"), json_at(response.body, std::string{at} + "/to"));
  }
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Actions, old_table_goes_after_its_retention_where_that_is_allowed) {
  complete({.table = "orders",
            .alter = "ADD COLUMN note INT",
            .options = R"({"ok_to_drop_table": true, "old_table_retention": "1s"})"});
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }, 30s));
}

TEST_P(Actions, cleanup_drops_what_a_panic_left) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  act(id, "cleanup");
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }));
  const auto journal = [&] { return sluice().get("/migrate/" + id + "/journal").body; };
  EXPECT_TRUE(wait_until([&] { return journal().find("cleanup.completed") != std::string::npos; }));
  expect_untouched();
}

TEST_P(Actions, journal_is_exported_as_one_file_with_positions_and_counts) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  // The state is told a moment before its entry is written.
  ASSERT_TRUE(wait_until([&] {
    return sluice().get("/migrate/" + status.id + "/journal").body.find(R"("event":"completed")") != std::string::npos;
  }));
  const auto file = sluice().get("/migrate/" + status.id + "/journal");
  EXPECT_EQ(file.status, 200U);
  EXPECT_THAT(file.headers.at("content-disposition"), HasSubstr(status.id + "-journal.json"));
  EXPECT_EQ(json_at(file.body, "/migration/state"), "completed");
  std::vector<std::string> events;
  for (std::size_t i = 0; i < json_size(file.body, "/journal"); ++i) {
    const auto entry = "/journal/" + std::to_string(i);
    events.push_back(json_at(file.body, entry + "/event"));
    EXPECT_EQ(json_at(file.body, entry + "/number"), std::to_string(i + 1));
    EXPECT_THAT(json_at(file.body, entry + "/details/at/position"), HasSubstr("bin")) << events.back();
  }
  for (const auto* event :
       {"started", "copied", "verified", "ready", "cut_over.begun", "cut_over.completed", "completed"}) {
    EXPECT_THAT(events, Contains(event));
  }
}

TEST_P(Actions, each_decision_is_in_the_table_the_event_stream_and_the_log) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  const auto of = " FROM _sluice.journal WHERE migration = " + status.id.substr(1);
  ASSERT_TRUE(
      wait_until([&] { return direct().must("SELECT COUNT(*)" + of + " AND event = 'audit.passed'").value() == "1"; }));
  const auto stream = sluice().get("/migrate/" + status.id + "/events").body;
  const auto log = sluice().log();
  const auto rows = direct().must("SELECT event, at" + of + " ORDER BY number").rows();
  EXPECT_GT(rows.size(), 6U);
  for (const auto& row : rows) {
    const auto event = row.at(0).value();
    EXPECT_THAT(journal_entry(stream, event), HasSubstr(row.at(1).value())) << event;
    EXPECT_THAT(log, HasSubstr("\"event\":\"" + event + "\",\"migration\":\"" + status.id + "\"")) << event;
  }
}

TEST_P(Actions, pausing_is_a_decision_of_the_journal) {
  const auto id = postponed();
  const auto tells = [&](const std::string& event) {
    return wait_until([&] {
      return sluice().get("/migrate/" + id + "/journal").body.find("\"event\":\"" + event + "\"") != std::string::npos;
    });
  };
  act(id, "pause");
  EXPECT_TRUE(tells("paused"));
  act(id, "resume");
  EXPECT_TRUE(tells("unpaused"));
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Actions, dry_run_drops_nothing_that_a_real_one_would) {
  const auto dry = [&] {
    return sluice().post("/migrate", R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT",
        "options": {"initially_drop_ghost_table": true, "initially_drop_old_table": true}, "dry_run": true})");
  };
  direct().must("CREATE TABLE _orders_del (id INT PRIMARY KEY)");
  EXPECT_EQ(dry().status, 200U);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  direct().must("CREATE TABLE _orders_gho (id INT PRIMARY KEY)");
  const auto response = dry();
  EXPECT_EQ(response.status, refused);
  EXPECT_THAT(response.body, HasSubstr("a dry run, which needs its name, does not drop it"));
  EXPECT_THAT(leftovers(direct()), UnorderedElementsAre("_orders_del", "_orders_gho"));
}

TEST_P(Actions, dry_run_tells_sizes_times_risk_and_what_an_instant_alter_would_do) {
  const auto dry = [&](const std::string& alter, const std::string& options) {
    return sluice()
        .post("/migrate", R"({"database": "test", "table": "orders", "dry_run": true, "alter": ")" + alter +
                              R"(", "options": )" + options + "}")
        .body;
  };
  const auto plain = dry("ADD COLUMN note INT", "{}");
  EXPECT_EQ(json_at(plain, "/algorithm"), "copy");
  EXPECT_EQ(json_at(plain, "/instant_possible"), "true") << plain;
  EXPECT_EQ(json_at(plain, "/key_columns/0"), "id");
  EXPECT_GT(std::stoull(json_at(plain, "/data_bytes")), 0U);
  EXPECT_NE(json_at(plain, "/seconds_estimated/copy"), "");
  EXPECT_NE(json_at(plain, "/seconds_estimated/compare"), "");
  EXPECT_EQ(json_at(dry("ADD COLUMN note INT", R"({"attempt_instant_ddl": true})"), "/algorithm"), "instant");

  const auto risky = dry("DROP COLUMN tag, MODIFY qty BIGINT",
                         R"({"compatibility_queries": ["SELECT tag FROM orders", "SELECT qty FROM orders"]})");
  EXPECT_EQ(json_at(risky, "/instant_possible"), "false");
  EXPECT_EQ(json_at(risky, "/risk/level"), "high") << risky;
  EXPECT_GE(json_size(risky, "/risk/reasons"), 2U);
  EXPECT_THAT(json_at(risky, "/compatibility_queries/0/problem"), HasSubstr("tag"));
  EXPECT_EQ(json_at(risky, "/compatibility_queries/1/problem"), "");
  EXPECT_NE(json_at(risky, "/compatibility_queries/1/rows"), "");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Actions, events_tell_the_story_to_its_end) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  const auto events = sluice().get("/migrate/" + status.id + "/events");
  EXPECT_EQ(events.status, 200U);
  EXPECT_THAT(events.headers.at("content-type"), HasSubstr("text/event-stream"));
  EXPECT_THAT(events.body, HasSubstr("cut_over"));
  EXPECT_THAT(events.body, HasSubstr("completed"));
  EXPECT_THAT(sluice().get("/migrate").body, HasSubstr("\"" + status.id + "\""));
}

}  // namespace
}  // namespace sluice::test
