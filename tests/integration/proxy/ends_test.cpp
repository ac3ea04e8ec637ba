// How sessions end: by the client, by the server, by the proxy; nothing hangs and nothing is left behind.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <future>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using test::wait_until;
using namespace std::chrono_literals;

class Ends : public ThroughProxy {};
SLUICE_ON_BOTH_SERVERS(Ends);

TEST_P(Ends, server_killed_in_the_middle_of_a_query_ends_the_client) {
  auto own = test::TestServer::start(GetParam());
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  auto client = proxy.connect();
  auto answer = std::async(std::launch::async, [&] { return client.query("SELECT SLEEP(60)"); });
  auto direct = own.connect();
  ASSERT_TRUE(wait_until([&] {
    return direct.must("SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'").value() ==
           "1";
  }));
  own.kill9();
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  const auto reply = answer.get();
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 2013U);
  EXPECT_TRUE(proxy.empties());
}

TEST_P(Ends, client_killed_in_the_middle_of_a_query_leaves_nothing_at_the_server) {
  {
    test::ChildProcess client{
        {.arguments = {"/usr/bin/mysql", "-h127.0.0.1", "-P" + std::to_string(proxy().proxy.port()), "-uroot", "test",
                       "-e", "SELECT SLEEP(50)"}}};
    ASSERT_TRUE(wait_until([&] { return running("%SLEEP(50)%") == "1"; }));
  }
  EXPECT_TRUE(wait_until([&] { return running("%SLEEP(50)%") == "0"; }, 20s));
  EXPECT_TRUE(proxy().empties());
}

TEST_P(Ends, client_that_leaves_a_transaction_open_has_it_rolled_back) {
  server().connect().must("CREATE TABLE IF NOT EXISTS left_open (id INT PRIMARY KEY)");
  {
    auto client = proxy().connect();
    client.must("BEGIN");
    client.must("INSERT INTO left_open VALUES (1)");
  }
  EXPECT_TRUE(proxy().empties());
  auto direct = server().connect();
  EXPECT_TRUE(direct.query("INSERT INTO left_open VALUES (1)").ok());
  direct.must("DROP TABLE left_open");
}

TEST_P(Ends, idle_connection_closed_by_the_server_closes_the_clients) {
  auto client = proxy().connect();
  client.must("SET SESSION wait_timeout = 1");
  EXPECT_TRUE(proxy().empties());
  EXPECT_FALSE(client.ping());
}

