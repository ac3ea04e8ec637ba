// The PROXY protocol, from load balancers and to the server.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using protocol::ProxyHeaderVersion;
using test::wait_until;
using testing::HasSubstr;
using namespace std::chrono_literals;

class Headers : public ThroughProxy {
 protected:
  static protocol::IpNetwork network(const char* text) { return protocol::parse_ip_network(text).value(); }
  static protocol::ClientConnection from(const char* client) {
    return {{protocol::parse_ip_address(client).value(), 40'000}, {protocol::parse_ip_address(client).value(), 3306}};
  }
  [[nodiscard]] ProxyConfig behind_balancer() {
    auto with = config();
    with.proxy_header_from = {network("127.0.0.0/8")};
    return with;
  }
  static std::vector<std::uint8_t> text(std::string_view header) { return {header.begin(), header.end()}; }
  static RawClient client_behind(const RunningProxy& proxy, const std::vector<std::uint8_t>& header) {
    return RawClient{proxy.proxy.port(), {.first = header}};
  }
  // What the proxy says to somebody who begins so: its first error, or nothing.
  static std::string error_for(std::uint16_t port, const std::vector<std::uint8_t>& bytes) {
    net::BlockingStream stream;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    EXPECT_FALSE(stream.connect({"127.0.0.1", port}, deadline));
    EXPECT_FALSE(stream.write(bytes, deadline));
    std::string heard;
    std::array<std::uint8_t, 4096> some{};
    while (true) {
      const auto got = stream.read_some(some, deadline);
      if (!got || *got == 0) return heard;
      heard.append(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(*got));
    }
  }
};
SLUICE_ON_BOTH_SERVERS(Headers);

TEST_P(Headers, of_a_trusted_balancer_name_the_client) {
  const gate::TableName table{"test", "seen"};
  server().connect().must("CREATE TABLE IF NOT EXISTS seen (id INT)");
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    RunningProxy proxy{behind_balancer()};
    proxy.gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
    auto client = client_behind(proxy, protocol::write_proxy_header(version, from("203.0.113.7")));
    client.query("BEGIN");
    (void)client.receive();
    client.query("INSERT INTO seen VALUES (1)");
    (void)client.receive();
    const auto status = proxy.gate.status(table);
    ASSERT_EQ(status.busy.size(), 1U);
    EXPECT_EQ(status.busy[0].host, "203.0.113.7");
  }
}

TEST_P(Headers, count_for_the_limit_of_an_address) {
  auto with = behind_balancer();
  with.limits.connections_per_address = 1;
  const RunningProxy proxy{with};
  const auto first = client_behind(proxy, protocol::write_proxy_header(ProxyHeaderVersion::v2, from("203.0.113.7")));
  const auto other = client_behind(proxy, protocol::write_proxy_header(ProxyHeaderVersion::v2, from("203.0.113.8")));
  EXPECT_THAT(error_for(proxy.proxy.port(), protocol::write_proxy_header(ProxyHeaderVersion::v1, from("203.0.113.7"))),
              HasSubstr("Too many connections from 203.0.113.7"));
}

TEST_P(Headers, without_an_address_leave_the_balancers) {
  const RunningProxy proxy{behind_balancer()};
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    auto client = client_behind(proxy, protocol::write_proxy_header(version, {}));
    client.query("DO 0");
    EXPECT_EQ(client.receive().at(0), 0x00);
  }
}

TEST_P(Headers, that_come_byte_by_byte_are_read) {
  const RunningProxy proxy{behind_balancer()};
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    net::BlockingStream stream;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    ASSERT_FALSE(stream.connect({"127.0.0.1", proxy.proxy.port()}, deadline));
    for (const auto byte : protocol::write_proxy_header(version, from("203.0.113.7"))) {
      ASSERT_FALSE(stream.write(std::vector{byte}, deadline));
    }
    std::array<std::uint8_t, 5> greeting{};
    ASSERT_FALSE(stream.read(greeting, deadline));
    EXPECT_EQ(greeting[4], 10) << "no greeting";
  }
}

