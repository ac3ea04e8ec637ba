// A completed migration is undone in one more held cut-over, with every write that was made since.
#include <filesystem>
#include <fstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr unsigned accepted = 202;
constexpr unsigned conflict = 409;
constexpr unsigned refused = 422;

class Reverted : public BehindSluice {
 protected:
  // The id of a completed one.
  std::string migrated(const std::string& alter, const std::string& options = "{}") {
    const auto id = sluice().migrate({.table = "orders", .alter = alter, .options = options});
    expect_completed(await_end(id));
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).audit == "passed"; }));
    return id;
  }
  HttpResponse ask(const std::string& id) { return sluice().post("/migrate/" + id + "/revert", ""); }
  std::string shown(const std::string& id, const std::string& pointer) {
    return json_at(sluice().status(id).json, pointer);
  }
  // The id of the migration that undoes it.
  std::string reverting(const std::string& id) {
    const auto answer = ask(id);
    EXPECT_EQ(answer.status, accepted) << answer.body;
    return json_at(answer.body, "/reverted_by");
  }
  // The same, done.
  std::string reverted(const std::string& id) {
    auto by = reverting(id);
    expect_completed(await_end(by));
    EXPECT_EQ(shown(id, "/state"), "reverted");
    return by;
  }
  void expect_conflict(const std::string& id, const std::string& why) {
    const auto answer = ask(id);
    EXPECT_EQ(answer.status, conflict) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(why));
  }
  bool has_only(const std::string& table) {
    return wait_until([&] { return leftovers(direct()) == std::vector{table}; });
  }
  std::string value(const std::string& sql) { return direct().must(sql).value(); }
  std::filesystem::path flag() const { return flags_.path() / "brake"; }
  // For migrations that stand still while the flag is there.
  std::string braked_by_flag() const { return R"({"throttle_flag_file": ")" + flag().string() + R"("})"; }

 private:
  ScratchFolder flags_{"flags"};
};
SLUICE_ON_BOTH_SERVERS(Reverted);

TEST_P(Reverted, has_the_old_definition_and_every_write_made_since) {
  make_orders(1000);
  const auto before = definition(direct(), "orders");
  const auto id = migrated("ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'new', MODIFY qty BIGINT NOT NULL");
  EXPECT_THAT(shown(id, "/revertible_until"), Not(IsEmpty()));
  auto client = sluice().connect();
  client.must("UPDATE orders SET qty = 4711, note = 'changed' WHERE id = 5");
  client.must("DELETE FROM orders WHERE id = 6");
  client.must("INSERT INTO orders (id, qty, name, note) VALUES (5000, 7, 'since', 'x')");
  const auto by = reverted(id);

  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_EQ(value("SELECT qty FROM orders WHERE id = 5"), "4711");
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE id = 6"), "0");
  EXPECT_EQ(value("SELECT name FROM orders WHERE id = 5000"), "since");
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders"), "1000");
  EXPECT_EQ(shown(id, "/reverted_by"), by);
  EXPECT_EQ(shown(by, "/reverts"), id);
  EXPECT_EQ(value("SELECT note FROM _orders_del WHERE id = 5"), "changed");
}

TEST_P(Reverted, keeps_what_only_the_old_table_has_of_rows_that_were_written_since) {
  make_orders(100);
  direct().must(
      "ALTER TABLE orders ADD COLUMN note VARCHAR(20) NOT NULL, ADD COLUMN at TIMESTAMP NOT NULL DEFAULT "
      "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, ADD UNIQUE KEY (qty)");
  direct().must("UPDATE orders SET qty = id, note = CONCAT('note ', id), at = '2020-01-01 00:00:00'");
  const auto id = migrated("DROP COLUMN note");
  auto client = sluice().connect();
  client.must("UPDATE orders SET name = 'changed', at = '2021-01-01 00:00:00' WHERE id = 5");
  // Two rows exchange what a unique key holds.
  client.must("BEGIN");
  client.must("UPDATE orders SET qty = 1007 WHERE id = 7");
  client.must("UPDATE orders SET qty = 7 WHERE id = 8");
  client.must("UPDATE orders SET qty = 8 WHERE id = 7");
  client.must("COMMIT");
  client.must("INSERT INTO orders (id, qty, name) VALUES (5000, 5000, 'since')");
  reverted(id);

  EXPECT_EQ(value("SELECT CONCAT(name, ' ', note, ' ', at) FROM orders WHERE id = 5"),
            "changed note 5 2021-01-01 00:00:00");
  EXPECT_EQ(value("SELECT GROUP_CONCAT(qty, ' ', note ORDER BY id) FROM orders WHERE id IN (7, 8)"),
            "8 note 7,7 note 8");
  EXPECT_EQ(value("SELECT note FROM orders WHERE id = 5000"), "");
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE id <= 100 AND note <> CONCAT('note ', id)"), "0");
}