TEST_P(Ends, stop_lets_an_open_transaction_finish) {
  RunningProxy proxy{config()};
  auto direct = server().connect();
  direct.must("DROP TABLE IF EXISTS finishing");
  direct.must("CREATE TABLE finishing (id INT PRIMARY KEY)");
  auto idle = proxy.connect();
  auto busy = proxy.connect();
  busy.must("BEGIN");
  busy.must("INSERT INTO finishing VALUES (1)");
  auto stopping = std::async(std::launch::async, [&] { proxy.proxy.stop(std::chrono::steady_clock::now() + 20s); });
  EXPECT_TRUE(wait_until([&] { return proxy.observer.connections == 1; }));
  EXPECT_FALSE(idle.ping());
  busy.must("COMMIT");
  ASSERT_EQ(stopping.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(direct.must("SELECT COUNT(*) FROM finishing").value(), "1");
  EXPECT_THROW((void)proxy.connect(), test::ConnectFailure);
}

TEST_P(Ends, stop_waits_for_who_holds_a_lock) {
  RunningProxy proxy{config()};
  auto direct = server().connect();
  direct.must("DROP TABLE IF EXISTS locked");
  direct.must("CREATE TABLE locked (id INT PRIMARY KEY)");
  auto idle = proxy.connect();
  auto busy = proxy.connect();
  busy.must("LOCK TABLES locked WRITE");
  auto stopping = std::async(std::launch::async, [&] { proxy.proxy.stop(std::chrono::steady_clock::now() + 20s); });
  EXPECT_TRUE(wait_until([&] { return proxy.observer.connections == 1; }));
  EXPECT_FALSE(idle.ping());
  busy.must("INSERT INTO locked VALUES (1)");
  EXPECT_EQ(busy.must("SELECT COUNT(*) FROM locked").value(), "1");
  EXPECT_NE(stopping.wait_for(0s), std::future_status::ready);
  busy.must("UNLOCK TABLES");
  ASSERT_EQ(stopping.wait_for(10s), std::future_status::ready);
}

TEST_P(Ends, stop_cuts_off_who_does_not_finish) {
  RunningProxy proxy{config()};
  auto client = proxy.connect();
  auto answer = std::async(std::launch::async, [&] { return client.query("SELECT SLEEP(40)"); });
  ASSERT_TRUE(wait_until([&] { return running("%SLEEP(40)%") == "1"; }));
  proxy.proxy.stop(std::chrono::steady_clock::now() + 50ms);
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_FALSE(answer.get().ok());
  EXPECT_EQ(proxy.observer.connections, 0);
}

TEST_P(Ends, client_that_reads_slowly_does_not_fill_the_proxy) {
  // A client that is stopped in the middle of a large result; the server has to wait for it, others do not.
  // Its rows go nowhere, its complaint into a file.
  const test::ScratchFolder folder{"slow"};
  const auto complaint = folder.path() / "stderr";
  const std::string rows =
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT REPEAT('x', 1000000) "
      "FROM n";
  test::ChildProcess slow{
      {.arguments = {"/bin/sh", "-c", "exec /usr/bin/mysql \"$@\" > /dev/null", "sh", "-h127.0.0.1",
                     "-P" + std::to_string(proxy().proxy.port()), "-uroot", "test", "--quick", "-e", rows},
       .output = complaint}};
  ASSERT_TRUE(wait_until([&] { return running("%1000000%") == "1"; }));
  slow.suspend();
  auto other = proxy().connect();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(other.must("SELECT 1").value(), "1");
  slow.signal(SIGCONT);
  EXPECT_EQ(slow.wait(60s), 0) << std::ifstream{complaint}.rdbuf();
}

TEST_P(Ends, packet_that_is_too_large_has_the_servers_own_error) {
  const auto own = test::TestServer::start(GetParam(), {.arguments = {"--max-allowed-packet=1M"}});
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  const auto statement = RawClient::query_payload("SELECT '" + std::string(12 << 20, 'x') + "'");
  const auto error_from = [&](std::uint16_t port) {
    RawClient client{port};
    try {
      client.command(statement);
    } catch (const std::runtime_error&) {  // the server does not read it to its end
    }
    const auto packet = client.receive();
    return packet.size() > 3 && packet[0] == 0xFF ? packet[1] | packet[2] << 8 : 0;
  };
  constexpr int ER_NET_PACKET_TOO_LARGE = 1153;
  ASSERT_EQ(error_from(own.port()), ER_NET_PACKET_TOO_LARGE);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(error_from(proxy.proxy.port()), ER_NET_PACKET_TOO_LARGE) << i;
  EXPECT_TRUE(proxy.empties());
}

TEST_P(Ends, client_with_a_large_result_leaves_the_others_of_its_thread_their_turn) {
  auto with = config();
  with.threads = 1;
  with.server_tls = ServerTlsMode::disabled;  // so that the encrypting proxy is the slowest of all
  RunningProxy proxy{with};
  auto other = proxy.connect();
  const std::string rows =
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 250) SELECT REPEAT('x', 1200000) "
      "FROM n";
  test::ChildProcess large{
      {.arguments = {"/bin/sh", "-c", "exec /usr/bin/mariadb \"$@\" > /dev/null", "sh", "-h127.0.0.1",
                     "-P" + std::to_string(proxy.proxy.port()), "-uroot", "test", "--quick", "--ssl", "-e", rows}}};
  ASSERT_TRUE(wait_until([&] { return running("%1200000%") == "1"; }));
  auto longest = std::chrono::steady_clock::duration{};
  int turns = 0;
  for (; running("%1200000%") == "1"; ++turns) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(other.ping());
    longest = std::max(longest, std::chrono::steady_clock::now() - begun);
  }
  EXPECT_EQ(large.wait(60s), 0);
  EXPECT_GT(turns, 10);
  EXPECT_LT(longest, 3s);  // of a result that takes as long
}

}  // namespace
}  // namespace sluice::proxy
