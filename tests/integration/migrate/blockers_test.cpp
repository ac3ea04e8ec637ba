// Clients of the proxy that hold the table for long: the cut-over names them, waits for them, and goes on when they let
// go.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

struct Holder {
  std::vector<std::string> take;
  std::vector<std::string> let_go;
};

class Blockers : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(100);
  }

  bool names(const std::string& id, const TestClient& client) {
    const auto status = sluice().status(id);
    for (std::size_t i = 0; i < json_size(status.json, "/blockers"); ++i) {
      const auto shown = json_at(status.json, "/blockers/" + std::to_string(i) + "/connection_id");
      if (shown == std::to_string(client.connection_id())) return true;
    }
    return false;
  }
  std::string asked_for(const char* alter) {
    const auto id = sluice().migrate(
        {.table = "orders", .alter = alter, .options = R"({"postpone_cut_over": true, "initially_drop_old_table": true,
                                                     "drain_timeout_ms": 100})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    return id;
  }
  // Whatever it is that it said before, when it began and what it did then.
  void is_waited_for(const std::vector<Holder>& holders) {
    auto client = sluice().connect();
    for (const auto& holder : holders) {
      SCOPED_TRACE(holder.take.back());
      const auto id = asked_for("ALTER COLUMN tag SET DEFAULT 'other'");
      for (const auto& sql : holder.take) client.must(sql);
      act(id, "cut-over");
      EXPECT_TRUE(wait_until([&] { return names(id, client); })) << sluice().status(id).json;
      EXPECT_FALSE(sluice().status(id).ended());
      for (const auto& sql : holder.let_go) client.must(sql);
      expect_completed(await_end(id));
      client.must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
      EXPECT_FALSE(names(id, client));
    }
  }
};
SLUICE_ON_BOTH_SERVERS(Blockers);

TEST_P(Blockers, with_an_open_transaction) {
  is_waited_for({
      {{"BEGIN", "UPDATE orders SET qty = 0 WHERE id = 2"}, {"COMMIT"}},
      {{"SET autocommit = 0", "UPDATE orders SET qty = 0 WHERE id = 2"}, {"ROLLBACK", "SET autocommit = 1"}},
      {{"BEGIN", "SELECT COUNT(*) FROM orders"}, {"COMMIT AND CHAIN", "COMMIT"}},
      {{"BEGIN", "SAVEPOINT s", "UPDATE orders SET qty = 0 WHERE id = 2", "ROLLBACK TO s"}, {"BEGIN", "COMMIT"}},
      {{"XA START 'x'", "UPDATE orders SET qty = 0 WHERE id = 2", "XA END 'x'"}, {"XA COMMIT 'x' ONE PHASE"}},
  });
}

TEST_P(Blockers, with_locked_tables) {
  is_waited_for({
      {{"LOCK TABLES orders WRITE"}, {"UNLOCK TABLES"}},
      {{"LOCK TABLES orders READ"}, {"START TRANSACTION WITH CONSISTENT SNAPSHOT", "COMMIT"}},
      {{"SELECT 1; LOCK TABLES test.orders AS o READ; SELECT 2"}, {"SELECT 3; UNLOCK TABLES; SELECT 4"}},
      {{"FLUSH TABLES orders WITH READ LOCK"}, {"BEGIN", "COMMIT"}},
      {{"FLUSH TABLES orders FOR EXPORT"}, {"UNLOCK TABLES"}},
      {{"FLUSH TABLES WITH READ LOCK", "BEGIN", "COMMIT"}, {"UNLOCK TABLES"}},
  });
}

TEST_P(Blockers, with_a_handler) {
  is_waited_for({
      {{"HANDLER orders OPEN", "BEGIN", "COMMIT", "HANDLER orders READ FIRST"}, {"HANDLER orders CLOSE"}},
      {{"HANDLER test.orders OPEN AS a", "HANDLER orders OPEN AS b", "HANDLER a CLOSE"}, {"HANDLER b CLOSE"}},
  });
}

TEST_P(Blockers, that_reset_their_connection_let_go) {
  for (const auto* lock :
       {"LOCK TABLES orders READ", "HANDLER orders OPEN", "BEGIN; SELECT * FROM orders FOR UPDATE"}) {
    SCOPED_TRACE(lock);
    auto client = sluice().connect();
    const auto id = asked_for("ALTER COLUMN tag SET DEFAULT 'other'");
    client.must(lock);
    act(id, "cut-over");
    EXPECT_TRUE(wait_until([&] { return names(id, client); }));
    client.reset();
    expect_completed(await_end(id));
  }
}

// Both servers keep its rows in a temporary table.
TEST_P(Blockers, do_not_include_a_cursor) {
  auto client = sluice().connect();
  auto select = client.prepare("SELECT id, name FROM orders ORDER BY id");
  select.open_cursor();
  EXPECT_EQ(select.fetch(), (Row{"1", "row 1"}));
  complete({.table = "orders", .alter = "DROP COLUMN name"});
  EXPECT_EQ(select.fetch(), (Row{"2", "row 2"}));
  std::size_t rows = 2;
  while (select.fetch()) ++rows;
  EXPECT_EQ(rows, 100U);
  select.close_cursor();
  EXPECT_FALSE(client.query("SELECT name FROM orders").ok());
}

TEST_P(Blockers, include_the_transaction_of_a_cursor) {
  auto client = sluice().connect();
  auto select = client.prepare("SELECT id FROM orders ORDER BY id");
  const auto id = asked_for("DROP COLUMN name");
  client.must("BEGIN");
  select.open_cursor();
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return names(id, client); }));
  EXPECT_EQ(select.fetch(), (Row{"1"}));
  EXPECT_FALSE(sluice().status(id).ended());
  select.close_cursor();
  client.must("COMMIT");
  expect_completed(await_end(id));
}

// Its rows are locked, so nobody can tell yet what they are to be in the new table.
TEST_P(Blockers, that_prepared_a_distributed_transaction_are_waited_for_though_they_are_gone) {
  const auto id = asked_for("ADD COLUMN note INT");
  {
    auto client = sluice().connect();
    client.must("XA START 'left'");
    client.must("UPDATE orders SET name = 'from afar' WHERE id = 3");
    client.must("XA END 'left'");
    client.must("XA PREPARE 'left'");
  }
  ASSERT_EQ(change(id, R"({"hold_timeout_ms": 100})").status, 200U);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).attempts > 0; })) << sluice().status(id).json;
  auto other = sluice().connect();
  other.must("UPDATE orders SET name = 'meanwhile' WHERE id = 4");
  EXPECT_FALSE(sluice().status(id).ended()) << sluice().status(id).json;
  EXPECT_TRUE(wait_until([&] { return other.query("XA COMMIT 'left'").ok(); }));
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT GROUP_CONCAT(name ORDER BY id) FROM orders WHERE id IN (3, 4)").value(),
            "from afar,meanwhile");
}

}  // namespace
}  // namespace sluice::test
