// What clients do all day goes through the proxy as if it were not there.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using test::Row;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

class Commands : public ThroughProxy {};
SLUICE_ON_BOTH_SERVERS(Commands);

TEST_P(Commands, query_is_answered) {
  auto client = proxy().connect();
  EXPECT_EQ(client.must("SELECT 6 * 7").value(), "42");
  EXPECT_TRUE(client.ping());
}

TEST_P(Commands, connection_id_is_the_servers) {
  auto client = proxy().connect();
  EXPECT_EQ(client.must("SELECT CONNECTION_ID()").value(), std::to_string(client.connection_id()));
  EXPECT_TRUE(proxy().gate.knows(gate::ConnectionId{client.connection_id()}));
}

TEST_P(Commands, error_is_the_servers_own) {
  auto client = proxy().connect();
  const auto reply = client.query("SELECT * FROM no_such_table");
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1146U);
  EXPECT_EQ(reply.error->sqlstate, "42S02");
  EXPECT_THAT(reply.error->text, HasSubstr("no_such_table"));
  EXPECT_EQ(client.must("SELECT 1").value(), "1");
}

TEST_P(Commands, several_statements_bring_several_results) {
  auto client = proxy().connect();
  const auto reply = client.query("SELECT 1; SELECT 2, 3; DO 0; SELECT * FROM no_such_table; SELECT 5");
  EXPECT_THAT(reply.results, SizeIs(3));
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1146U);
  EXPECT_EQ(client.must("SELECT 4").value(), "4");
}

TEST_P(Commands, procedure_brings_rows_and_a_status) {
  auto client = proxy().connect();
  client.must("DROP PROCEDURE IF EXISTS two");
  client.must("CREATE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END");
  EXPECT_THAT(client.must("CALL two()").results, SizeIs(3));
  EXPECT_EQ(client.must("SELECT 3").value(), "3");
}

TEST_P(Commands, prepared_statement_goes_round_many_times) {
  auto client = proxy().connect();
  client.must("CREATE TEMPORARY TABLE p (id BIGINT PRIMARY KEY, name TEXT)");
  auto insert = client.prepare("INSERT INTO p VALUES (?, ?)");
  auto select = client.prepare("SELECT name FROM p WHERE id = ?");
  for (std::int64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(insert.execute({i, "name " + std::to_string(i)}).ok());
    ASSERT_EQ(select.execute({i}).value(), "name " + std::to_string(i));
  }
  EXPECT_EQ(insert.execute({std::int64_t{7}, std::string{"again"}}).error->code, 1062U);
  EXPECT_THROW((void)client.prepare("SELECT * FROM no_such_table"), std::runtime_error);
  EXPECT_THAT(client.execute("SELECT id FROM p").rows(), SizeIs(200));
}

TEST_P(Commands, transaction_commits_and_rolls_back) {
  auto client = proxy().connect();
  auto other = proxy().connect();
  client.must("CREATE OR REPLACE VIEW nothing AS SELECT 1");
  client.must("DROP TABLE IF EXISTS tx");
  client.must("CREATE TABLE tx (id INT PRIMARY KEY)");
  client.must("BEGIN");
  client.must("INSERT INTO tx VALUES (1)");
  EXPECT_EQ(other.must("SELECT COUNT(*) FROM tx").value(), "0");
  client.must("ROLLBACK");
  client.must("BEGIN");
  client.must("INSERT INTO tx VALUES (2)");
  client.must("COMMIT");
  EXPECT_THAT(other.must("SELECT id FROM tx").rows(), ElementsAre(Row{"2"}));
}

TEST_P(Commands, packets_of_16_megabytes_and_more_arrive_whole) {
  server().connect().must("SET GLOBAL max_allowed_packet = 128 * 1024 * 1024");
  auto client = proxy().connect();
  constexpr std::size_t PACKET_MAX = 0xFFFFFF;
  const std::string head = "SELECT LENGTH('";
  const std::string tail = "'), '";
  for (const std::size_t size : {PACKET_MAX - 1, PACKET_MAX, PACKET_MAX + 1, std::size_t{40'000'000}}) {
    // The command byte counts as well.
    const std::string end = "')";
    const std::size_t filler = size - 1 - head.size() - end.size();
    EXPECT_EQ(client.must(head + std::string(filler, 'x') + end).value(), std::to_string(filler));
    EXPECT_EQ(client.must("SELECT REPEAT('y', " + std::to_string(size) + ")").value().size(), size);
    EXPECT_TRUE(client.ping());
  }
}

