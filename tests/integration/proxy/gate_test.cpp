// Clients of an armed table: they are held while it is closed and go on, unharmed, when it opens.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using gate::CloseResult;
using gate::Phase;
using gate::Target;
using test::wait_until;
using testing::HasSubstr;
using namespace std::chrono_literals;

const gate::TableName ORDERS{"test", "orders"};

class AtTheGate : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("DROP TABLE IF EXISTS orders, other");
    direct.must("CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(50))");
    direct.must("CREATE TABLE other (id BIGINT AUTO_INCREMENT PRIMARY KEY)");
  }

  gate::Gate& gate() { return proxy().gate; }
  void arm() { gate().arm(ORDERS, {Target{ORDERS, Target::Kind::table}}, "m1"); }
  void close() {
    ASSERT_EQ(gate().close(ORDERS, gate::Clock::now() + 10s, gate::Clock::now() + 30s), CloseResult::held);
  }
  bool waits(std::size_t count) {
    return wait_until([&, count] { return gate().status(ORDERS).waiting == count; });
  }
  std::string count() { return server().connect().must("SELECT COUNT(*) FROM orders").value(); }

  static std::future<test::Reply> later(test::TestClient& client, std::string sql) {
    return std::async(std::launch::async, [&client, sql = std::move(sql)] { return client.query(sql); });
  }
};
SLUICE_ON_BOTH_SERVERS(AtTheGate);

TEST_P(AtTheGate, writers_wait_while_it_is_closed_and_go_on_when_it_opens) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> acknowledged{0};
  std::vector<std::future<std::string>> writers;
  for (int n = 0; n < 8; ++n) {
    writers.push_back(std::async(std::launch::async, [&]() -> std::string {
      auto client = proxy().connect();
      auto insert = client.prepare("INSERT INTO orders (note) VALUES (?)");
      while (!stop) {
        const auto text = client.query("INSERT INTO orders (note) VALUES ('text')");
        if (!text.ok()) return text.error->text;
        const auto binary = insert.execute({std::string{"binary"}});
        if (!binary.ok()) return binary.error->text;
        acknowledged += 2;
      }
      return "";
    }));
  }
  ASSERT_TRUE(wait_until([&] { return acknowledged > 100; }));
  arm();
  for (int round = 0; round < 5; ++round) {
    close();
    EXPECT_TRUE(waits(8));
    const auto before = count();
    auto bystander = proxy().connect();
    EXPECT_TRUE(bystander.query("INSERT INTO other VALUES ()").ok());
    EXPECT_EQ(count(), before);
    const auto then = acknowledged.load();
    gate().open(ORDERS);
    ASSERT_TRUE(wait_until([&] { return acknowledged > then + 50; }));
  }
  gate().disarm(ORDERS);
  stop = true;
  for (auto& writer : writers) EXPECT_EQ(writer.get(), "");
  EXPECT_EQ(count(), std::to_string(acknowledged.load()));
  EXPECT_TRUE(proxy().empties());
}

TEST_P(AtTheGate, hold_waits_for_an_open_transaction_that_touched_the_table) {
  auto client = proxy().connect();
  arm();
  client.must("BEGIN");
  client.must("INSERT INTO orders (note) VALUES ('first')");
  EXPECT_EQ(gate().close(ORDERS, gate::Clock::now() + 50ms, gate::Clock::now() + 1s), CloseResult::drain_expired);
  ASSERT_EQ(gate().status(ORDERS).busy.size(), 1U);
  EXPECT_EQ(gate().status(ORDERS).busy[0].connection, gate::ConnectionId{client.connection_id()});
  EXPECT_EQ(gate().status(ORDERS).busy[0].user, "root");
  auto closing = std::async(std::launch::async,
                            [&] { return gate().close(ORDERS, gate::Clock::now() + 10s, gate::Clock::now() + 30s); });
  ASSERT_TRUE(wait_until([&] { return gate().status(ORDERS).phase == Phase::draining; }));
  client.must("INSERT INTO orders (note) VALUES ('second')");
  client.must("COMMIT");
  EXPECT_EQ(closing.get(), CloseResult::held);
  gate().open(ORDERS);
}

TEST_P(AtTheGate, transaction_open_before_arming_counts) {
  auto client = proxy().connect();
  client.must("BEGIN");
  client.must("INSERT INTO orders (note) VALUES ('first')");
  arm();
  EXPECT_EQ(gate().close(ORDERS, gate::Clock::now() + 50ms, gate::Clock::now() + 1s), CloseResult::drain_expired);
  client.must("ROLLBACK");
  close();
  gate().open(ORDERS);
}

TEST_P(AtTheGate, locked_tables_count_as_a_transaction) {
  auto client = proxy().connect();
  arm();
  client.must("LOCK TABLES orders WRITE");
  EXPECT_EQ(gate().close(ORDERS, gate::Clock::now() + 50ms, gate::Clock::now() + 1s), CloseResult::drain_expired);
  client.must("UNLOCK TABLES");
  close();
  gate().open(ORDERS);
}