TEST_P(Reverted, names_the_rows_that_the_old_table_cannot_hold_and_changes_nothing) {
  make_orders(100);
  direct().must("ALTER TABLE orders MODIFY name VARCHAR(10) NOT NULL");
  const auto before = definition(direct(), "orders");
  const auto id = migrated("MODIFY name VARCHAR(100) NOT NULL");
  const auto after = definition(direct(), "orders");
  auto client = sluice().connect();
  client.must("UPDATE orders SET name = REPEAT('x', 50) WHERE id IN (11, 22, 33)");
  client.must("UPDATE orders SET qty = 4711 WHERE id = 44");

  const auto failed = await_end(reverting(id));
  EXPECT_EQ(failed.state, "failed");
  EXPECT_THAT(failed.error, AllOf(HasSubstr("row_refused"), HasSubstr("(11)"), HasSubstr("(22)"), HasSubstr("(33)"),
                                  Not(HasSubstr("(44)"))));
  EXPECT_EQ(failed.attempts, 0U);
  EXPECT_EQ(definition(direct(), "orders"), after);
  EXPECT_EQ(shown(id, "/state"), "completed");
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE name = REPEAT('x', 50)"), "3");

  client.must("UPDATE orders SET name = 'short' WHERE id IN (11, 22, 33)");
  reverted(id);
  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE name = 'short'"), "3");
  EXPECT_EQ(value("SELECT qty FROM orders WHERE id = 44"), "4711");
}

TEST_P(Reverted, under_clients_loses_no_write) {
  direct().must(
      "CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL)");
  const auto before = definition(direct(), "orders");
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 2000);
  workload.start();
  const auto writes_go_on = [&] {
    const auto acknowledged = workload.acknowledged();
    return wait_until([&] { return workload.acknowledged() > acknowledged + 500; }, 30s);
  };
  const auto id = migrated("MODIFY id BIGINT NOT NULL AUTO_INCREMENT, ADD INDEX by_name (name)");
  EXPECT_TRUE(writes_go_on());
  reverted(id);
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(definition(direct(), "orders"), before);
  expect_completed(await_end(reverting(id)));
  EXPECT_EQ(shown(id, "/state"), "completed");
  EXPECT_TRUE(writes_go_on());
  expect_unharmed(workload);
  EXPECT_EQ(value("SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'test' AND TABLE_NAME = "
                  "'orders' AND COLUMN_NAME = 'id'"),
            "bigint");
}

TEST_P(Reverted, can_be_reverted_by_either_id) {
  make_orders(100);
  const auto old = definition(direct(), "orders");
  const auto id = migrated("ADD COLUMN note INT");
  const auto changed = definition(direct(), "orders");
  sluice().connect().must("UPDATE orders SET note = 1 WHERE id <= 10");
  const auto back = reverted(id);
  EXPECT_EQ(definition(direct(), "orders"), old);
  sluice().connect().must("UPDATE orders SET qty = 4711 WHERE id <= 5");

  const auto again = reverting(back);
  expect_completed(await_end(again));
  EXPECT_EQ(definition(direct(), "orders"), changed);
  EXPECT_EQ(shown(back, "/state"), "reverted");
  EXPECT_EQ(shown(id, "/state"), "completed");
  // What the clients had written into it before the first revert is there again.
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE note = 1"), "10");
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE note = 1 AND qty = 4711"), "5");

  const auto answer = ask(id);
  EXPECT_EQ(answer.status, accepted) << answer.body;
  EXPECT_TRUE(wait_until([&] { return shown(again, "/state") == "reverted"; }, 30s));
  EXPECT_EQ(definition(direct(), "orders"), old);
  EXPECT_EQ(shown(id, "/state"), "reverted");
}

TEST_P(Reverted, goes_on_after_kill_9) {
  make_orders(1000);
  const auto before = definition(direct(), "orders");
  const auto id = migrated("ADD COLUMN note INT", braked_by_flag());
  sluice().connect().must("UPDATE orders SET qty = 4711 WHERE id <= 500");
  std::ofstream{flag()}.flush();
  const auto by = reverting(id);
  ASSERT_TRUE(wait_until([&] { return shown(id, "/state") == "reverting" && shown(by, "/state") == "copying"; }));
  sluice().kill9();
  sluice().restart();
  EXPECT_EQ(shown(id, "/state"), "reverting");
  sluice().connect().must("UPDATE orders SET qty = 4712 WHERE id = 1000");
  std::filesystem::remove(flag());
  expect_completed(await_end(by));
  EXPECT_EQ(shown(id, "/state"), "reverted");
  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE qty = 4711"), "500");
  EXPECT_EQ(value("SELECT qty FROM orders WHERE id = 1000"), "4712");
}

