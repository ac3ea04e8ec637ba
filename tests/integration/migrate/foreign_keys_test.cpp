// Tables with foreign keys: the new one has them, the old one doesn't, and no client notices anything in between.
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/scripted_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr unsigned refused = 422;
constexpr unsigned foreign_key_parent = 1451;
constexpr unsigned foreign_key_child = 1452;

enum class Child : std::uint8_t { deleted_first, left_to_the_cascade };

// Makes a customer with an order, and takes both away again.
ScriptedClients::Script family_life(Child child) {
  return [child](std::uint64_t number) {
    const auto id = std::to_string(number);
    std::vector<std::string> life{
        "INSERT INTO customers VALUES (" + id + ", 'x')",
        "INSERT INTO orders (id, qty, name, customer) VALUES (" + id + ", 1, 'x', " + id + ")"};
    if (child == Child::deleted_first) life.push_back("DELETE FROM orders WHERE id = " + id);
    life.push_back("DELETE FROM customers WHERE id = " + id);
    return life;
  };
}

class ForeignKeys : public BehindSluice {
 protected:
  void make_family(const std::string& foreign_keys) {
    direct().must("CREATE TABLE customers (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB");
    direct().must("INSERT INTO customers VALUES (1, 'first'), (2, 'second')");
    direct().must(
        "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, customer "
        "BIGINT NULL DEFAULT 1, KEY of_customer (customer), " +
        foreign_keys + ") ENGINE=InnoDB");
  }
  void fill_family() {
    direct().must(
        "INSERT INTO orders (id, qty, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
        "500) SELECT i, i, 'x' FROM n");
  }
  unsigned error_of(const std::string& sql) {
    const auto reply = direct().query(sql);
    return reply.ok() ? 0 : reply.error->code;
  }
  void expect_refused(const Migration& migration, const testing::Matcher<const std::string&>& says) {
    const auto response = sluice().post("/migrate", body_of(migration));
    EXPECT_EQ(response.status, refused) << response.body;
    EXPECT_THAT(response.body, says);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
  }
};
SLUICE_ON_BOTH_SERVERS(ForeignKeys);

TEST_P(ForeignKeys, stay_as_they_were_while_clients_write_to_parent_and_child) {
  make_family(
      "FOREIGN KEY (customer) REFERENCES customers (id), CONSTRAINT by_hand FOREIGN KEY (customer) REFERENCES "
      "customers (id) ON UPDATE NO ACTION");
  const auto before = definition(direct(), "orders");
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 3000);
  workload.start();
  ScriptedClients families{sluice(), 4, family_life(Child::deleted_first)};
  for (const char* alter : {"ADD COLUMN note INT", "DROP COLUMN note"}) {
    const auto status = complete({.table = "orders", .alter = alter});
    EXPECT_THAT(definition(direct(), "_orders_del"), Not(HasSubstr("FOREIGN KEY")));
    EXPECT_THAT(definition(direct(), "orders"), AllOf(HasSubstr("`orders_ibfk_1`"), HasSubstr("`by_hand`")));
    EXPECT_EQ(status.audit.empty(), false);
    ASSERT_EQ(sluice().await_audited(status.id, 60s).audit, "passed");
    direct().must("DROP TABLE _orders_del");
  }
  EXPECT_EQ(definition(direct(), "orders"), before);
  EXPECT_GT(families.rounds(), 0U);
  EXPECT_THAT(families.stop(), IsEmpty());
  expect_unharmed(workload);
  EXPECT_EQ(error_of("INSERT INTO orders VALUES (-1, 1, 'x', 99)"), foreign_key_child);
  EXPECT_EQ(error_of("DELETE FROM customers WHERE id = 1"), foreign_key_parent);
  EXPECT_EQ(error_of("DELETE FROM customers WHERE id = 2"), 0U);
}

TEST_P(ForeignKeys, that_cascade_are_followed_where_the_binlog_tells_of_it) {
  make_family("CONSTRAINT falls FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE");
  if (!is_mysql()) {
    fill_family();
    expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"},
                   AllOf(HasSubstr("table.cascades"), HasSubstr("falls"), HasSubstr("binlog")));
    expect_refused({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"discard_foreign_keys": true})"},
                   HasSubstr("table.cascades"));
    return;
  }
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 3000);
  workload.start();
  ScriptedClients families{sluice(), 4, family_life(Child::left_to_the_cascade)};
  for (const char* alter : {"ADD COLUMN note INT", "DROP COLUMN note"}) {
    const auto status = complete({.table = "orders", .alter = alter});
    ASSERT_EQ(sluice().await_audited(status.id, 60s).audit, "passed");
    direct().must("DROP TABLE _orders_del");
  }
  EXPECT_GT(families.rounds(), 0U);
  EXPECT_THAT(families.stop(), IsEmpty());
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE name = 'x'").value(), "0");
  expect_unharmed(workload);
}

