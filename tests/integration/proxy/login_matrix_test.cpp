// Every account, with the right password, a wrong one and none, over every pair of legs, cold and warm: the proxy lets
// in whom the server lets in, and refuses with the server's own words.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::proxy {
namespace {

using test::ConnectFailure;
using test::TestClient;
using test::Tls;

constexpr const char* PASSWORD = "s3cret 'quoted'";

struct Account {
  std::string name;
  std::string identified;  // of CREATE USER
  std::string password = PASSWORD;
  bool logs_in = true;  // where TLS, if it is asked for, is there
};

const std::string QUOTED = "'s3cret \\'quoted\\''";
const std::string LONG(120, 'p');

std::vector<Account> accounts(test::Kind kind) {
  if (kind == test::Kind::mysql) {
    return {{"sha2", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED},
            {"sha2_long", "IDENTIFIED WITH caching_sha2_password BY '" + LONG + "'", LONG},
            {"sha2_empty", "IDENTIFIED WITH caching_sha2_password", ""},
            {"sha256", "IDENTIFIED WITH sha256_password BY " + QUOTED},
            {"sha256_empty", "IDENTIFIED WITH sha256_password BY ''", ""},
            {"expired", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED + " PASSWORD EXPIRE", PASSWORD, false},
            {"locked", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED + " ACCOUNT LOCK", PASSWORD, false},
            {"tls_only", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED + " REQUIRE SSL"},
            {"certified", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED + " REQUIRE X509", PASSWORD, false},
            {"nobodys", "IDENTIFIED WITH mysql_no_login", PASSWORD, false},
            {"of_the_socket", "IDENTIFIED WITH auth_socket", PASSWORD, false},
            {"two_factors", "IDENTIFIED WITH caching_sha2_password BY " + QUOTED + " AND IDENTIFIED WITH auth_socket",
             PASSWORD, false}};
  }
  const std::string native = "mysql_native_password USING PASSWORD(" + QUOTED + ")";
  const std::string ed25519 = "ed25519 USING PASSWORD(" + QUOTED + ")";
  return {{"native", "IDENTIFIED VIA " + native},
          {"native_empty", "IDENTIFIED VIA mysql_native_password", ""},
          {"ed", "IDENTIFIED VIA " + ed25519},
          {"either", "IDENTIFIED VIA " + ed25519 + " OR " + native},
          {"other", "IDENTIFIED VIA " + native + " OR " + ed25519},
          {"expired", "IDENTIFIED VIA " + native + " PASSWORD EXPIRE", PASSWORD, false},
          {"locked", "IDENTIFIED VIA " + native + " ACCOUNT LOCK", PASSWORD, false},
          {"tls_only", "IDENTIFIED VIA " + native + " REQUIRE SSL"},
          {"certified", "IDENTIFIED VIA " + native + " REQUIRE X509", PASSWORD, false},
          {"of_the_socket", "IDENTIFIED VIA unix_socket", PASSWORD, false}};
}

// A server with TLS and every plugin that it has.
class LoginMatrix : public ThroughProxy {
 protected:
  static void TearDownTestSuite() {
    for (auto& server : servers_) server.reset();
  }
  void SetUp() override {
    auto& mine = servers_.at(static_cast<std::size_t>(GetParam()));
    if (!mine) mine.emplace(start());
    server_ = &*mine;
  }
  test::TestServer start() {
    if (is_mysql()) {
      auto server = test::TestServer::start(
          GetParam(), {.arguments = {"--plugin-load-add=mysql_no_login.so", "--plugin-load-add=auth_socket.so"}});
      make_accounts(server);
      return server;
    }
    // MariaDB makes itself no certificate.
    static const test::ScratchFolder folder{"certificate"};
    const auto made = test::make_certificate(folder.path(), "localhost", "DNS:localhost");
    auto server = test::TestServer::start(
        GetParam(),
        {.arguments = {"--ssl-cert=" + made.certificate_file.string(), "--ssl-key=" + made.key_file.string(),
                       "--plugin-load-add=auth_ed25519", "--plugin-load-add=auth_pam_v1"}});
    make_accounts(server);
    return server;
  }
  void make_accounts(test::TestServer& server) {
    auto root = server.connect("");
    for (const auto& account : accounts(GetParam())) {
      root.must("CREATE USER " + account.name + "@'%' " + account.identified);
      root.must("GRANT SELECT ON test.* TO " + account.name + "@'%'");
    }
  }
  [[nodiscard]] RunningProxy through(ServerTlsMode mode) {
    auto with = config();
    with.primary.port = server_->port();
    with.server_tls = mode;
    return RunningProxy{with};
  }
  // Who is logged in, or why nobody is.
  static std::string outcome(std::uint16_t port, const std::string& user, const std::string& password, Tls tls,
                             const std::string& database = "test") {
    const auto said = [](const test::SqlError& error) {
      return std::to_string(error.code) + " " + error.sqlstate + " " + error.text;
    };
    try {
      TestClient client{{.port = port, .user = user, .password = password, .database = database, .tls = tls}};
      const auto who = client.query("SELECT CURRENT_USER(), DATABASE()");
      return who.error ? said(*who.error) : who.value();
    } catch (const ConnectFailure& failure) {
      return said(failure.error);
    }
  }
  void make_cold() { server_->connect("").must("FLUSH PRIVILEGES"); }