TEST_P(AtTheGate, distributed_transaction_counts_until_it_is_prepared) {
  auto client = proxy().connect();
  arm();
  client.must("XA START 'x'");
  client.must("INSERT INTO orders (note) VALUES ('x')");
  EXPECT_EQ(gate().close(ORDERS, gate::Clock::now() + 50ms, gate::Clock::now() + 30s), CloseResult::drain_expired);
  client.must("XA END 'x'");
  EXPECT_EQ(gate().close(ORDERS, gate::Clock::now() + 50ms, gate::Clock::now() + 30s), CloseResult::drain_expired);
  client.must("XA PREPARE 'x'");
  client.must("XA ROLLBACK 'x'");
  close();
  gate().open(ORDERS);
}

TEST_P(AtTheGate, statement_prepared_before_arming_is_held) {
  auto client = proxy().connect();
  auto insert = client.prepare("INSERT INTO orders (note) VALUES ('x')");
  arm();
  close();
  auto answer = std::async(std::launch::async, [&] { return insert.execute(); });
  EXPECT_TRUE(waits(1));
  EXPECT_EQ(count(), "0");
  gate().open(ORDERS);
  EXPECT_TRUE(answer.get().ok());
  EXPECT_EQ(count(), "1");
}

TEST_P(AtTheGate, reads_flow_while_a_transaction_is_waited_for_and_writes_wait) {
  auto lingering = proxy().connect();
  auto reader = proxy().connect();
  auto unsure = proxy().connect();
  auto writer = proxy().connect();
  arm();
  lingering.must("BEGIN");
  lingering.must("INSERT INTO orders (note) VALUES ('first')");
  unsure.must("SET autocommit = 0");
  auto closed = std::async(std::launch::async,
                           [&] { return gate().close(ORDERS, gate::Clock::now() + 20s, gate::Clock::now() + 30s); });
  ASSERT_TRUE(wait_until([&] { return gate().status(ORDERS).phase == Phase::draining; }));
  auto write = later(writer, "INSERT INTO orders (note) VALUES ('second')");
  auto kept = later(unsure, "SELECT COUNT(*) FROM orders");  // would keep the table until its COMMIT
  EXPECT_TRUE(waits(2));
  auto statement = reader.prepare("SELECT COUNT(*) FROM orders");
  for (int n = 0; n < 100; ++n) {
    EXPECT_EQ(reader.must("SELECT COUNT(*) FROM orders").value(), "0");
    EXPECT_EQ(statement.execute({}).value(), "0");
  }
  lingering.must("COMMIT");
  ASSERT_EQ(closed.get(), CloseResult::held);
  auto read = later(reader, "SELECT COUNT(*) FROM orders");
  EXPECT_TRUE(waits(3));
  gate().open(ORDERS);
  EXPECT_TRUE(write.get().ok());
  EXPECT_TRUE(kept.get().ok());
  EXPECT_TRUE(read.get().ok());
}

TEST_P(AtTheGate, read_of_a_session_that_does_not_autocommit_from_the_first_waits) {
  if (is_mysql()) return;  // whose flags say that it does, whatever its default is
  auto lingering = proxy().connect();
  server().connect().must("SET GLOBAL autocommit = 0");
  RawClient new_session{proxy().proxy.port()};
  server().connect().must("SET GLOBAL autocommit = 1");
  auto changed_user = proxy().connect();
  auto reader = proxy().connect();
  server().connect().must("SET GLOBAL autocommit = 0");
  changed_user.change_user("root", "", "test");
  server().connect().must("SET GLOBAL autocommit = 1");
  arm();
  lingering.must("BEGIN");
  lingering.must("INSERT INTO orders (note) VALUES ('first')");
  auto closed = std::async(std::launch::async,
                           [&] { return gate().close(ORDERS, gate::Clock::now() + 20s, gate::Clock::now() + 30s); });
  ASSERT_TRUE(wait_until([&] { return gate().status(ORDERS).phase == Phase::draining; }));
  new_session.query("SELECT COUNT(*) FROM orders");
  EXPECT_TRUE(waits(1));
  auto kept = later(changed_user, "SELECT COUNT(*) FROM orders");
  EXPECT_TRUE(waits(2));
  EXPECT_EQ(reader.must("SELECT COUNT(*) FROM orders").value(), "0");
  lingering.must("COMMIT");
  ASSERT_EQ(closed.get(), CloseResult::held);
  gate().open(ORDERS);
  EXPECT_TRUE(kept.get().ok());
}

