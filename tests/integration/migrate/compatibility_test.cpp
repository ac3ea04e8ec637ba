// The application's own statements, tried with the new table before the swap.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr unsigned accepted_change = 200;
constexpr unsigned malformed = 400;

class Compatible : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(1000);
    direct().must("CREATE TABLE items (id INT PRIMARY KEY, order_id BIGINT NOT NULL)");
    direct().must("INSERT INTO items VALUES (1, 1)");
  }
  static std::string queries(const std::string& list) { return R"({"compatibility_queries": [)" + list + "]}"; }
  std::string start(const std::string& list, const std::string& alter = "ADD COLUMN note INT") {
    return sluice().migrate({.table = "orders", .alter = alter, .options = queries(list)});
  }
  std::string waiting_for(const std::string& id) { return json_at(sluice().status(id).json, "/waiting_for"); }
  bool comes_to_wait_for(const std::string& id, const std::string& reason) {
    return wait_until([&] { return waiting_for(id).starts_with(reason); }, 30s);
  }
  bool journal_tells(const std::string& words) {
    return wait_until(
        [&] {
          return direct()
                     .must("SELECT COUNT(*) FROM _sluice.journal WHERE event = 'cut_over.waiting' AND details LIKE '%" +
                           words + "%'")
                     .value() != "0";
        },
        30s);
  }
  // What the server was asked from now on is written down.
  void listen() {
    set_global("log_output", "'TABLE'");
    set_global("general_log", "1");
  }
  // How often it was asked that.
  std::string asked(const std::string& pattern) {
    return direct()
        .must("SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Query' AND argument LIKE '" + pattern + "'")
        .value();
  }
  // The new table must be as it would be without the queries.
  void expect_as_before() {
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), "1000");
    EXPECT_EQ(direct().must("SELECT SUM(qty = id) FROM orders").value(), "1000");
  }
};
SLUICE_ON_BOTH_SERVERS(Compatible);

