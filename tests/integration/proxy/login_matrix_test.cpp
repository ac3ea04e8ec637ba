// Every account, with the right password, a wrong one and none, over every pair of legs, cold and warm: the proxy lets
// in whom the server lets in, and refuses with the server's own words.
#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::proxy {
namespace {

using test::ConnectFailure;
using test::TestClient;
using test::Tls;

enum class On : std::uint8_t { mysql, mariadb, mariadb_of_sid };

std::string name_of(const testing::TestParamInfo<On>& info) {
  return std::array{"mysql", "mariadb", "mariadb_of_sid"}.at(static_cast<std::size_t>(info.param));
}

constexpr const char* PASSWORD = "s3cret 'quoted'";

struct Account {
  std::string name;
  std::string identified;  // of CREATE USER
  std::string password = PASSWORD;
  bool logs_in = true;  // where TLS, if it is asked for, is there
};

const std::string QUOTED = "'s3cret \\'quoted\\''";
const std::string LONG(120, 'p');

std::vector<Account> accounts_of_mysql() {
  const std::string sha2 = "IDENTIFIED WITH caching_sha2_password BY " + QUOTED;
  return {{"sha2", sha2},
          {"sha2_long", "IDENTIFIED WITH caching_sha2_password BY '" + LONG + "'", LONG},
          {"sha2_empty", "IDENTIFIED WITH caching_sha2_password", ""},
          {"sha256", "IDENTIFIED WITH sha256_password BY " + QUOTED},
          {"sha256_empty", "IDENTIFIED WITH sha256_password BY ''", ""},
          {"expired", sha2 + " PASSWORD EXPIRE", PASSWORD, false},
          {"locked", sha2 + " ACCOUNT LOCK", PASSWORD, false},
          {"tls_only", sha2 + " REQUIRE SSL"},
          {"certified", sha2 + " REQUIRE X509", PASSWORD, false},
          {"nobodys", "IDENTIFIED WITH mysql_no_login", PASSWORD, false},
          {"of_the_socket", "IDENTIFIED WITH auth_socket", PASSWORD, false},
          {"two_factors", sha2 + " AND IDENTIFIED WITH auth_socket", PASSWORD, false}};
}

const std::string NATIVE = "mysql_native_password USING PASSWORD(" + QUOTED + ")";
const std::string ED25519 = "ed25519 USING PASSWORD(" + QUOTED + ")";

std::vector<Account> accounts_of_mariadb() {
  return {{"native", "IDENTIFIED VIA " + NATIVE},
          {"native_empty", "IDENTIFIED VIA mysql_native_password", ""},
          {"ed", "IDENTIFIED VIA " + ED25519},
          {"either", "IDENTIFIED VIA " + ED25519 + " OR " + NATIVE},
          {"other", "IDENTIFIED VIA " + NATIVE + " OR " + ED25519},
          {"expired", "IDENTIFIED VIA " + NATIVE + " PASSWORD EXPIRE", PASSWORD, false},
          {"locked", "IDENTIFIED VIA " + NATIVE + " ACCOUNT LOCK", PASSWORD, false},
          {"tls_only", "IDENTIFIED VIA " + NATIVE + " REQUIRE SSL"},
          {"certified", "IDENTIFIED VIA " + NATIVE + " REQUIRE X509", PASSWORD, false},
          {"of_the_socket", "IDENTIFIED VIA unix_socket", PASSWORD, false}};
}

// Of plugins that came after 10.11.
std::vector<Account> accounts_of_mariadb_of_sid() {
  const std::string parsec = "parsec USING PASSWORD(" + QUOTED + ")";
  return {{"parsec", "IDENTIFIED VIA " + parsec},
          {"parsec_long", "IDENTIFIED VIA parsec USING PASSWORD('" + LONG + "')", LONG},
          {"parsec_empty", "IDENTIFIED VIA parsec USING PASSWORD('')", ""},
          // With parsec first, 11.8 itself now refuses a wrong password over TLS and now hangs up.
          {"either", "IDENTIFIED VIA " + ED25519 + " OR " + parsec},
          {"other", "IDENTIFIED VIA " + NATIVE + " OR " + parsec},
          {"expired", "IDENTIFIED VIA " + parsec + " PASSWORD EXPIRE", PASSWORD, false},
          {"locked", "IDENTIFIED VIA " + parsec + " ACCOUNT LOCK", PASSWORD, false},
          {"tls_only", "IDENTIFIED VIA " + parsec + " REQUIRE SSL"},
          {"certified", "IDENTIFIED VIA " + parsec + " REQUIRE X509", PASSWORD, false},
          {"sha2", "IDENTIFIED VIA caching_sha2_password USING PASSWORD(" + QUOTED + ")"}};
}

// A server with TLS and every plugin that it has.
class LoginMatrix : public testing::TestWithParam<On> {
 protected:
  static void TearDownTestSuite() {
    for (auto& server : servers_) server.reset();
  }
  void SetUp() override {
    auto& mine = servers_.at(static_cast<std::size_t>(GetParam()));
    if (!mine) {
      mine.emplace(start());
      make_accounts(*mine);
    }
    server_ = &*mine;
  }
  [[nodiscard]] static test::TestServer start() {
    if (is_mysql()) {
      return test::TestServer::start(test::Kind::mysql, {.arguments = {"--plugin-load-add=mysql_no_login.so",
                                                                       "--plugin-load-add=auth_socket.so"}});
    }
    std::vector<std::string> arguments{"--ssl-cert=" + certificate().certificate_file.string(),
                                       "--ssl-key=" + certificate().key_file.string(), "--plugin-load-add=auth_ed25519",
                                       "--plugin-maturity=unknown"};
    const bool of_sid = GetParam() == On::mariadb_of_sid;
    for (const auto* plugin :
         of_sid ? std::array{"auth_parsec", "auth_mysql_sha2"} : std::array{"auth_pam_v1", "dialog_examples"}) {
      arguments.push_back(std::string{"--plugin-load-add="} + plugin);
    }
    return test::TestServer::start(
        test::Kind::mariadb, {.arguments = arguments,
                              .program = of_sid ? test::mariadb_of_sid() / "sbin/mariadbd" : std::filesystem::path{}});
  }
  // MariaDB's; MySQL makes itself one.
  [[nodiscard]] static const test::Certificate& certificate() {
    static const test::ScratchFolder folder{"certificate"};
    static const auto made = test::make_certificate(folder.path(), "localhost", "DNS:localhost");
    return made;
  }
  [[nodiscard]] static bool is_mysql() { return GetParam() == On::mysql; }
  [[nodiscard]] static std::vector<Account> accounts() {
    switch (GetParam()) {
      case On::mysql:
        return accounts_of_mysql();
      case On::mariadb:
        return accounts_of_mariadb();
      case On::mariadb_of_sid:
        return accounts_of_mariadb_of_sid();
    }
    std::abort();
  }
  static void make_accounts(const test::TestServer& server) {
    auto root = server.connect("");
    for (const auto& account : accounts()) {
      root.must("CREATE USER " + account.name + "@'%' " + account.identified);
      root.must("GRANT SELECT ON test.* TO " + account.name + "@'%'");
    }
  }
  [[nodiscard]] RunningProxy through(ServerTlsMode mode) {
    ProxyConfig with;
    with.primary = {"127.0.0.1", server_->port()};
    with.server_tls = mode;
    return RunningProxy{with};
  }
  // Our own library, which is of 10.11, lacks those of new accounts.
  [[nodiscard]] static std::string client_plugins() {
    if (GetParam() != On::mariadb_of_sid) return {};
    return test::mariadb_of_sid() / "lib/x86_64-linux-gnu/libmariadb3/plugin";
  }
  // Who is logged in, or why nobody is.
  static std::string outcome(std::uint16_t port, const std::string& user, const std::string& password, Tls tls,
                             const std::string& database = "test") {
    const auto said = [](const test::SqlError& error) {
      return std::to_string(error.code) + " " + error.sqlstate + " " + error.text;
    };
    try {
      TestClient client{{.port = port,
                         .user = user,
                         .password = password,
                         .database = database,
                         .tls = tls,
                         .plugins = client_plugins()}};
      const auto who = client.query("SELECT CURRENT_USER(), DATABASE()");
      return who.error ? said(*who.error) : who.value();
    } catch (const ConnectFailure& failure) {
      return said(failure.error);
    }
  }
  void make_cold() { server_->connect("").must("FLUSH PRIVILEGES"); }

