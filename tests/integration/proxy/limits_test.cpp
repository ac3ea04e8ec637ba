// Whom the proxy turns away, with the errors that a server has for it, and whom it disconnects.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using test::ConnectFailure;
using test::TestClient;
using test::wait_until;
using testing::HasSubstr;
using namespace std::chrono_literals;

class Limited : public ThroughProxy {
 protected:
  static TestClient connect(const RunningProxy& proxy, const std::string& user, const std::string& password) {
    return TestClient{{.port = proxy.proxy.port(), .user = user, .password = password, .database = "test"}};
  }
  static test::SqlError refusal(const RunningProxy& proxy, const std::string& user = "root",
                                const std::string& password = "") {
    try {
      (void)connect(proxy, user, password);
    } catch (const ConnectFailure& failure) {
      return failure.error;
    }
    return {};
  }
  // As bytes: the first packet that a new client gets.
  static std::vector<std::uint8_t> first_packet(std::uint16_t port) {
    net::BlockingStream stream;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    EXPECT_FALSE(stream.connect({"127.0.0.1", port}, deadline));
    std::vector<std::uint8_t> packet(protocol::PACKET_HEADER_BYTES);
    EXPECT_FALSE(stream.read(packet, deadline));
    packet.resize(packet.size() + protocol::read_packet_header(packet).length_bytes);
    EXPECT_FALSE(stream.read(std::span{packet}.subspan(protocol::PACKET_HEADER_BYTES), deadline));
    return packet;
  }
};
SLUICE_ON_BOTH_SERVERS(Limited);

TEST_P(Limited, one_connection_too_many_gets_the_very_bytes_of_a_full_server) {
  const auto own = test::TestServer::start(GetParam(), {.arguments = {"--max-connections=10"}});
  std::vector<TestClient> clients;
  try {
    while (clients.size() < 20) clients.push_back(own.connect());
  } catch (const ConnectFailure&) {
  }
  auto with = config();
  with.limits.connections = 1;
  const RunningProxy proxy{with};
  const auto only = proxy.connect();
  EXPECT_EQ(first_packet(proxy.proxy.port()), first_packet(own.port()));
  EXPECT_EQ(proxy.observer.refused(Refusal::connections), 1);
}

TEST_P(Limited, user_has_so_many_connections_and_others_have_theirs) {
  server().make_user("many", "her password", "ALL ON test.*");
  auto with = config();
  with.limits.connections_per_user = 2;
  RunningProxy proxy{with};
  auto first = connect(proxy, "many", "her password");
  {
    const auto second = connect(proxy, "many", "her password");
    const auto error = refusal(proxy, "many", "her password");
    EXPECT_EQ(error.code, 1203U);
    EXPECT_EQ(error.sqlstate, "42000");
    EXPECT_THAT(error.text, HasSubstr("User many already has more than 'max_user_connections' active connections"));
    EXPECT_EQ(proxy.connect().must("SELECT 1").value(), "1");
  }
  EXPECT_TRUE(wait_until([&] { return refusal(proxy, "many", "her password").code == 0; }));
  EXPECT_TRUE(first.ping());
}

TEST_P(Limited, who_can_not_log_in_does_not_use_up_the_users_connections) {
  server().make_user("locked_out", "her password", "ALL ON test.*");
  auto with = config();
  with.limits.connections_per_user = 1;
  const RunningProxy proxy{with};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refusal(proxy, "locked_out", "a guess").code, 1045U);
  EXPECT_EQ(connect(proxy, "locked_out", "her password").must("SELECT 1").value(), "1");
}

TEST_P(Limited, change_of_user_is_counted_for_the_new_one) {
  server().make_user("from", "", "ALL ON test.*");
  server().make_user("to", "", "ALL ON test.*");
  auto with = config();
  with.limits.connections_per_user = 1;
  RunningProxy proxy{with};
  auto changed = connect(proxy, "from", "");
  changed.change_user("to", "", "test");
  EXPECT_EQ(refusal(proxy, "to").code, 1203U);
  auto second = connect(proxy, "from", "");
  EXPECT_THROW(second.change_user("to", "", "test"), std::runtime_error);
  EXPECT_TRUE(changed.ping());
}

TEST_P(Limited, address_has_so_many_connections) {
  auto with = config();
  with.limits.connections_per_address = 1;
  const RunningProxy proxy{with};
  const auto only = proxy.connect();
  const auto error = refusal(proxy);
  EXPECT_EQ(error.code, 1040U);
  EXPECT_THAT(error.text, HasSubstr("Too many connections from 127.0.0.1"));
  EXPECT_EQ(proxy.observer.refused(Refusal::address_connections), 1);
}

TEST_P(Limited, client_that_does_not_log_in_in_time_is_disconnected) {
  auto with = config();
  with.limits.handshake_deadline_ms = 200ms;
  RunningProxy proxy{with};
  net::BlockingStream silent;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  ASSERT_FALSE(silent.connect({"127.0.0.1", proxy.proxy.port()}, deadline));
  std::array<std::uint8_t, 4096> greeting{};
  while (true) {
    const auto got = silent.read_some(greeting, deadline);
    if (!got || *got == 0) break;
  }
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_TRUE(proxy.empties());
  EXPECT_EQ(proxy.observer.refused(Refusal::handshake_timeout), 1);
}