TEST_P(ForeignKeys, follow_what_the_alter_does_to_them) {
  make_family(
      "CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id), CONSTRAINT _b FOREIGN KEY (customer) "
      "REFERENCES customers (id)");
  fill_family();
  complete({.table = "orders", .alter = "RENAME COLUMN customer TO buyer, DROP FOREIGN KEY a"});
  EXPECT_THAT(definition(direct(), "orders"),
              AllOf(HasSubstr("CONSTRAINT `_b` FOREIGN KEY (`buyer`) REFERENCES `customers` (`id`)"),
                    Not(HasSubstr("CONSTRAINT `a`"))));
  direct().must("DROP TABLE _orders_del");
  // Another action on the same columns: its rows have been held to it all the time.
  complete({.table = "orders",
            .alter = "DROP FOREIGN KEY `_b`, ADD CONSTRAINT c FOREIGN KEY (buyer) REFERENCES customers (id) ON DELETE "
                     "SET NULL"});
  EXPECT_THAT(definition(direct(), "orders"),
              AllOf(HasSubstr("CONSTRAINT `c` FOREIGN KEY (`buyer`) REFERENCES `customers` (`id`) ON DELETE SET NULL"),
                    Not(HasSubstr("`_b`"))));
  EXPECT_EQ(error_of("DELETE FROM customers WHERE id = 1"), 0U);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE buyer IS NULL").value(), "500");
}

TEST_P(ForeignKeys, that_the_alter_would_break_or_that_are_new_are_refused) {
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  fill_family();
  expect_refused({.table = "orders", .alter = "DROP COLUMN customer"}, HasSubstr("alter.refused"));
  expect_refused({.table = "orders", .alter = "MODIFY customer INT"}, HasSubstr("alter.refused"));
  expect_refused({.table = "orders", .alter = "ADD CONSTRAINT n FOREIGN KEY (id) REFERENCES customers (id)"},
                 AllOf(HasSubstr("alter.foreign_key"), HasSubstr(" n,")));
  expect_refused(
      {.table = "orders", .alter = "ADD COLUMN other BIGINT, ADD FOREIGN KEY (other) REFERENCES customers (id)"},
      AllOf(HasSubstr("alter.foreign_key"), HasSubstr("orders_ibfk_1")));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("CONSTRAINT `a` FOREIGN KEY"));
}

TEST_P(ForeignKeys, that_the_server_could_only_give_by_copying_are_refused) {
  if (is_mysql()) return;  // has no unique keys of whole texts
  const auto told = AllOf(HasSubstr("table.foreign_keys_copied"), HasSubstr("drop the foreign keys before"));
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  expect_refused({.table = "orders", .alter = "ADD COLUMN body TEXT, ADD UNIQUE KEY (body)"}, told);
  direct().must("ALTER TABLE orders ADD COLUMN body TEXT, ADD UNIQUE KEY body (body)");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"}, told);
  expect_refused({.table = "orders", .alter = "DROP KEY body"}, told);
  direct().must("ALTER TABLE orders DROP FOREIGN KEY a");
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

TEST_P(ForeignKeys, are_left_behind_where_that_is_asked_for) {
  make_family("FOREIGN KEY (customer) REFERENCES customers (id)");
  fill_family();
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"discard_foreign_keys": true})"});
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("FOREIGN KEY")));
  EXPECT_EQ(error_of("DELETE FROM customers WHERE id = 1"), 0U) << "the old table must not refer to it either";
}

TEST_P(ForeignKeys, to_the_table_itself_are_to_the_new_one) {
  make_family("CONSTRAINT up FOREIGN KEY (customer) REFERENCES orders (id)");
  direct().must("INSERT INTO orders VALUES (1, 1, 'root', NULL), (2, 1, 'x', 1), (3, 1, 'x', 1), (4, 1, 'x', 3)");
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_THAT(definition(direct(), "orders"),
              HasSubstr("CONSTRAINT `up` FOREIGN KEY (`customer`) REFERENCES `orders` (`id`)"));
  EXPECT_THAT(definition(direct(), "_orders_del"), Not(HasSubstr("FOREIGN KEY")));
  EXPECT_EQ(error_of("DELETE FROM orders WHERE id = 3"), foreign_key_parent);
  EXPECT_EQ(error_of("DELETE FROM orders WHERE id = 2"), 0U);
}

