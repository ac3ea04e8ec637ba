// How the engine logs in, with whichever client library it was built: caching_sha2_password, plain and over TLS.
#include <chrono>
#include <string>
#include <thread>

#include "tests/integration/engine/fixture.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator::test {
namespace {

using namespace std::chrono_literals;
using sluice::test::Kind;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Login : public sluice::test::OnBothServers {
 protected:
  // A new account each time: the server has no password in its cache, so the whole dialogue takes place.
  ServerAddress account(TlsPolicy tls) {
    auto root = server().connect("");
    root.must("DROP USER IF EXISTS engine");
    server().make_user("engine", "se'cret", "ALL ON test.*", "caching_sha2_password");
    auto address = address_of(server());
    address.user = "engine";
    address.password = "se'cret";
    address.tls = tls;
    return address;
  }

  std::string servers_ca() { return (server().data_folder() / "ca.pem").string(); }

  static std::string cipher(Connection& connection) {
    const auto answer = connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    if (!answer) throw std::runtime_error(why(answer.error()));
    return answer->rows.at(0).at(1).value_or("");
  }
};

// Debian's MariaDB has no certificate and no such plugin.
INSTANTIATE_TEST_SUITE_P(On, Login, testing::Values(Kind::mysql),
                         [](const auto& info) { return std::string{sluice::test::name(info.param)}; });

TEST_P(Login, is_plain_where_tls_is_off) {
  auto connection = Connection::connect(account(TlsPolicy::off));
  ASSERT_TRUE(connection) << why(connection.error());
  EXPECT_THAT(cipher(*connection), IsEmpty());
}

TEST_P(Login, is_encrypted_where_tls_is_required) {
  auto connection = Connection::connect(account(TlsPolicy::required));
  ASSERT_TRUE(connection) << why(connection.error());
  EXPECT_THAT(cipher(*connection), Not(IsEmpty()));
}

TEST_P(Login, takes_a_certificate_of_the_given_authority) {
  auto address = account(TlsPolicy::verify_ca);
  address.tls_ca_file = servers_ca();
  auto connection = Connection::connect(address);
  ASSERT_TRUE(connection) << why(connection.error());
  EXPECT_THAT(cipher(*connection), Not(IsEmpty()));
}

TEST_P(Login, takes_no_certificate_that_names_another_host) {
  auto address = account(TlsPolicy::verify_identity);
  address.tls_ca_file = servers_ca();
  EXPECT_FALSE(Connection::connect(address));
}

TEST_P(Login, asks_the_systems_authorities_where_none_is_given) {
  for (const auto tls : {TlsPolicy::verify_ca, TlsPolicy::verify_identity}) {
    const auto connection = Connection::connect(account(tls));
    ASSERT_FALSE(connection);
    EXPECT_THAT(why(connection.error()), HasSubstr("certificate"));
    // Oracle's library says "CA certificate is required" where it was told of none.
    EXPECT_THAT(why(connection.error()), Not(HasSubstr("required")));
  }
}

TEST_P(Login, is_refused_in_the_servers_words) {
  auto address = account(TlsPolicy::off);
  address.password = "wrong";
  const auto connection = Connection::connect(address);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().outcome, Outcome::refused);
  EXPECT_EQ(connection.error().code, 1045U);
  EXPECT_EQ(connection.error().sqlstate, "28000");
}

TEST_P(Login, can_be_ended_while_a_statement_blocks) {
  for (const auto tls : {TlsPolicy::off, TlsPolicy::required}) {
    auto connection = Connection::connect(account(tls));
    ASSERT_TRUE(connection) << why(connection.error());
    auto root = server().connect("");
    const auto sleeping = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep' AND id = " +
                          std::to_string(connection->connection_id());
    std::jthread ender([&] {
      EXPECT_TRUE(sluice::test::wait_until([&] { return root.must(sleeping).value() == "1"; }, 20s));
      connection->close_now();
    });
    const auto answer = connection->query("SELECT SLEEP(60)");
    ender.join();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().outcome, Outcome::unknown);
    EXPECT_FALSE(connection->query("SELECT 1"));
  }
}

}  // namespace
}  // namespace sluice::migrator::test