TEST_P(Limited, server_that_does_not_answer_in_time_costs_no_client_longer_than_the_deadline) {
  const auto own = test::TestServer::start(GetParam());
  auto with = config();
  with.primary.port = own.port();
  with.limits.handshake_deadline_ms = 300ms;
  RunningProxy proxy{with};
  own.pause();
  EXPECT_EQ(refusal(proxy).code, 2013U);
  EXPECT_TRUE(proxy.empties());
  own.resume();
}

TEST_P(Limited, idle_client_is_disconnected_as_the_server_would_do_it) {
  server().connect().must("CREATE TABLE IF NOT EXISTS idle_clients (id INT PRIMARY KEY)");
  auto with = config();
  with.limits.idle_deadline_ms = 3s;
  RunningProxy proxy{with};
  auto busy = proxy.connect();
  RawClient idle{proxy.proxy.port()};
  auto in_transaction = proxy.connect();
  in_transaction.must("BEGIN");
  in_transaction.must("INSERT INTO idle_clients VALUES (1)");
  ASSERT_TRUE(wait_until([&] {
    EXPECT_TRUE(busy.ping());
    return proxy.observer.idled_out == 2;
  }));
  const auto packet = idle.receive();
  if (is_mysql()) {
    ASSERT_GT(packet.size(), 3U);
    EXPECT_EQ(packet[1] | packet[2] << 8, 4031);
  } else {
    EXPECT_TRUE(packet.empty());
  }
  EXPECT_EQ(busy.must("SELECT COUNT(*) FROM idle_clients").value(), "0") << "the transaction was not rolled back";
}

TEST_P(Limited, client_that_has_sent_but_the_beginning_of_a_command_is_idle) {
  auto with = config();
  with.limits.idle_deadline_ms = 1s;
  RunningProxy proxy{with};
  for (const RawClient::Payload& beginning : {RawClient::Payload{5}, RawClient::Payload{5, 0, 0, 0, 0x03, 'D', 'O'}}) {
    RawClient client{proxy.proxy.port()};
    client.send_bytes(beginning);
    EXPECT_TRUE(proxy.empties());
  }
  EXPECT_EQ(proxy.observer.idled_out, 2);
}

TEST_P(Limited, client_that_waits_for_a_long_statement_is_not_idle) {
  auto with = config();
  with.limits.idle_deadline_ms = 2s;
  const RunningProxy proxy{with};
  EXPECT_EQ(proxy.connect().must("SELECT SLEEP(3.2)").value(), "0");
  EXPECT_EQ(proxy.observer.idled_out, 0);
}

TEST_P(Limited, limits_that_are_changed_hold_for_those_that_come) {
  RunningProxy proxy{config()};
  auto first = proxy.connect();
  auto second = proxy.connect();
  auto limits = config().limits;
  limits.connections = 2;
  proxy.proxy.change_limits(limits);
  EXPECT_EQ(refusal(proxy).code, 1040U);
  limits.connections = 10;
  limits.connections_per_user = 2;
  proxy.proxy.change_limits(limits);
  EXPECT_EQ(refusal(proxy).code, 1203U);
  limits.connections_per_user = 0;
  limits.connections_per_address = 1;
  proxy.proxy.change_limits(limits);
  EXPECT_THAT(refusal(proxy).text, HasSubstr("Too many connections from 127.0.0.1"));
  proxy.proxy.change_limits({});
  EXPECT_EQ(refusal(proxy).code, 0U);
  EXPECT_TRUE(first.ping() && second.ping());
}

TEST_P(Limited, idle_deadline_that_is_changed_holds_for_those_that_are_there) {
  RunningProxy proxy{config()};
  auto idle = proxy.connect();
  auto limits = config().limits;
  limits.idle_deadline_ms = 400ms;
  proxy.proxy.change_limits(limits);
  ASSERT_TRUE(wait_until([&] { return proxy.observer.idled_out == 1; }));
  EXPECT_FALSE(idle.ping());
  auto patient = proxy.connect();
  proxy.proxy.change_limits({});
  EXPECT_EQ(proxy.connect().must("SELECT SLEEP(1)").value(), "0");
  EXPECT_TRUE(patient.ping());
}

TEST_P(Limited, client_that_does_not_take_its_answer_is_disconnected) {
  auto with = config();
  with.limits.client_write_deadline_ms = 1s;
  RunningProxy proxy{with};
  RawClient stuck{proxy.proxy.port()};
  auto other = proxy.connect();
  stuck.query(
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT REPEAT('x', 1000000) FROM "
      "n");
  EXPECT_TRUE(wait_until([&] { return proxy.observer.connections == 1; }));
  EXPECT_TRUE(other.ping());
}

}  // namespace
}  // namespace sluice::proxy