TEST_P(ForeignKeys, find_the_index_that_they_need_and_none_is_built_at_the_swap) {
  const std::string indexes = is_mysql() ? "innodb_indexes" : "innodb_sys_indexes";
  const std::string tables = is_mysql() ? "innodb_tables" : "innodb_sys_tables";
  const auto ids_of = [&](const std::string& table) {
    return direct()
        .must("SELECT GROUP_CONCAT(CONCAT(i.name, i.index_id) ORDER BY 1) FROM information_schema." + indexes +
              " AS i JOIN information_schema." + tables + " AS t USING (table_id) WHERE t.name = 'test/" + table + "'")
        .value();
  };
  direct().must("CREATE TABLE customers (id BIGINT NOT NULL PRIMARY KEY) ENGINE=InnoDB");
  direct().must("INSERT INTO customers VALUES (1)");
  direct().must(
      "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT, customer BIGINT DEFAULT 1, other BIGINT DEFAULT "
      "1, "
      "CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id), KEY by_qty (qty), FOREIGN KEY (other) REFERENCES "
      "customers (id)) "
      "ENGINE=InnoDB");
  direct().must("INSERT INTO orders (id) VALUES (1), (2), (3)");
  auto before = definition(direct(), "orders");
  for (const char* alter :
       {"ENGINE = InnoDB", "DROP FOREIGN KEY a, DROP INDEX a, ADD FOREIGN KEY (customer) REFERENCES customers (id)"}) {
    direct().must("DROP TABLE IF EXISTS _orders_del");
    const auto id = postponed(alter);
    const auto ids = ids_of("_orders_gho");
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_EQ(ids_of("orders"), ids);
    ASSERT_EQ(sluice().await_audited(id, 60s).audit, "passed");
    if (!before.empty()) EXPECT_EQ(definition(direct(), "orders"), before);
    before.clear();
  }
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("CONSTRAINT `orders_ibfk_2` FOREIGN KEY (`customer`)"));
}

TEST_P(ForeignKeys, let_an_older_snapshot_read_the_parent_but_not_the_child) {
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  fill_family();
  direct().must("CREATE TABLE unrelated (id INT PRIMARY KEY)");
  const auto id = postponed();
  auto older = sluice().connect();
  older.must("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  older.must("BEGIN");
  older.must("SELECT * FROM unrelated");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(older.must("SELECT COUNT(*) FROM customers").value(), "2");
  const auto reply = older.query("SELECT COUNT(*) FROM orders");
  EXPECT_EQ(reply.ok() ? 0 : reply.error->code, 1412U);
}

TEST_P(ForeignKeys, in_a_dry_run_are_told_and_leave_nothing) {
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  const auto response = sluice().post(
      "/migrate",
      R"({"database": "test", "table": "orders", "alter": "RENAME COLUMN customer TO buyer", "dry_run": true})");
  EXPECT_EQ(response.status, 200U) << response.body;
  EXPECT_EQ(json_at(response.body, "/foreign_keys/0"),
            "CONSTRAINT `a` FOREIGN KEY (`buyer`) REFERENCES `customers` (`id`)");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(ForeignKeys, of_others_to_the_table_are_refused_by_their_names) {
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  direct().must(
      "CREATE TABLE visits (id INT PRIMARY KEY, c BIGINT, CONSTRAINT seen FOREIGN KEY (c) REFERENCES "
      "customers (id)) ENGINE=InnoDB");
  expect_refused({.table = "customers", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("table.foreign_keys"), HasSubstr("test.orders.a"), HasSubstr("test.visits.seen"),
                       HasSubstr("drop them before")));
}

TEST_P(ForeignKeys, with_a_parent_that_somebody_holds_wait_with_the_gate_open) {
  make_family("CONSTRAINT a FOREIGN KEY (customer) REFERENCES customers (id)");
  fill_family();
  const auto id = postponed();
  auto bypass = server().connect();
  bypass.must("BEGIN");
  bypass.must("SELECT * FROM customers");
  act(id, "cut-over");
  if (is_mysql()) {  // who holds it is not seen on MariaDB, which doesn't need it either
    EXPECT_TRUE(wait_until([&] { return json_size(sluice().status(id).json, "/blockers") > 0; }, 30s));
    auto client = sluice().connect();
    client.must("UPDATE orders SET qty = 7 WHERE id = 1");
    bypass.must("COMMIT");
  }
  expect_completed(await_end(id));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("CONSTRAINT `a` FOREIGN KEY"));
}

}  // namespace
}  // namespace sluice::test
