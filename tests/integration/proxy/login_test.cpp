// Logging in through the proxy: the server's own greeting, its own plugins, its own refusals, whatever the legs' TLS
// is.
#include <gmock/gmock.h>

#include <tuple>

#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using test::ConnectFailure;
using test::Kind;
using test::TestClient;
using test::Tls;
using testing::HasSubstr;

class Login : public ThroughProxy {
 protected:
  static constexpr const char* PASSWORD = "s3cret 'quoted'";

  void expect_login(RunningProxy& proxy, const std::string& user, Tls tls) {
    TestClient client{{.port = proxy.proxy.port(), .user = user, .password = PASSWORD, .database = "test", .tls = tls}};
    EXPECT_THAT(client.must("SELECT CURRENT_USER()").value(), HasSubstr(user));
    EXPECT_EQ(client.must("SELECT DATABASE()").value(), "test");
  }
};
SLUICE_ON_BOTH_SERVERS(Login);

TEST_P(Login, every_plugin_on_every_pair_of_legs_cold_and_warm) {
  const std::vector<std::string> plugins = is_mysql()
                                               ? std::vector<std::string>{"caching_sha2_password", "sha256_password"}
                                               : std::vector<std::string>{"mysql_native_password"};
  for (const auto& plugin : plugins) server().make_user("u_" + plugin, PASSWORD, "ALL ON test.*", plugin);
  for (const auto server_tls : {ServerTlsMode::as_client, ServerTlsMode::disabled, ServerTlsMode::required}) {
    // A MariaDB without certificates of its own has no TLS to offer.
    if (!is_mysql() && server_tls != ServerTlsMode::disabled) continue;
    auto with = config();
    with.server_tls = server_tls;
    RunningProxy proxy{with};
    for (const auto tls : {Tls::off, Tls::unverified}) {
      for (const auto& plugin : plugins) {
        SCOPED_TRACE(plugin + ", client's TLS " + std::to_string(static_cast<int>(tls)) + ", server's TLS " +
                     std::to_string(static_cast<int>(server_tls)));
        server().connect().must("FLUSH PRIVILEGES");
        EXPECT_NO_THROW(expect_login(proxy, "u_" + plugin, tls)) << "cold";
        EXPECT_NO_THROW(expect_login(proxy, "u_" + plugin, tls)) << "warm";
      }
    }
  }
}

TEST_P(Login, wrong_password_gets_the_servers_own_error) {
  server().make_user("eve", PASSWORD, "ALL ON test.*");
  for (const auto tls : {Tls::off, Tls::unverified}) {
    auto with = config();
    with.server_tls = ServerTlsMode::disabled;
    RunningProxy proxy{with};
    try {
      const TestClient denied{{.port = proxy.proxy.port(), .user = "eve", .password = "no", .tls = tls}};
      FAIL() << "logged in with a wrong password";
    } catch (const ConnectFailure& failure) {
      EXPECT_EQ(failure.error.code, 1045U);
      EXPECT_EQ(failure.error.sqlstate, "28000");
      EXPECT_THAT(failure.error.text, HasSubstr("eve"));
    }
    EXPECT_TRUE(proxy.empties());  // the client may hear of it before it is counted
    EXPECT_EQ(proxy.observer.failed_logins, 1);
  }
}

TEST_P(Login, unknown_database_gets_the_servers_own_error) {
  try {
    (void)proxy().connect("no_such_database");
    FAIL() << "logged in to a database that is not there";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 1049U);
  }
}

TEST_P(Login, client_without_tls_is_refused_where_it_is_required) {
  auto with = config();
  with.client_tls = ClientTlsMode::required;
  with.server_tls = ServerTlsMode::disabled;
  RunningProxy proxy{with};
  EXPECT_EQ(proxy.connect("test", Tls::unverified).must("SELECT 1").value(), "1");
  try {
    (void)proxy.connect();
    FAIL() << "logged in without TLS";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 3159U);
  }
}

TEST_P(Login, large_answers_come_through_tls_whole) {
  auto with = config();
  with.server_tls = is_mysql() ? ServerTlsMode::as_client : ServerTlsMode::disabled;
  RunningProxy proxy{with};
  auto client = proxy.connect("test", Tls::unverified);
  for (const std::size_t size : {15'000U, 16'384U, 32'768U, 1'000'000U, 5'000'000U}) {
    EXPECT_EQ(client.must("SELECT REPEAT('x', " + std::to_string(size) + ")").value().size(), size);
    EXPECT_EQ(client.must("SELECT LENGTH('" + std::string(size, 'y') + "')").value(), std::to_string(size));
  }
}

TEST_P(Login, server_that_is_not_there_is_told_to_the_client) {
  auto with = config();
  const test::Port nobody;
  with.primary.port = nobody.number();
  RunningProxy proxy{with};
  try {
    (void)proxy.connect();
    FAIL() << "logged in to nobody";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 1105U);
    EXPECT_THAT(failure.error.text, HasSubstr("127.0.0.1"));
  }
  EXPECT_EQ(proxy.observer.unreachable, 1);
}

TEST_P(Login, too_many_connections_is_said_as_the_server_says_it) {
  auto with = config();
  with.limits.connections = 1;
  RunningProxy proxy{with};
  auto first = proxy.connect();
  try {
    (void)proxy.connect();
    FAIL() << "one too many";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 1040U);
  }
  EXPECT_TRUE(first.ping());
}

TEST_P(Login, servers_own_too_many_connections_reaches_the_client) {
  auto own = test::TestServer::start(GetParam(), {.arguments = {"--max-connections=10"}});
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  std::vector<TestClient> clients;
  try {
    for (int i = 0; i < 12; ++i) clients.push_back(proxy.connect());
    FAIL() << "the server took more than it should";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 1040U);
  }
}

}  // namespace
}  // namespace sluice::proxy
