// Accounts that want more than a password that is right: one that has expired, and one whose password is sent in clear.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::proxy {
namespace {

using testing::HasSubstr;

constexpr const char* EXPIRED_PASSWORD = "the old one";
constexpr const char* CLEAR_PASSWORD = "in-clear";  // as the PAM service of the tests has it

class Accounts : public ThroughProxy {
 protected:
  // What the command-line client of the server's kind says, errors and all.
  [[nodiscard]] std::string says(std::uint16_t port, const std::vector<std::string>& options) const {
    auto client = is_mysql() ? mysql_program("mysql") : std::vector<std::string>{"/usr/bin/mariadb", "--no-defaults"};
    if (is_mysql()) client.emplace_back("--get-server-public-key");
    client.insert(client.end(), {"-h127.0.0.1", "-P" + std::to_string(port), "--force"});
    client.insert(client.end(), options.begin(), options.end());
    const auto ran = run_program(client, folder.path());
    return std::to_string(ran.status) + " " + ran.output;
  }

  test::ScratchFolder folder{"accounts"};
};
SLUICE_ON_BOTH_SERVERS(Accounts);

TEST_P(Accounts, whose_password_has_expired_may_change_it) {
  const std::string change =
      is_mysql() ? "ALTER USER USER() IDENTIFIED BY 'the new one'" : "SET PASSWORD = PASSWORD('the new one')";
  const auto story = [&](std::uint16_t port) {
    server().connect().must("DROP USER IF EXISTS expiring@'%'");
    server().make_user("expiring", EXPIRED_PASSWORD, "ALL ON test.*");
    server().connect().must("ALTER USER expiring@'%' PASSWORD EXPIRE");
    const auto as = [&](const std::string& password, const std::string& sql) {
      return says(port, {"-uexpiring", "-p" + password, "--connect-expired-password", "-e", sql});
    };
    return std::vector{says(port, {"-uexpiring", std::string{"-p"} + EXPIRED_PASSWORD, "-e", "SELECT 1"}),
                       as(EXPIRED_PASSWORD, "SELECT 1"), as(EXPIRED_PASSWORD, change),
                       as("the new one", "SELECT 'it is changed'")};
  };
  const auto direct = story(server().port());
  EXPECT_THAT(direct[0], HasSubstr(is_mysql() ? "--connect-expired-password" : "ERROR 1820"));
  EXPECT_THAT(direct[1], HasSubstr("ERROR 1820"));
  EXPECT_THAT(direct[3], HasSubstr("it is changed"));
  EXPECT_EQ(story(proxy().proxy.port()), direct);
}

TEST_P(Accounts, whose_password_is_sent_in_clear_get_in_where_both_legs_are_alike) {
  if (is_mysql()) return;  // its plugins that ask for that are commercial
  const auto made = test::make_certificate(folder.path(), "localhost", "DNS:localhost");
  const auto own = test::TestServer::start(
      GetParam(),
      {.arguments = {"--ssl-cert=" + made.certificate_file.string(), "--ssl-key=" + made.key_file.string(),
                     "--plugin-load-add=auth_pam_v1", "--pam-use-cleartext-plugin", "--plugin-maturity=unknown"}});
  own.connect("").must("CREATE USER in_clear@'%' IDENTIFIED VIA pam USING 'sluice_clear'");
  const auto through = [&](ServerTlsMode mode) {
    auto with = config();
    with.primary.port = own.port();
    with.server_tls = mode;
    return std::make_unique<RunningProxy>(with);
  };
  const auto as = [&](const char* tls, const std::string& password) {
    return std::vector<std::string>{"-uin_clear", "-p" + password, tls, "-e", "SELECT CURRENT_USER()"};
  };
  const auto same = through(ServerTlsMode::as_client);
  for (const char* tls : {"--ssl", "--skip-ssl"}) {
    const auto good = says(own.port(), as(tls, CLEAR_PASSWORD));
    EXPECT_THAT(good, HasSubstr("in_clear@%")) << tls;
    EXPECT_EQ(says(same->proxy.port(), as(tls, CLEAR_PASSWORD)), good) << tls;
    const auto bad = says(own.port(), as(tls, "a guess"));
    EXPECT_THAT(bad, HasSubstr("Access denied")) << tls;
    EXPECT_EQ(says(same->proxy.port(), as(tls, "a guess")), bad) << tls;
  }
  // Nobody who looks on is to see it.
  const auto bare_to_server = through(ServerTlsMode::disabled);
  const auto bare_to_client = through(ServerTlsMode::required);
  for (const auto& refused : {says(bare_to_server->proxy.port(), as("--ssl", CLEAR_PASSWORD)),
                              says(bare_to_client->proxy.port(), as("--skip-ssl", CLEAR_PASSWORD))}) {
    EXPECT_THAT(refused, testing::AllOf(HasSubstr("ERROR"), HasSubstr("mysql_clear_password")));
    EXPECT_THAT(refused, testing::Not(HasSubstr("in_clear@%")));
  }
}

}  // namespace
}  // namespace sluice::proxy
