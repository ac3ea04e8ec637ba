// Transactions whose snapshot is older than the swap: they are told to start again, and never read an empty table.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

constexpr unsigned table_definition_changed = 1412;

class OldSnapshot : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(500);
    direct().must("CREATE TABLE other (id INT PRIMARY KEY)");
    direct().must("INSERT INTO other VALUES (1)");
  }
  void expect_told_to_retry(TestClient& client, const std::string& sql) {
    const auto reply = client.query(sql);
    ASSERT_TRUE(reply.error) << "read " << reply.value();
    EXPECT_EQ(reply.error->code, table_definition_changed);
    client.must("ROLLBACK");
    EXPECT_EQ(client.must("SELECT COUNT(*) FROM orders").value(), "500");
  }
};
SLUICE_ON_BOTH_SERVERS(OldSnapshot);

TEST_P(OldSnapshot, is_told_to_retry_at_its_first_touch_after_the_swap) {
  const auto id = postponed();
  auto client = sluice().connect();
  client.must("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  client.must("BEGIN");
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM other").value(), "1");
  act(id, "cut-over");
  expect_completed(await_end(id));
  expect_told_to_retry(client, "SELECT COUNT(*) FROM orders");
}

TEST_P(OldSnapshot, opened_with_the_transaction_is_told_as_well) {
  const auto id = postponed();
  auto client = sluice().connect();
  client.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  act(id, "cut-over");
  expect_completed(await_end(id));
  expect_told_to_retry(client, "SELECT COUNT(*) FROM orders");
}

TEST_P(OldSnapshot, is_told_when_it_uses_a_statement_prepared_before) {
  const auto id = postponed();
  auto client = sluice().connect();
  auto count = client.prepare("SELECT COUNT(*) FROM orders");
  client.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  act(id, "cut-over");
  expect_completed(await_end(id));
  const auto reply = count.execute();
  ASSERT_TRUE(reply.error) << "read " << reply.value();
  EXPECT_EQ(reply.error->code, table_definition_changed);
  client.must("ROLLBACK");
  EXPECT_EQ(count.execute().value(), "500");
}

TEST_P(OldSnapshot, goes_on_with_other_tables) {
  const auto id = postponed();
  auto client = sluice().connect();
  client.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM other").value(), "1");
  client.must("INSERT INTO other VALUES (2)");
  client.must("COMMIT");
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM orders").value(), "500");
}

TEST_P(OldSnapshot, goes_on_with_other_tables_whatever_the_migrated_one_is_called) {
  direct().must("CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(20))");
  direct().must("CREATE TRIGGER noted AFTER INSERT ON notes FOR EACH ROW INSERT INTO other VALUES (NEW.id + 10)");
  for (const std::string name : {"a?b", "caf\u00e9"}) {
    SCOPED_TRACE(name);
    direct().must("CREATE TABLE `" + name + "` (id INT PRIMARY KEY)");
    const auto id =
        sluice().migrate({.table = name, .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    auto client = sluice().connect();
    client.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    act(id, "cut-over");
    expect_completed(await_end(id));
    client.must(R"(INSERT INTO notes (note) VALUES ('it\'s'))");  // where \ were no escape, a quote would be left open
    EXPECT_EQ(client.query("SELECT * FROM `" + name + "`").error.value().code, table_definition_changed);
    client.must("COMMIT");
    EXPECT_EQ(client.must("SELECT COUNT(*) FROM `" + name + "`").value(), "0");
  }
}

TEST_P(OldSnapshot, is_none_where_each_statement_reads_what_is_committed) {
  // Only MySQL shows who reads how; where the server doesn't, they are told to retry like the others.
  for (const std::string level : {"READ COMMITTED", "READ UNCOMMITTED"}) {
    SCOPED_TRACE(level);
    direct().must("DROP TABLE IF EXISTS _orders_del");
    const auto id = postponed("ENGINE = InnoDB");
    auto client = sluice().connect();
    client.must("SET SESSION TRANSACTION ISOLATION LEVEL " + level);
    client.must("BEGIN");
    EXPECT_EQ(client.must("SELECT COUNT(*) FROM other").value(), "1");
    auto repeatable = sluice().connect();
    repeatable.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    act(id, "cut-over");
    expect_completed(await_end(id));
    if (is_mysql()) {
      EXPECT_EQ(client.must("SELECT COUNT(*) FROM orders").value(), "500");
      client.must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
      client.must("COMMIT");
    } else {
      expect_told_to_retry(client, "SELECT COUNT(*) FROM orders");
    }
    expect_told_to_retry(repeatable, "SELECT COUNT(*) FROM orders");
  }
}

TEST_P(OldSnapshot, younger_than_the_swap_reads_the_new_table) {
  const auto id = postponed();
  auto client = sluice().connect();
  client.must("BEGIN");  // opens no snapshot yet
  auto other = sluice().connect();
  if (is_mysql()) {
    other.must("START TRANSACTION");  // it prepares no BEGIN
  } else {
    EXPECT_TRUE(other.prepare("BEGIN").execute().ok());
  }
  act(id, "cut-over");
  expect_completed(await_end(id));
  for (auto* either : {&client, &other}) {
    EXPECT_EQ(either->must("SELECT COUNT(*) FROM orders").value(), "500");
    either->must("COMMIT");
  }
}

}  // namespace
}  // namespace sluice::test
