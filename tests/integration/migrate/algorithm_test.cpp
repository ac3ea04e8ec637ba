// Indexes that are built after the copy, alters that the server does in an instant, and rows moved by several hands.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Algorithm : public BehindSluice {
 protected:
  // What the server's own ALTER makes of a table like orders.
  std::string expected(const std::string& alter) {
    direct().must("DROP TABLE IF EXISTS expected");
    direct().must("CREATE TABLE expected LIKE orders");
    direct().must("ALTER TABLE expected " + alter);
    return definition(direct(), "expected");
  }
  // So many rows that the server builds them for a while.
  void make_orders_with_indexes() {
    make_orders(100'000);
    direct().must("ALTER TABLE orders ADD KEY by_name (name), ADD KEY name_qty (name, qty)");
  }
  std::string building_indexes() {
    auto id = sluice().migrate({.table = "orders",
                                .alter = "ADD COLUMN note INT",
                                .options = R"({"defer_secondary_indexes": true, "chunk_time_ms": 100})"});
    EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "ALTER TABLE %ADD KEY%"); }, 60s));
    return id;
  }
  std::string instant_and_postponed() {
    auto id = sluice().migrate({.table = "orders",
                                .alter = "ADD COLUMN note INT",
                                .options = R"({"attempt_instant_ddl": true, "postpone_cut_over": true})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    return id;
  }
  void expect_stopping_leaves(const std::string& id, const std::string& before) {
    act(id, "stop");
    EXPECT_EQ(await_end(id).state, "stopped");
    EXPECT_EQ(definition(direct(), "orders"), before);
    EXPECT_THAT(leftovers(direct()), testing::IsEmpty());
  }
  std::string entry(const std::string& id, const std::string& event) {
    return journal_entry(sluice().get("/migrate/" + id + "/events").body, event);
  }
};
SLUICE_ON_BOTH_SERVERS(Algorithm);

TEST_P(Algorithm, indexes_that_were_put_off_are_those_of_the_servers_own_alter) {
  make_orders(5000);
  direct().must("ALTER TABLE orders ADD UNIQUE KEY once (id, qty), ADD FULLTEXT KEY words (name)");
  const std::string alter = "ADD COLUMN note INT, ADD KEY by_name (name(5), qty)";
  const auto same = expected(alter);
  const auto status = complete({.table = "orders", .alter = alter, .options = R"({"defer_secondary_indexes": true})"});
  EXPECT_EQ(definition(direct(), "orders"), same);
  EXPECT_THAT(entry(status.id, "indexes.built"), HasSubstr("indexes.built"));
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders FORCE INDEX (by_name) WHERE name > ''").value(), "5000");
}

TEST_P(Algorithm, indexes_are_built_while_clients_write) {
  make_orders(0);
  direct().must("ALTER TABLE orders ADD KEY by_name (name)");
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 20'000);
  workload.start();
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"defer_secondary_indexes": true})"});
  expect_unharmed(workload);
}

TEST_P(Algorithm, indexes_are_built_after_a_crash) {
  make_orders(3000);
  const auto same = expected("ADD COLUMN note INT");
  const auto id = sluice().migrate(
      {.table = "orders",
       .alter = "ADD COLUMN note INT",
       .options = R"({"defer_secondary_indexes": true, "chunk_size": 10, "chunk_time_ms": 1, "nice_ratio": 20})"});
  ASSERT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 0; }, 30s));
  sluice().kill9();
  sluice().restart();
  (void)change(id, R"({"nice_ratio": 0, "chunk_time_ms": 50})");
  expect_completed(await_end(id));
  EXPECT_EQ(definition(direct(), "orders"), same);
}

TEST_P(Algorithm, indexes_that_the_server_still_builds_after_a_crash_are_waited_for) {
  make_orders_with_indexes();
  const auto same = expected("ADD COLUMN note INT");
  const auto id = building_indexes();
  sluice().kill9();
  sluice().restart();
  expect_completed(await_end(id));
  EXPECT_EQ(definition(direct(), "orders"), same);
}

TEST_P(Algorithm, stopping_while_indexes_are_built_leaves_nothing_behind) {
  make_orders_with_indexes();
  const auto before = definition(direct(), "orders");
  const auto id = building_indexes();
  expect_stopping_leaves(id, before);
}

TEST_P(Algorithm, indexes_are_there_from_the_start_where_nothing_is_said) {
  make_orders(100);
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_EQ(entry(status.id, "indexes.built"), "");
}

TEST_P(Algorithm, instant_alters_copy_no_row_and_leave_no_table_behind) {
  make_orders(1000);
  const auto same = expected("ADD COLUMN note INT");
  const auto status =
      complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"attempt_instant_ddl": true})"});
  EXPECT_EQ(definition(direct(), "orders"), same);
  EXPECT_EQ(status.rows_copied, 0U);
  EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "instant");
  EXPECT_LT(status.hold_ms, 500);
  // Its pattern goes a moment after the state is told.
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }));
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), "1000");
}