TEST_P(Commands, many_rows_arrive_whole) {
  auto client = proxy().connect();
  client.must(is_mysql() ? "SET SESSION cte_max_recursion_depth = 1000000"
                         : "SET SESSION max_recursive_iterations = 1000000");
  const auto reply = client.query(
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i, REPEAT('r', 100) "
      "FROM n");
  EXPECT_THAT(reply.rows(), SizeIs(200'000));
  EXPECT_EQ(reply.rows().back().front(), "200000");
}

TEST_P(Commands, running_query_is_killed_from_another_connection) {
  auto client = proxy().connect();
  auto other = proxy().connect();
  auto answer = std::async(std::launch::async, [&] {
    return client.query("SELECT COUNT(*), SLEEP(30) FROM (SELECT 1 UNION SELECT 2) AS two");
  });
  const auto id = std::to_string(client.connection_id());
  ASSERT_TRUE(test::wait_until([&] {
    return other
               .must("SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + id +
                     " AND info LIKE '%SLEEP%'")
               .value() == "1";
  }));
  other.must("KILL QUERY " + id);
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  (void)answer.get();  // SLEEP returns 1 when it is interrupted, or the query fails with 1317
  EXPECT_EQ(client.must("SELECT 1").value(), "1");

  other.must("KILL " + id);
  EXPECT_FALSE(client.ping());
}

// MySQL has forgotten COM_PROCESS_KILL and COM_SHUTDOWN, and says so.
TEST_P(Commands, connection_is_killed_by_a_command_of_its_own) {
  constexpr std::uint8_t PROCESS_KILL = 0x0C;
  const auto kills = [&](std::uint16_t port) {
    auto victim = proxy().connect();
    const auto id = victim.connection_id();
    RawClient client{port};
    RawClient::Payload kill{PROCESS_KILL};
    for (int shift = 0; shift < 32; shift += 8) kill.push_back(static_cast<std::uint8_t>(id >> shift));
    client.command(kill);
    const auto answer = client.receive();
    return std::pair{answer.at(0), victim.ping()};
  };
  const auto direct = kills(server().port());
  EXPECT_EQ(direct.second, is_mysql());
  EXPECT_EQ(kills(proxy().proxy.port()), direct);
}

TEST_P(Commands, server_is_shut_down_by_its_client) {
  constexpr std::uint8_t SHUTDOWN = 0x08;
  for (const auto& shutdown : {RawClient::Payload{SHUTDOWN, 0}, RawClient::query_payload("SHUTDOWN")}) {
    if (is_mysql() && shutdown[0] == SHUTDOWN) continue;
    auto own = test::TestServer::start(GetParam());
    auto with = config();
    with.primary.port = own.port();
    const RunningProxy proxy{with};
    auto idle = proxy.connect();
    const auto says = [&](std::uint16_t port) {
      RawClient client{port};
      client.command(shutdown);
      const auto answer = client.receive();
      return answer.empty() ? -1 : int{answer[0]};
    };
    const auto direct = says(own.port());
    EXPECT_TRUE(proxy.empties()) << "idle ones hear of it";
    EXPECT_FALSE(idle.ping());
    own.stop();
    own.restart();
    EXPECT_EQ(says(proxy.proxy.port()), direct);
    EXPECT_TRUE(proxy.empties());
  }
}

TEST_P(Commands, many_clients_at_once_get_their_own_answers) {
  std::vector<std::future<bool>> clients;
  for (int n = 0; n < 16; ++n) {
    clients.push_back(std::async(std::launch::async, [this, n] {
      auto client = proxy().connect();
      for (int i = 0; i < 200; ++i) {
        const auto expected = std::to_string(n) + "-" + std::to_string(i);
        if (client.must("SELECT '" + expected + "'").value() != expected) return false;
      }
      return true;
    }));
  }
  for (auto& client : clients) EXPECT_TRUE(client.get());
  EXPECT_TRUE(proxy().empties());
  EXPECT_GE(proxy().observer.statements, 16U * 200U);
}

TEST_P(Commands, temporary_table_and_user_lock_stay_with_their_client) {
  auto client = proxy().connect();
  client.must("CREATE TEMPORARY TABLE mine (id INT)");
  EXPECT_EQ(client.must("SELECT GET_LOCK('l', 0)").value(), "1");
  auto other = proxy().connect();
  EXPECT_FALSE(other.query("SELECT * FROM mine").ok());
  EXPECT_EQ(other.must("SELECT GET_LOCK('l', 0)").value(), "0");
}

}  // namespace
}  // namespace sluice::proxy