  test::TestServer* server_ = nullptr;

 private:
  static std::array<std::optional<test::TestServer>, 3> servers_;
};
std::array<std::optional<test::TestServer>, 3> LoginMatrix::servers_;
INSTANTIATE_TEST_SUITE_P(On, LoginMatrix, testing::Values(On::mysql, On::mariadb, On::mariadb_of_sid), name_of);

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
    for (const auto& account : accounts()) {
      for (const std::string& password : {account.password, std::string{"wrong"}, std::string{}}) {
        SCOPED_TRACE(std::string{legs.name} + ", " + account.name + ", password '" + password + "'");
        make_cold();
        const auto direct = outcome(server_->port(), account.name, password, legs.server);
        const bool is_in = account.logs_in && password == account.password && legs.server != Tls::off;
        if (is_in) EXPECT_EQ(direct, account.name + "@%");
        make_cold();
        EXPECT_EQ(outcome(proxy.proxy.port(), account.name, password, legs.client), direct) << "cold";
        EXPECT_EQ(outcome(proxy.proxy.port(), account.name, password, legs.client), direct) << "warm";
      }
    }
    EXPECT_EQ(outcome(proxy.proxy.port(), "nobody_of_this_name", "x", legs.client),
              outcome(server_->port(), "nobody_of_this_name", "x", legs.server));
    const auto first = accounts().front();
    EXPECT_EQ(outcome(proxy.proxy.port(), first.name, first.password, legs.client, "mysql"),
              outcome(server_->port(), first.name, first.password, legs.server, "mysql"));
  }
}