TEST_P(Algorithm, instant_alters_mean_times_as_the_servers_own_alter) {
  make_orders(10);
  direct().must("SET GLOBAL time_zone = '+02:00'");
  const auto status = complete({.table = "orders",
                                .alter = "ADD COLUMN at TIMESTAMP NOT NULL DEFAULT '2024-01-01 12:00:00'",
                                .options = R"({"attempt_instant_ddl": true})"});
  direct().must("SET GLOBAL time_zone = SYSTEM");
  EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "instant");
  EXPECT_EQ(direct().must("SELECT DISTINCT UNIX_TIMESTAMP(at) FROM orders").value(), "1704103200");
}

TEST_P(Algorithm, tables_that_changed_while_an_instant_alter_waited_are_left_alone) {
  make_orders(10);
  const auto id = instant_and_postponed();
  direct().must("ALTER TABLE orders ADD COLUMN theirs INT");
  const auto changed = definition(direct(), "orders");
  act(id, "cut-over");
  EXPECT_THAT(await_end(id).error, HasSubstr("table_changed"));
  EXPECT_EQ(definition(direct(), "orders"), changed);
}

TEST_P(Algorithm, instant_alters_can_be_cleaned_up_after) {
  make_orders(10);
  const auto status =
      complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"attempt_instant_ddl": true})"});
  act(status.id, "cleanup");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), "10");
}

TEST_P(Algorithm, instant_alters_hold_writing_clients_and_harm_none) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 1000);
  workload.start();
  for (int i = 0; i < 5; ++i) {
    const auto status = complete({.table = "orders",
                                  .alter = "ADD COLUMN note" + std::to_string(i) + " INT",
                                  .options = R"({"attempt_instant_ddl": true})"});
    EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "instant");
  }
  expect_unharmed(workload);
}

TEST_P(Algorithm, what_is_not_instant_is_copied) {
  make_orders(100);
  const auto status = complete(
      {.table = "orders", .alter = "MODIFY qty BIGINT NOT NULL", .options = R"({"attempt_instant_ddl": true})"});
  EXPECT_EQ(status.rows_copied, 100U);
}

TEST_P(Algorithm, what_the_server_refuses_to_do_in_an_instant_after_all_is_copied) {
  if (!is_mysql()) return;  // MariaDB counts no versions of rows
  make_orders(100);
  // A table takes so many instant alters before it must be rebuilt, which its empty pattern does not show.
  int columns = 0;
  while (
      direct().query("ALTER TABLE orders ADD COLUMN more" + std::to_string(columns) + " INT, ALGORITHM=INSTANT").ok())
    ASSERT_LT(++columns, 300);
  const auto status =
      complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"attempt_instant_ddl": true})"});
  EXPECT_EQ(status.rows_copied, 100U);
  EXPECT_THAT(entry(status.id, "not_instant"), HasSubstr("not_instant"));
  EXPECT_EQ(sluice().await_audited(status.id, 60s).audit, "passed");
}

TEST_P(Algorithm, instant_alters_are_left_out_where_tables_swap_together) {
  make_orders(100);
  direct().must("DROP TABLE IF EXISTS items, _items_del");
  direct().must("CREATE TABLE items (id INT PRIMARY KEY)");
  const auto response =
      sluice().post("/migrate", R"({"database": "test", "options": {"attempt_instant_ddl": true}, "tables": [)"
                                R"({"table": "orders", "alter": "ADD COLUMN note INT"},)"
                                R"({"table": "items", "alter": "ADD COLUMN note INT"}]})");
  ASSERT_EQ(response.status, 202U) << response.body;
  const auto status = await_end(parse_status(response.body).id);
  expect_completed(status);
  EXPECT_EQ(status.rows_copied, 100U);
}

TEST_P(Algorithm, nothing_is_altered_in_an_instant_where_nothing_is_said) {
  make_orders(100);
  EXPECT_EQ(complete({.table = "orders", .alter = "ADD COLUMN note INT"}).rows_copied, 100U);
}

TEST_P(Algorithm, instant_alters_wait_for_the_word_as_any_cut_over) {
  make_orders(100);
  const auto id = instant_and_postponed();
  EXPECT_THAT(definition(direct(), "orders"), testing::Not(HasSubstr("note")));
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("note"));
}

// SHOW CREATE TABLE tells the default as it is, in bytes.
TEST_P(Algorithm, instant_alters_of_tables_with_defaults_that_are_no_text_are_taken_up_again_after_a_crash) {
  make_orders(10);
  direct().must("ALTER TABLE orders ADD COLUMN raw VARBINARY(9) NOT NULL DEFAULT x'C3272000FF5C'");
  const auto same = expected("ADD COLUMN note INT");
  const auto id = instant_and_postponed();
  sluice().kill9();
  sluice().restart();
  act(id, "cut-over");
  const auto status = await_end(id);
  expect_completed(status);
  EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "instant");
  EXPECT_EQ(definition(direct(), "orders"), same);
  EXPECT_EQ(entry(id, "not_saved"), "");
}