TEST_P(AtTheGate, large_statement_is_held_as_well) {
  auto client = proxy().connect();
  arm();
  close();
  for (const std::size_t size : {100'000U, 3'000'000U}) {
    auto answer = later(client, "INSERT INTO orders (note) VALUES (LEFT('" + std::string(size, 'x') + "', 5))");
    EXPECT_TRUE(waits(1));
    EXPECT_EQ(count(), "0");
    gate().open(ORDERS);
    EXPECT_TRUE(answer.get().ok());
    EXPECT_EQ(count(), "1");
    server().connect().must("DELETE FROM orders");
    close();
  }
  gate().open(ORDERS);
}

TEST_P(AtTheGate, client_that_goes_away_while_it_waits_has_executed_nothing) {
  arm();
  close();
  {
    test::ChildProcess client{
        {.arguments = {"/usr/bin/mysql", "-h127.0.0.1", "-P" + std::to_string(proxy().proxy.port()), "-uroot", "test",
                       "-e", "INSERT INTO orders (note) VALUES ('never')"}}};
    EXPECT_TRUE(waits(1));
  }
  EXPECT_TRUE(waits(0));
  EXPECT_TRUE(proxy().empties());
  gate().open(ORDERS);
  EXPECT_EQ(count(), "0");
}

TEST_P(AtTheGate, kill_query_of_a_waiting_statement_is_answered) {
  auto client = proxy().connect();
  auto other = proxy().connect();
  arm();
  close();
  auto answer = later(client, "INSERT INTO orders (note) VALUES ('never')");
  EXPECT_TRUE(waits(1));
  other.must("KILL QUERY " + std::to_string(client.connection_id()));
  const auto reply = answer.get();
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1317U);
  EXPECT_EQ(reply.error->sqlstate, "70100");
  gate().open(ORDERS);
  EXPECT_EQ(count(), "0");
  EXPECT_TRUE(client.query("INSERT INTO orders (note) VALUES ('now')").ok());
}

TEST_P(AtTheGate, definition_of_an_armed_table_is_refused_with_the_migrations_name) {
  auto client = proxy().connect();
  arm();
  const auto reply = client.query("ALTER TABLE orders ADD COLUMN x INT");
  ASSERT_TRUE(reply.error);
  EXPECT_THAT(reply.error->text, HasSubstr("m1"));
  EXPECT_TRUE(client.query("INSERT INTO orders (note) VALUES ('still here')").ok());
  gate().disarm(ORDERS);
  EXPECT_TRUE(client.query("ALTER TABLE orders ADD COLUMN x INT").ok());
}

TEST_P(AtTheGate, statement_released_by_disarming_goes_on) {
  auto client = proxy().connect();
  arm();
  close();
  auto answer = later(client, "INSERT INTO orders (note) VALUES ('x')");
  EXPECT_TRUE(waits(1));
  gate().disarm(ORDERS);
  EXPECT_TRUE(answer.get().ok());
}

TEST_P(AtTheGate, old_snapshot_is_told_to_retry_after_a_swap) {
  auto client = proxy().connect();
  client.must("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  arm();
  client.must("BEGIN");
  client.must("SELECT COUNT(*) FROM other");
  close();
  gate().swapped(ORDERS);
  gate().open(ORDERS);
  const auto reply = client.query("SELECT COUNT(*) FROM orders");
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1412U);
  client.must("ROLLBACK");
  EXPECT_TRUE(client.query("SELECT COUNT(*) FROM orders").ok());
}

TEST_P(AtTheGate, commands_are_counted_by_what_they_do_to_the_table) {
  using enum CommandKind;
  auto client = proxy().connect();
  const auto counted = [&](CommandKind command, TableTouch touch) {
    EXPECT_TRUE(client.ping());  // what came before is accounted for
    return proxy().observer.finished(command, touch);
  };
  client.must("SELECT COUNT(*) FROM orders");
  EXPECT_EQ(counted(query, TableTouch::unscanned), 1U);
  arm();
  client.must("SELECT COUNT(*) FROM other");
  client.must("SELECT COUNT(*) FROM orders");
  client.must("INSERT INTO orders (note) SELECT 'text' FROM orders");
  EXPECT_FALSE(client.query("DROP TABLE orders").ok());
  auto insert = client.prepare("INSERT INTO orders (note) VALUES (?)");
  EXPECT_TRUE(insert.execute({std::string{"binary"}}).ok());
  EXPECT_EQ(counted(query, TableTouch::none), 1U);
  EXPECT_EQ(counted(query, TableTouch::read), 1U);
  EXPECT_EQ(counted(query, TableTouch::write), 1U);
  EXPECT_EQ(counted(query, TableTouch::ddl), 1U);
  EXPECT_EQ(counted(prepare, TableTouch::write), 1U);
  EXPECT_EQ(counted(execute, TableTouch::write), 1U);
  const auto pings = proxy().observer.finished(ping, TableTouch::none);
  EXPECT_EQ(counted(ping, TableTouch::none), pings + 1);
  gate().disarm(ORDERS);
}

}  // namespace
}  // namespace sluice::proxy