TEST_P(Reverted, that_is_stopped_gives_the_old_table_its_name_back) {
  make_orders(100);
  const auto before = definition(direct(), "orders");
  const auto id = migrated("ADD COLUMN note INT", braked_by_flag());
  sluice().connect().must("UPDATE orders SET qty = 4711 WHERE id <= 50");
  std::ofstream{flag()}.flush();
  auto by = reverting(id);
  EXPECT_THAT(ask(id).body, HasSubstr("table_busy"));
  act(by, "stop");
  EXPECT_EQ(await_end(by).state, "stopped");
  EXPECT_TRUE(has_only("_orders_del"));
  EXPECT_EQ(shown(id, "/state"), "completed");
  act(by, "cleanup");  // of the revert, not of what it was to undo
  EXPECT_TRUE(has_only("_orders_del"));

  by = reverting(id);
  ASSERT_TRUE(wait_until([&] { return shown(by, "/state") == "copying"; }));
  act(by, "panic");
  EXPECT_EQ(await_end(by).state, "panicked");
  EXPECT_THAT(leftovers(direct()), testing::ElementsAre("_orders_gho"));
  const auto answer = ask(id);
  EXPECT_EQ(answer.status, refused);
  EXPECT_THAT(answer.body, HasSubstr("shadow.exists"));
  act(by, "cleanup");
  EXPECT_TRUE(has_only("_orders_del"));
  act(by, "cleanup");
  EXPECT_TRUE(has_only("_orders_del"));

  std::filesystem::remove(flag());
  reverted(id);
  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE qty = 4711"), "50");
}

TEST_P(Reverted, that_is_stopped_waits_for_whoever_keeps_the_old_table_from_its_name) {
  make_orders(100);
  const auto id = migrated("ADD COLUMN note INT", braked_by_flag());
  std::ofstream{flag()}.flush();
  const auto by = reverting(id);
  ASSERT_TRUE(wait_until([&] { return shown(by, "/state") == "copying"; }));
  auto reader = server().connect("test");
  reader.must("BEGIN");
  reader.must("SELECT COUNT(*) FROM _orders_gho");
  act(by, "stop");
  EXPECT_EQ(await_end(by).state, "stopped");
  const auto renames = [&] { return sluice_runs(direct(), "RENAME TABLE%"); };
  EXPECT_TRUE(wait_until(renames, 30s));
  EXPECT_TRUE(wait_until([&] { return !renames(); }, 30s)) << "its patience has come to an end";
  reader.must("COMMIT");
  EXPECT_TRUE(has_only("_orders_del"));
  std::filesystem::remove(flag());
  reverted(id);
}

TEST_P(Reverted, with_its_renames_the_other_way_round) {
  make_orders(100);
  const auto before = definition(direct(), "orders");
  const auto id = migrated("RENAME COLUMN qty TO name, RENAME COLUMN name TO qty, MODIFY tag VARCHAR(90)");
  sluice().connect().must("UPDATE orders SET name = 4711, qty = 'four' WHERE id = 4");
  reverted(id);
  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_EQ(value("SELECT CONCAT(qty, name) FROM orders WHERE id = 4"), "4711four");
}

TEST_P(Reverted, together_with_those_that_swapped_together) {
  make_orders(100);
  direct().must("CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL)");
  const auto response = sluice().post(
      "/migrate",
      R"({"database": "test", "tables": [{"table": "orders", "alter": "ADD COLUMN note INT"}, {"table": "items", "alter": "ADD COLUMN note INT"}]})");
  ASSERT_EQ(response.status, accepted) << response.body;
  const auto orders = json_at(response.body, "/id");
  const auto items = json_at(response.body, "/swaps_with/0");
  for (const auto& id : {orders, items}) expect_completed(await_end(id));
  sluice().connect().must("INSERT INTO items VALUES (1, 1, 1)");
  reverted(items);
  ASSERT_TRUE(wait_until([&] { return shown(orders, "/state") == "reverted"; }));
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("note")));
  EXPECT_THAT(definition(direct(), "items"), Not(HasSubstr("note")));
  EXPECT_EQ(value("SELECT COUNT(*) FROM items"), "1");
}