TEST_P(Headers, that_are_malformed_are_refused_and_the_next_client_is_served) {
  auto with = behind_balancer();
  with.limits.handshake_deadline_ms = 500ms;
  RunningProxy proxy{with};
  const auto port = proxy.proxy.port();
  for (const auto& bad :
       {text("PROXY TCP4 nonsense\r\n"), text("GET / HTTP/1.0\r\n\r\n"), text(std::string(300, 'P'))}) {
    EXPECT_THAT(error_for(port, bad), HasSubstr("Bad handshake"));
  }
  EXPECT_EQ(proxy.observer.refused(Refusal::proxy_header), 3);
  EXPECT_EQ(error_for(port, text("PROXY TCP4 1.2.3.4")), "") << "one that never ends";
  EXPECT_EQ(proxy.observer.refused(Refusal::handshake_timeout), 1);
  auto client = client_behind(proxy, protocol::write_proxy_header(ProxyHeaderVersion::v1, from("203.0.113.7")));
  client.query("DO 0");
  EXPECT_EQ(client.receive().at(0), 0x00);
}

TEST_P(Headers, from_an_address_that_is_not_trusted_are_refused) {
  auto with = config();
  with.proxy_header_from = {network("10.0.0.0/8")};
  RunningProxy proxy{with};
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    EXPECT_THAT(error_for(proxy.proxy.port(), protocol::write_proxy_header(version, from("10.0.0.7"))),
                HasSubstr("a header of the PROXY protocol is not accepted from 127.0.0.1"));
  }
  EXPECT_EQ(proxy.observer.refused(Refusal::proxy_header), 2);
  EXPECT_EQ(proxy.connect().must("SELECT 1").value(), "1");
  EXPECT_TRUE(proxy.empties());
}

TEST_P(Headers, tell_the_server_who_the_client_is) {
  if (is_mysql()) return;  // upstream MySQL does not know the protocol
  const auto own = test::TestServer::start(
      GetParam(), {.arguments = {"--proxy-protocol-networks=127.0.0.1", "--skip-name-resolve"}});
  own.connect().must("CREATE USER teller@'203.0.113.%'");
  own.connect().must("GRANT ALL ON test.* TO teller@'203.0.113.%'");
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    auto with = behind_balancer();
    with.primary.port = own.port();
    with.proxy_header_to_primary = version;
    const RunningProxy proxy{with};
    RawClient client{proxy.proxy.port(),
                     {.user = "teller", .first = protocol::write_proxy_header(version, from("203.0.113.7"))}};
    client.query("SELECT SLEEP(60)");
    auto direct = own.connect();
    const std::string who =
        "SELECT CONCAT(user, '@', host) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'";
    ASSERT_TRUE(wait_until([&] { return !direct.must(who).rows().empty(); }));
    EXPECT_EQ(direct.must(who).value(), "teller@203.0.113.7:40000");
  }
}

TEST_P(Headers, tell_the_server_of_clients_without_a_balancer_too) {
  if (is_mysql()) return;
  const auto own = test::TestServer::start(
      GetParam(), {.arguments = {"--proxy-protocol-networks=127.0.0.1", "--skip-name-resolve"}});
  const test::ScratchFolder folder{"headers"};
  const std::string socket = folder.path() / "sluice.sock";
  auto with = config();
  with.primary.port = own.port();
  with.proxy_header_to_primary = ProxyHeaderVersion::v1;
  with.listen = {net::Address{"127.0.0.1", 0}, net::Address{socket, 0}};
  const RunningProxy proxy{with};
  EXPECT_EQ(proxy.connect().must("SELECT USER()").value(), own.connect().must("SELECT USER()").value());
  test::TestClient at_socket{{.socket = socket, .database = "test"}};
  EXPECT_EQ(at_socket.must("SELECT 1").value(), "1");
}

}  // namespace
}  // namespace sluice::proxy