TEST_P(Algorithm, instant_alters_of_tables_whose_default_is_no_text_move_columns) {
  if (is_mysql()) return;  // it has no such types, and moves no column in an instant
  make_orders(10);
  direct().must(
      "ALTER TABLE orders ADD COLUMN raw VARBINARY(9) DEFAULT x'C32720', ADD COLUMN at INET6, ADD COLUMN u UUID");
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "MODIFY at INET6 FIRST, MODIFY u UUID AFTER id",
                                    .options = R"({"attempt_instant_ddl": true, "postpone_cut_over": true})"});
  ASSERT_EQ(sluice().await_state(id, "ready").state, "ready");
  act(id, "cut-over");
  const auto status = await_end(id);
  expect_completed(status);
  EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "instant");
}

class Unsaved : public Algorithm {
 protected:
  void refuse_checkpoints() {
    direct().must(
        "CREATE TRIGGER _sluice.refusing BEFORE UPDATE ON _sluice.migrations FOR EACH ROW"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no checkpoints today'");
  }
  void allow_checkpoints() { direct().must("DROP TRIGGER _sluice.refusing"); }
};
SLUICE_ON_BOTH_SERVERS(Unsaved);

TEST_P(Unsaved, checkpoints_are_told_of_and_the_cut_over_goes_on_once_they_are_saved) {
  make_orders(10);
  const auto id = instant_and_postponed();
  refuse_checkpoints();
  act(id, "cut-over");
  const auto problem = [&] { return json_at(sluice().status(id).json, "/cut_over/last_error"); };
  EXPECT_TRUE(wait_until([&] { return problem().find("1644") != std::string::npos; }, 30s));
  allow_checkpoints();
  expect_completed(await_end(id));
  EXPECT_THAT(entry(id, "not_saved"), HasSubstr("1644"));
  EXPECT_THAT(entry(id, "cut_over.again"), HasSubstr("1644"));
}

TEST_P(Unsaved, checkpoints_make_the_cut_over_fail_in_the_end) {
  make_orders(10);
  const auto before = definition(direct(), "orders");
  const auto id = instant_and_postponed();
  refuse_checkpoints();
  const auto ended = [&] {
    (void)sluice().post("/migrate/" + id + "/cut-over");  // ends the back-off
    return sluice().status(id).ended();
  };
  EXPECT_TRUE(wait_until(ended, 60s));
  allow_checkpoints();
  EXPECT_THAT(sluice().status(id).error, HasSubstr("not_saved"));
  EXPECT_EQ(definition(direct(), "orders"), before);
}

TEST_P(Algorithm, instant_alters_that_were_stopped_leave_the_table_as_it_was) {
  make_orders(100);
  const auto before = definition(direct(), "orders");
  const auto id = instant_and_postponed();
  expect_stopping_leaves(id, before);
}

TEST_P(Algorithm, instant_alters_are_taken_up_again_after_a_crash) {
  make_orders(100);
  const auto id = instant_and_postponed();
  sluice().kill9();
  sluice().restart();
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("note"));
}

TEST_P(Algorithm, rows_are_the_same_whether_one_hand_moves_them_or_many) {
  for (const char* hands : {"1", "7"}) {
    direct().must("DROP TABLE IF EXISTS orders, _orders_del");
    make_orders(0);
    Workload workload{clients_of_orders()};
    workload.fill(direct(), 5000);
    workload.start();
    complete({.table = "orders",
              .alter = "ADD COLUMN note INT, ADD UNIQUE KEY once (id, qty)",
              .options = std::string(R"({"chunk_time_ms": 2, "chunk_size": 50, "copy_threads": )") + hands + "}"});
    expect_unharmed(workload);
  }
}

class Hands : public UnderClients {};
SLUICE_ON_BOTH_SERVERS(Hands);

TEST_P(Hands, come_and_go_while_rows_are_copied) {
  const auto id = copying();
  EXPECT_EQ(change(id, R"({"nice_ratio": 6})").status, changed);
  for (const char* hands : {"7", "1", "32", "2", "16", "1", "3"}) {
    SCOPED_TRACE(hands);
    EXPECT_EQ(change(id, std::string{R"({"copy_threads": )"} + hands + "}").status, changed);
    const auto copied = sluice().status(id).rows_copied;
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > copied || copied >= rows; }, 30s));
  }
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(Algorithm, copying_ends_under_clients_that_append_rows_all_the_time) {
  make_orders(0);
  auto options = clients_of_orders();
  options.mix = {.autocommit = 1, .prepared = 0, .transaction = 0};
  Workload workload{options};
  workload.fill(direct(), 100);
  workload.start();
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"chunk_size": 1, "chunk_time_ms": 1})"});
  expect_unharmed(workload);
}

}  // namespace
}  // namespace sluice::test