  test::TestServer* server_ = nullptr;

 private:
  static std::array<std::optional<test::TestServer>, 2> servers_;
};
std::array<std::optional<test::TestServer>, 2> LoginMatrix::servers_;
SLUICE_ON_BOTH_SERVERS(LoginMatrix);

struct Legs {
  const char* name;
  Tls client;
  ServerTlsMode mode;
  Tls server;  // what the server sees
};
constexpr std::array<Legs, 6> ALL_LEGS{{{"as client, off", Tls::off, ServerTlsMode::as_client, Tls::off},
                                        {"as client, on", Tls::unverified, ServerTlsMode::as_client, Tls::unverified},
                                        {"off, off", Tls::off, ServerTlsMode::disabled, Tls::off},
                                        {"on, off", Tls::unverified, ServerTlsMode::disabled, Tls::off},
                                        {"off, on", Tls::off, ServerTlsMode::required, Tls::unverified},
                                        {"on, on", Tls::unverified, ServerTlsMode::required, Tls::unverified}}};

TEST_P(LoginMatrix, lets_in_and_refuses_as_the_server_does) {
  for (const auto& legs : ALL_LEGS) {
    const auto proxy = through(legs.mode);
    for (const auto& account : accounts(GetParam())) {
      for (const std::string& password : {account.password, std::string{"wrong"}, std::string{}}) {
        SCOPED_TRACE(std::string{legs.name} + ", " + account.name + ", password '" + password + "'");
        make_cold();
        const auto direct = outcome(server_->port(), account.name, password, legs.server);
        make_cold();
        EXPECT_EQ(outcome(proxy.proxy.port(), account.name, password, legs.client), direct) << "cold";
        EXPECT_EQ(outcome(proxy.proxy.port(), account.name, password, legs.client), direct) << "warm";
      }
    }
    EXPECT_EQ(outcome(proxy.proxy.port(), "nobody_of_this_name", "x", legs.client),
              outcome(server_->port(), "nobody_of_this_name", "x", legs.server));
    const auto first = accounts(GetParam()).front();
    EXPECT_EQ(outcome(proxy.proxy.port(), first.name, first.password, legs.client, "mysql"),
              outcome(server_->port(), first.name, first.password, legs.server, "mysql"));
  }
}

TEST_P(LoginMatrix, changes_the_user_as_the_server_does) {
  const auto change = [](std::uint16_t port, const Account& account, const std::string& password, Tls tls) {
    TestClient client{{.port = port, .database = "test", .tls = tls}};
    try {
      client.change_user(account.name, password, "test");
      const auto who = client.query("SELECT CURRENT_USER()");
      return who.error ? who.error->text : who.value();
    } catch (const std::runtime_error& error) {
      return std::string{error.what()};
    }
  };
  for (const auto& legs : ALL_LEGS) {
    const auto proxy = through(legs.mode);
    for (const auto& account : accounts(GetParam())) {
      // MariaDB takes a second for each refusal: the ways to be refused are looked at above.
      if (!account.logs_in) continue;
      const bool also_wrong = account.name == accounts(GetParam()).front().name;
      for (const std::string& password : {account.password, std::string{"wrong"}}) {
        if (password == "wrong" && !also_wrong) continue;
        SCOPED_TRACE(std::string{legs.name} + ", " + account.name + ", password '" + password + "'");
        make_cold();
        const auto direct = change(server_->port(), account, password, legs.server);
        make_cold();
        EXPECT_EQ(change(proxy.proxy.port(), account, password, legs.client), direct) << "cold";
        if (is_mysql()) EXPECT_EQ(change(proxy.proxy.port(), account, password, legs.client), direct) << "warm";
      }
    }
  }
}

TEST_P(LoginMatrix, changes_the_user_of_a_compressed_session) {
  const auto change = [](std::uint16_t port, const Account& account, Tls tls) {
    TestClient client{{.port = port, .database = "test", .tls = tls, .compression = test::Compression::on}};
    try {
      client.change_user(account.name, account.password, "test");
      return client.must("SHOW STATUS LIKE 'Compression'").rows().at(0).at(1).value_or("");
    } catch (const std::runtime_error& error) {
      return std::string{error.what()};
    }
  };
  for (const auto& legs : ALL_LEGS) {
    const auto proxy = through(legs.mode);
    for (const auto& account : accounts(GetParam())) {
      if (!account.logs_in) continue;
      SCOPED_TRACE(std::string{legs.name} + ", " + account.name);
      make_cold();
      const auto direct = change(server_->port(), account, legs.server);
      make_cold();
      EXPECT_EQ(change(proxy.proxy.port(), account, legs.client), direct) << "cold";
    }
  }
}

TEST_P(LoginMatrix, dialogue_of_pam_is_passed_on) {
  if (is_mysql()) return;  // it has none in Debian
  auto root = server_->connect("");
  root.must("CREATE OR REPLACE USER of_pam@'%' IDENTIFIED VIA pam USING 'login'");
  const auto proxy = through(ServerTlsMode::as_client);
  // PAM takes its time to refuse.
  EXPECT_EQ(outcome(proxy.proxy.port(), "of_pam", "wrong", Tls::unverified),
            outcome(server_->port(), "of_pam", "wrong", Tls::unverified));
}

TEST_P(LoginMatrix, second_factor_is_asked_for_and_answered_as_by_the_server) {
  if (!is_mysql()) return;  // MariaDB has none
  // auth_socket is the only second factor that a server without MySQL's commercial plugins and devices has: it is asked
  // for behind the first, and refuses who does not come through the socket.
  const test::ScratchFolder folder{"factors"};
  const auto says = [&](std::uint16_t port) {
    auto client = mysql_program("mysql");
    client.insert(client.end(), {"-h127.0.0.1", "-P" + std::to_string(port), "-utwo_factors", "-e", "SELECT 1",
                                 "--password1=s3cret 'quoted'", "--password2=x"});
    const auto ran = run_program(client, folder.path());
    return std::to_string(ran.status) + " " + ran.output;
  };
  const auto proxy = through(ServerTlsMode::as_client);
  const auto direct = says(server_->port());
  EXPECT_THAT(direct, testing::HasSubstr("Access denied"));
  EXPECT_EQ(says(proxy.proxy.port()), direct);
}

}  // namespace
}  // namespace sluice::proxy