TEST_P(Compatible, statements_that_work_are_run_and_undone) {
  expect_completed(await_end(start(
      R"q("SELECT note, orders.qty FROM orders WHERE id = 1",
          "SELECT o.id FROM items JOIN test.orders o ON o.id = order_id",
          "INSERT INTO orders (qty, name, note) VALUES (7, 'from orders', 1)",
          "UPDATE `orders` SET note = 1 WHERE id < 10", "DELETE FROM orders WHERE id = 5",
          "REPLACE INTO {table} (id, qty, name) VALUES (3, -1, '{}')", "SELECT note FROM {table}")q")));
  expect_as_before();
  EXPECT_EQ(direct().must("SELECT COUNT(note) FROM orders").value(), "0");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM items").value(), "1");
}

TEST_P(Compatible, what_takes_too_long_is_ended) {
  const auto id = start(R"("UPDATE orders SET qty = SLEEP(1000) WHERE id = 1")");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: ")) << sluice().status(id).json;
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  expect_as_before();
}

TEST_P(Compatible, who_stops_it_waits_for_one_of_them_at_most) {
  std::string slow = R"("SELECT SLEEP(3) FROM orders WHERE id = 1")";
  for (int more = 0; more < 9; ++more) slow += R"(, "SELECT SLEEP(3) FROM orders WHERE id = 1")";
  const auto id = start(slow);
  EXPECT_TRUE(wait_until(
      [&] {
        return direct()
                   .must("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")
                   .value() != "0";
      },
      30s));
  const auto began = std::chrono::steady_clock::now();
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 15s);
}

TEST_P(Compatible, are_not_run_while_it_is_paused) {
  const auto id = postponed("DROP COLUMN tag");
  act(id, "pause");
  listen();
  for (const std::string query : {"SELECT 1 FROM orders", "SELECT 2 FROM orders"}) {
    EXPECT_EQ(change(id, queries("\"" + query + "\"")).status, accepted_change);
    EXPECT_TRUE(wait_until([&] {
      return direct().must("SELECT COUNT(*) FROM _sluice.migrations WHERE options LIKE '%" + query + "%'").value() !=
             "0";
    })) << "it looks at its options between one and the next";
  }
  EXPECT_EQ(asked("SELECT _ FROM `_orders%"), "0");
  act(id, "resume");
  EXPECT_TRUE(wait_until([&] { return asked("SELECT 2 FROM `_orders%") != "0"; }));
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
}

TEST_P(Compatible, slow_ones_are_not_tried_again_with_the_changes_they_kept_waiting) {
  listen();
  expect_completed(await_end(start(R"q("SELECT SLEEP(1) FROM orders LIMIT 1")q")));
  EXPECT_EQ(asked("SELECT SLEEP(1)%"), "1");
}

TEST_P(Compatible, nothing_is_planned_or_run_outside_a_transaction) {
  listen();
  expect_completed(
      await_end(start(R"q("SELECT 'once' FROM orders WHERE id = 1", "DELETE FROM orders WHERE id = 2")q")));
  const auto rows = direct()
                        .must(
                            "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' AND thread_id = "
                            "(SELECT MIN(thread_id) FROM mysql.general_log WHERE argument LIKE 'SELECT ''once''%')")
                        .rows();
  std::size_t met = 0;
  for (std::size_t i = 1; i + 1 < rows.size(); ++i) {
    const auto sql = rows[i].at(0).value();
    if (sql.find("once") == std::string::npos && sql.find("DELETE") == std::string::npos) continue;
    ++met;
    EXPECT_EQ(rows[i - 1].at(0).value(), "START TRANSACTION") << sql;
    EXPECT_EQ(rows[i + 1].at(0).value(), "ROLLBACK") << sql;
  }
  EXPECT_EQ(met, 6U) << "each is planned with both tables, and run with the new one";
}

TEST_P(Compatible, what_may_write_to_another_table_is_not_run) {
  listen();
  const auto id = start(R"q("UPDATE orders SET qty = 1 WHERE id = 1", "UPDATE items SET order_id = 2")q");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 2: it may write to another table"))
      << sluice().status(id).json;
  EXPECT_EQ(asked("UPDATE items%"), "0");
  EXPECT_EQ(asked("EXPLAIN%UPDATE items%"), "0");
  EXPECT_EQ(change(id, queries(R"q("UPDATE orders JOIN items ON order_id = orders.id SET order_id = 2")q")).status,
            accepted_change);
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: it may write to another table"));
  EXPECT_EQ(change(id, queries(R"q("DELETE FROM orders WHERE id IN (SELECT order_id FROM items)")q")).status,
            accepted_change);
  expect_completed(await_end(id));
  expect_as_before();
}

TEST_P(Compatible, what_they_say_of_values_is_for_the_status_alone) {
  const auto id = start(R"q("INSERT INTO orders (id, qty, name) VALUES (424, 7, 'x')")q");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: Duplicate entry '424'")) << sluice().status(id).json;
  EXPECT_TRUE(journal_tells("compatibility query 1: error 1062 (SQLSTATE 23000)"));
  EXPECT_THAT(sluice().log(), testing::Not(HasSubstr("'424'")));  // a position may have it
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
}

TEST_P(Compatible, numbers_that_were_tried_are_not_lost) {
  const auto number_of_next = [&] {
    direct().must("INSERT INTO orders (qty, name) VALUES (1, 'next')");
    return std::stoull(direct().must("SELECT MAX(id) FROM orders").value());
  };
  const auto last = number_of_next();
  expect_completed(await_end(start(
      R"q("INSERT INTO orders (id, qty, name) VALUES (1000000, 7, 'far')", "INSERT INTO orders (qty) VALUES (1)")q",
      "MODIFY name VARCHAR(64) NOT NULL DEFAULT ''")));
  EXPECT_EQ(number_of_next(), last + 1);
}

TEST_P(Compatible, a_number_that_the_alter_asks_for_stays) {
  expect_completed(await_end(
      start(R"q("INSERT INTO orders (qty, name) VALUES (7, 'x')")q", "ADD COLUMN note INT, AUTO_INCREMENT = 5000")));
  direct().must("INSERT INTO orders (qty, name) VALUES (1, 'next')");
  EXPECT_EQ(direct().must("SELECT MAX(id) FROM orders").value(), "5000");
}

TEST_P(Compatible, a_column_that_goes_keeps_the_tables_from_being_swapped) {
  const auto id = start(R"("SELECT id FROM orders", "SELECT tag FROM orders WHERE id = 1")", "DROP COLUMN tag");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 2: ")) << sluice().status(id).json;
  EXPECT_THAT(waiting_for(id), HasSubstr("'tag'"));
  EXPECT_TRUE(journal_tells("compatibility query 2: "));
  act(id, "cut-over");  // does not help
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 2: "));
  EXPECT_EQ(sluice().status(id).state, "ready");
  EXPECT_EQ(change(id, queries(R"("SELECT id FROM orders")")).status, accepted_change);
  expect_completed(await_end(id));
}

TEST_P(Compatible, what_only_running_it_shows_blocks_as_well) {
  const auto id =
      start(R"q("INSERT INTO orders (qty, name) VALUES (1, REPEAT('x', 30))")q", "MODIFY name VARCHAR(20) NOT NULL");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: Data too long")) << sluice().status(id).json;
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  expect_as_before();
}

TEST_P(Compatible, is_told_while_the_cut_over_is_postponed) {
  const auto id = postponed("DROP COLUMN tag");
  EXPECT_EQ(change(id, queries(R"("SELECT tag FROM orders")")).status, accepted_change);
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: "));
  EXPECT_EQ(change(id, queries("")).status, accepted_change);
  EXPECT_TRUE(comes_to_wait_for(id, "postpone_cut_over"));
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Compatible, a_plan_that_reads_too_many_rows_blocks) {
  const auto id = start(R"({"sql": "SELECT id FROM orders WHERE qty = 5", "max_rows": 10})", "DROP INDEX by_qty");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: it is planned to read ")) << sluice().status(id).json;
  EXPECT_THAT(waiting_for(id), HasSubstr("(max_rows 10)"));
  EXPECT_EQ(change(id, queries(R"({"sql": "SELECT id FROM orders WHERE qty = 5", "max_rows": 100000})")).status,
            accepted_change);
  expect_completed(await_end(id));
}

TEST_P(Compatible, a_plan_that_gets_worse_than_allowed_blocks) {
  const std::string query = R"({"sql": "UPDATE orders SET name = 'x' WHERE qty = 5", "max_ratio": )";
  const auto id = start(query + "3}", "DROP INDEX by_qty");
  EXPECT_TRUE(comes_to_wait_for(id, "compatibility query 1: it is planned to read ")) << sluice().status(id).json;
  EXPECT_THAT(waiting_for(id), HasSubstr(" rows instead of 1, which is more than max_ratio allows"));
  EXPECT_EQ(change(id, queries(query + "100000}")).status, accepted_change);
  expect_completed(await_end(id));
  expect_as_before();
}

TEST_P(Compatible, a_plan_that_is_as_good_does_not) {
  expect_completed(
      await_end(start(R"({"sql": "SELECT name FROM orders WHERE qty = 5", "max_ratio": 1.5, "max_rows": 10})")));
}

TEST_P(Compatible, is_read_in_the_servers_own_sql_mode) {
  set_global("sql_mode", "'ANSI_QUOTES'");
  expect_completed(await_end(
      start(R"q("SELECT \"note\" FROM \"orders\"", "INSERT INTO orders (qty, name) VALUES (1, REPEAT('x', 60))")q")));
  expect_as_before();
}

TEST_P(Compatible, what_can_not_be_rolled_back_is_refused) {
  for (const auto* query :
       {R"q("DROP TABLE orders")q", R"q("SET GLOBAL max_connections = 1")q", R"q("")q", "1", R"q({"sql": "CALL p()"})q",
        R"q({"max_rows": 1})q", R"q({"sql": "SELECT 1", "max_rows": -1})q", R"q({"sql": "SELECT 1", "max_ratio": 0})q",
        R"q({"sql": "SELECT 1", "limit": 1})q"}) {
    const auto response = sluice().post(
        "/migrate", body_of({.table = "orders", .alter = "ADD COLUMN note INT", .options = queries(query)}));
    EXPECT_EQ(response.status, malformed) << query;
    EXPECT_THAT(json_at(response.body, "/error/message"), StartsWith("option compatibility_queries: number 1 "));
  }
}

}  // namespace
}  // namespace sluice::test