TEST_P(Reverted, only_where_there_is_something_to_go_back_to) {
  make_orders(100);
  EXPECT_EQ(ask("m99").status, 404U);
  const auto running = postponed();
  expect_conflict(running, "stop it instead");
  act(running, "stop");
  EXPECT_EQ(await_end(running).state, "stopped");
  expect_conflict(running, "only a completed migration");

  const auto retained = migrated("ADD COLUMN a INT", R"({"old_table_retention": "1s"})");
  const auto until = shown(retained, "/revertible_until");
  const auto now = [&] { return value("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f')"); };
  ASSERT_TRUE(wait_until([&] { return now() > until; }, 10s));
  expect_conflict(retained, "retention ended");
  direct().must("DROP TABLE _orders_del");

  const auto dropped = migrated("ADD COLUMN b INT");
  act(dropped, "cleanup");
  const auto answer = ask(dropped);
  EXPECT_EQ(answer.status, refused);
  EXPECT_THAT(answer.body, HasSubstr("old.missing"));

  const auto early = migrated("ADD COLUMN c INT");
  direct().must("DROP TABLE _orders_del");
  const auto late = migrated("ADD COLUMN d INT");
  expect_conflict(early, late + " has changed the table since");
  direct().must("DROP TABLE _orders_del");

  const auto instant =
      complete({.table = "orders", .alter = "ADD COLUMN e INT", .options = R"({"attempt_instant_ddl": true})"});
  expect_conflict(instant.id, "INSTANT");
}

TEST_P(Reverted, not_where_the_table_was_altered_since) {
  make_orders(100);
  const auto id = migrated("ADD COLUMN note INT");
  direct().must("ALTER TABLE orders ADD COLUMN more INT");
  const auto status = await_end(reverting(id));
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("more"));
  EXPECT_EQ(shown(id, "/state"), "completed");
  EXPECT_TRUE(has_only("_orders_del"));
  act(id, "cleanup");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(Reverted, with_values_that_no_default_may_stand_for) {
  direct().must(
      "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, price "
      "DECIMAL(10,2) NOT NULL CHECK (price > 0), each_price DECIMAL(20,6) AS (100 / price) STORED, code VARCHAR(20) "
      "NOT "
      "NULL DEFAULT '', day DATE NOT NULL, flags BIT(9) NOT NULL, kind ENUM('a', 'b') NOT NULL, UNIQUE KEY (price), "
      "UNIQUE KEY (qty))");
  direct().must(
      "INSERT INTO orders (id, qty, name, price, code, day, flags, kind) SELECT id, id, CONCAT('row ', id), id + 0.25, "
      "CONCAT('c', id), '2020-02-29', b'100000001', 'b' FROM (WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + "
      "1 "
      "FROM n WHERE id < 50) SELECT id FROM n) AS numbers");
  const auto before = value(
      "SELECT SHA2(GROUP_CONCAT(id, price, each_price, code, day, HEX(flags), kind ORDER BY id), 256) FROM orders");
  const auto id = migrated(
      "DROP COLUMN each_price, DROP COLUMN price, DROP COLUMN code, DROP COLUMN day, DROP COLUMN flags, DROP COLUMN "
      "kind");
  sluice().connect().must("UPDATE orders SET name = 'changed', qty = -qty");
  reverted(id);
  EXPECT_EQ(
      value(
          "SELECT SHA2(GROUP_CONCAT(id, price, each_price, code, day, HEX(flags), kind ORDER BY id), 256) FROM orders"),
      before);
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders WHERE name = 'changed' AND qty < 0"), "50");
}

TEST_P(Reverted, with_rows_that_somebody_took_out_of_the_old_table) {
  make_orders(1000);
  const auto id = migrated("ADD COLUMN note INT");
  direct().must("DELETE FROM _orders_del WHERE id BETWEEN 100 AND 199");
  direct().must("UPDATE _orders_del SET qty = 4711 WHERE id = 1");
  const auto qty = value("SELECT qty FROM orders WHERE id = 1");
  reverted(id);
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders"), "1000");
  EXPECT_EQ(value("SELECT qty FROM orders WHERE id = 1"), qty);
}

TEST_P(Reverted, not_where_somebody_emptied_the_old_table) {
  make_orders(100);
  const auto id = migrated("ADD COLUMN note INT");
  direct().must("TRUNCATE _orders_del");
  const auto status = await_end(reverting(id));
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_EQ(value("SELECT COUNT(*) FROM orders"), "100");
}

TEST_P(Reverted, is_still_possible_after_a_dry_run_of_the_next) {
  make_orders(100);
  const auto id = migrated("ADD COLUMN note INT");
  const auto dry = sluice().post(
      "/migrate",
      R"({"database": "test", "table": "orders", "alter": "ADD COLUMN more INT", "dry_run": true, "options": {"initially_drop_old_table": true}})");
  EXPECT_EQ(dry.status, 200U) << dry.body;
  const auto wrong = sluice().post(
      "/migrate",
      R"({"database": "test", "table": "orders", "alter": "DROP COLUMN nothing", "options": {"initially_drop_old_table": true}})");
  EXPECT_EQ(wrong.status, refused) << wrong.body;
  reverted(id);
}

}  // namespace
}  // namespace sluice::test