TEST_P(LoginMatrix, changes_the_user_as_the_server_does) {
  const auto change = [](std::uint16_t port, const Account& account, const std::string& password, Tls tls) {
    TestClient client{{.port = port, .database = "test", .tls = tls, .plugins = client_plugins()}};
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
    for (const auto& account : accounts()) {
      // MariaDB takes a second for each refusal: the ways to be refused are looked at above.
      if (!account.logs_in) continue;
      const bool also_wrong = account.name == accounts().front().name;
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
    TestClient client{{.port = port,
                       .database = "test",
                       .tls = tls,
                       .compression = test::Compression::on,
                       .plugins = client_plugins()}};
    try {
      client.change_user(account.name, account.password, "test");
      return client.must("SHOW STATUS LIKE 'Compression'").rows().at(0).at(1).value_or("");
    } catch (const std::runtime_error& error) {
      return std::string{error.what()};
    }
  };
  for (const auto& legs : ALL_LEGS) {
    const auto proxy = through(legs.mode);
    for (const auto& account : accounts()) {
      if (!account.logs_in) continue;
      SCOPED_TRACE(std::string{legs.name} + ", " + account.name);
      make_cold();
      const auto direct = change(server_->port(), account, legs.server);
      make_cold();
      EXPECT_EQ(change(proxy.proxy.port(), account, legs.client), direct) << "cold";
    }
  }
}

// Questions of a dialogue, each answered by a line of the standard input.
class LoginDialogue : public LoginMatrix {
 protected:
  void SetUp() override {
    LoginMatrix::SetUp();
    auto root = server_->connect("");
    // The module is of MariaDB's own tests: it wants two digits of the second answer to be the length of the first.
    root.must("CREATE OR REPLACE USER of_pam@'%' IDENTIFIED VIA pam USING 'sluice_test'");
    root.must("CREATE OR REPLACE USER of_three@'%' IDENTIFIED VIA three_attempts USING 'SECRET'");
  }
  [[nodiscard]] std::string answers(std::uint16_t port, const std::string& user, const std::string& lines) const {
    const auto input = folder.path() / "input";
    std::ofstream{input} << lines;
    const auto ran =
        run_program(fed_with(input, {"/usr/bin/mariadb", "--no-defaults", "-h127.0.0.1", "--ssl",
                                     "-P" + std::to_string(port), "-u" + user, "-e", "SELECT CURRENT_USER()"}),
                    folder.path());
    return std::to_string(ran.status) + " " + ran.output;
  }

  test::ScratchFolder folder{"dialogue"};
};
// MySQL has none in Debian.
INSTANTIATE_TEST_SUITE_P(On, LoginDialogue, testing::Values(On::mariadb), name_of);

TEST_P(LoginDialogue, of_pam_is_passed_on) {
  const auto proxy = through(ServerTlsMode::as_client);
  const std::string challenge = "not very secret challenge\n";
  const auto good = answers(server_->port(), "of_pam", challenge + "9225\n");
  EXPECT_THAT(good, testing::AllOf(testing::HasSubstr("magic number"), testing::HasSubstr("of_pam@%")));
  EXPECT_EQ(answers(proxy.proxy.port(), "of_pam", challenge + "9225\n"), good);
  const auto bad = answers(server_->port(), "of_pam", challenge + "9224\n");
  EXPECT_THAT(bad, testing::HasSubstr("Access denied"));
  EXPECT_EQ(answers(proxy.proxy.port(), "of_pam", challenge + "9224\n"), bad);
}

TEST_P(LoginDialogue, of_several_attempts_is_passed_on) {
  const auto proxy = through(ServerTlsMode::as_client);
  const auto good = answers(server_->port(), "of_three", "foo\n1234\nSECRET\n");
  EXPECT_THAT(good, testing::HasSubstr("of_three@%"));
  EXPECT_EQ(answers(proxy.proxy.port(), "of_three", "foo\n1234\nSECRET\n"), good);
  const auto bad = answers(server_->port(), "of_three", "foo\n1234\nwrong\nSECRET\n");
  EXPECT_THAT(bad, testing::HasSubstr("Access denied"));
  EXPECT_EQ(answers(proxy.proxy.port(), "of_three", "foo\n1234\nwrong\nSECRET\n"), bad);
}

// A client of 11.4 or later takes a certificate that nobody vouches for if the server proves, by the password that both
// know, that it is its own. It doesn't look so closely at 127.0.0.1 by that name.
class ProvenCertificate : public LoginMatrix {
 protected:
  [[nodiscard]] std::string says(std::uint16_t port, const std::string& user) const {
    const auto ran = run_program(
        {test::mariadb_of_sid() / "bin/mariadb", "--no-defaults", "-h127.1", "-P" + std::to_string(port), "-u" + user,
         std::string{"-p"} + PASSWORD, "--plugin-dir=" + client_plugins(), "-e", "SELECT CURRENT_USER()"},
        folder.path());
    return std::to_string(ran.status) + " " + ran.output;
  }

  test::ScratchFolder folder{"proven"};
};
INSTANTIATE_TEST_SUITE_P(On, ProvenCertificate, testing::Values(On::mariadb_of_sid), name_of);

TEST_P(ProvenCertificate, is_the_servers_own_only) {
  ProxyConfig with;
  with.primary = {"127.0.0.1", server_->port()};
  const RunningProxy of_its_own{with};
  with.certificate_file = certificate().certificate_file;
  with.key_file = certificate().key_file;
  const RunningProxy of_the_server{with};
  for (const std::string user : {"parsec", "either", "other"}) {
    const auto direct = says(server_->port(), user);
    EXPECT_THAT(direct, testing::HasSubstr(user + "@%"));
    EXPECT_EQ(says(of_the_server.proxy.port(), user), direct);
    EXPECT_THAT(says(of_its_own.proxy.port(), user), testing::HasSubstr("ERROR 2026"));
  }
}

// auth_socket is the only second factor that a server without MySQL's commercial plugins and devices has: it looks at
// who comes through the socket, which here is the proxy.
class SecondFactor : public LoginMatrix {
 protected:
  void make_account(const std::string& host) const {
    const auto* me = ::getpwuid(::geteuid());
    server_->connect("").must("CREATE USER IF NOT EXISTS second@" + host +
                              " IDENTIFIED WITH caching_sha2_password BY 'first' AND IDENTIFIED WITH auth_socket AS '" +
                              (me != nullptr ? me->pw_name : "nobody") + "'");
  }
  [[nodiscard]] std::string says(const std::vector<std::string>& where, const std::string& first) const {
    auto client = mysql_program("mysql");
    client.insert(client.end(), where.begin(), where.end());
    client.insert(client.end(), {"-usecond", "--get-server-public-key", "--password1=" + first, "--password2=x", "-e",
                                 "SELECT CURRENT_USER()"});
    const auto ran = run_program(client, folder.path());
    return std::to_string(ran.status) + " " + ran.output;
  }
  static std::vector<std::string> at(std::uint16_t port) { return {"-h127.0.0.1", "-P" + std::to_string(port)}; }

  test::ScratchFolder folder{"factors"};
};
// MariaDB asks for none.
INSTANTIATE_TEST_SUITE_P(On, SecondFactor, testing::Values(On::mysql), name_of);

TEST_P(SecondFactor, is_asked_for_and_refused_as_by_the_server) {
  make_account("'%'");
  const auto proxy = through(ServerTlsMode::as_client);
  const auto direct = says(at(server_->port()), "first");
  EXPECT_THAT(direct, testing::HasSubstr("Access denied"));
  EXPECT_EQ(says(at(proxy.proxy.port()), "first"), direct);
}

TEST_P(SecondFactor, lets_in_who_has_both) {
  make_account("localhost");
  ProxyConfig with;
  with.primary = {.host = server_->socket_path().string()};
  const RunningProxy proxy{with};
  const std::vector<std::string> socket{"--socket=" + server_->socket_path().string(), "--protocol=socket"};
  const auto direct = says(socket, "first");
  EXPECT_THAT(direct, testing::HasSubstr("second@localhost"));
  make_cold();
  EXPECT_EQ(says(at(proxy.proxy.port()), "first"), direct) << "cold";
  EXPECT_EQ(says(at(proxy.proxy.port()), "first"), direct) << "warm";
  EXPECT_EQ(says(at(proxy.proxy.port()), "wrong"), says(socket, "wrong"));
}

}  // namespace
}  // namespace sluice::proxy
