// TLS on either side: every mode, certificates that pass and that don't, accounts that ask for TLS.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::proxy {
namespace {

using test::ConnectFailure;
using test::TestClient;
using test::Tls;
using testing::HasSubstr;
using namespace std::chrono_literals;

class WithTls : public ThroughProxy {
 protected:
  [[nodiscard]] test::TestServer server_with(const test::Certificate& certificate) const {
    return test::TestServer::start(GetParam(), {.arguments = {"--ssl-ca=" + certificate.certificate_file.string(),
                                                              "--ssl-cert=" + certificate.certificate_file.string(),
                                                              "--ssl-key=" + certificate.key_file.string()}});
  }
  [[nodiscard]] test::TestServer server_without_tls() const {
    return test::TestServer::start(
        GetParam(), {.arguments = {is_mysql() ? std::string{"--tls-version="} : std::string{"--skip-ssl"}}});
  }
  static ProxyConfig to(const test::TestServer& server, ServerTlsMode mode, const std::string& ca = "") {
    ProxyConfig with;
    with.primary = {"127.0.0.1", server.port()};
    with.server_tls = mode;
    with.ca_file = ca;
    return with;
  }
  // Whether the proxy's connection to the server is encrypted; or the error that the client gets.
  static std::string leg_of(const RunningProxy& proxy, Tls tls, const std::string& user = "root") {
    try {
      TestClient client{
          {.port = proxy.proxy.port(), .user = user, .password = user == "root" ? "" : "pass word", .tls = tls}};
      return client.must("SHOW STATUS LIKE 'Ssl_cipher'").rows().at(0).at(1).value_or("").empty() ? "plain" : "TLS";
    } catch (const ConnectFailure& failure) {
      return std::to_string(failure.error.code) + " " + failure.error.text;
    }
  }
  // What a client that verifies the proxy's certificate against this authority finds.
  static boost::system::error_code shown_to(const RunningProxy& proxy, const test::Certificate& authority) {
    net::BlockingStream stream;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    EXPECT_FALSE(stream.connect({"127.0.0.1", proxy.proxy.port()}, deadline));
    std::array<std::uint8_t, 4096> greeting{};
    EXPECT_TRUE(stream.read_some(greeting, deadline).has_value());
    std::vector<std::uint8_t> request;
    protocol::Writer writer{request};
    writer.u32(protocol::capability::SSL | protocol::capability::PROTOCOL_41 | protocol::capability::PLUGIN_AUTH);
    writer.u32(1 << 24);
    writer.u8(45);
    writer.zeros(23);
    EXPECT_FALSE(stream.write(protocol::frame(request, 1), deadline));
    return stream.upgrade(net::ClientTls::make(net::Verify::identity, authority.certificate_file), "127.0.0.1",
                          deadline);
  }

  test::ScratchFolder folder_{"tls"};
  test::Certificate right_ = test::make_certificate(folder_.path(), "right", "IP:127.0.0.1");
};
SLUICE_ON_BOTH_SERVERS(WithTls);

TEST_P(WithTls, every_mode_towards_a_server_that_has_it) {
  const auto own = server_with(right_);
  const std::string ca = right_.certificate_file;
  const auto legs = [&](ServerTlsMode mode) {
    const RunningProxy proxy{to(own, mode, ca)};
    return leg_of(proxy, Tls::off) + ", " + leg_of(proxy, Tls::unverified);
  };
  EXPECT_EQ(legs(ServerTlsMode::as_client), "plain, TLS");
  EXPECT_EQ(legs(ServerTlsMode::disabled), "plain, plain");
  EXPECT_EQ(legs(ServerTlsMode::preferred), "TLS, TLS");
  EXPECT_EQ(legs(ServerTlsMode::required), "TLS, TLS");
  EXPECT_EQ(legs(ServerTlsMode::verify_ca), "TLS, TLS");
  EXPECT_EQ(legs(ServerTlsMode::verify_identity), "TLS, TLS");
}

TEST_P(WithTls, every_mode_towards_a_server_that_has_none) {
  const auto own = server_without_tls();
  const auto leg = [&](ServerTlsMode mode, Tls tls) {
    const RunningProxy proxy{to(own, mode)};
    return leg_of(proxy, tls);
  };
  for (const auto mode : {ServerTlsMode::as_client, ServerTlsMode::disabled, ServerTlsMode::preferred}) {
    EXPECT_EQ(leg(mode, Tls::off), "plain");
  }
  EXPECT_EQ(leg(ServerTlsMode::preferred, Tls::unverified), "plain");
  EXPECT_EQ(leg(ServerTlsMode::disabled, Tls::unverified), "plain");
  // The client is offered none, as by the server itself; MariaDB's library goes on without.
  EXPECT_THAT(leg(ServerTlsMode::as_client, Tls::unverified), AnyOf(HasSubstr("SSL"), testing::Eq("plain")));
  for (const auto mode : {ServerTlsMode::required, ServerTlsMode::verify_ca, ServerTlsMode::verify_identity}) {
    EXPECT_THAT(leg(mode, Tls::off), HasSubstr("the server offers no TLS"));
  }
}

TEST_P(WithTls, required_of_clients_as_the_server_has_it_says_so_where_it_has_none) {
  const auto own = server_without_tls();
  auto with = to(own, ServerTlsMode::as_client);
  with.client_tls = ClientTlsMode::required;
  const RunningProxy proxy{with};
  for (const auto tls : {Tls::off, Tls::unverified}) {
    EXPECT_THAT(leg_of(proxy, tls), testing::AllOf(HasSubstr("1105"), HasSubstr("the server offers no TLS")));
  }
}

TEST_P(WithTls, certificate_of_the_server_that_does_not_pass_is_named) {
  const auto elsewhere = test::make_certificate(folder_.path(), "elsewhere", "DNS:elsewhere.example");
  const auto own = server_with(elsewhere);
  {
    const RunningProxy proxy{to(own, ServerTlsMode::verify_ca, elsewhere.certificate_file)};
    EXPECT_EQ(leg_of(proxy, Tls::off), "TLS");
  }
  for (const auto& [mode, ca] : {std::pair{ServerTlsMode::verify_ca, right_.certificate_file},
                                 std::pair{ServerTlsMode::verify_identity, elsewhere.certificate_file}}) {
    const RunningProxy proxy{to(own, mode, ca)};
    EXPECT_THAT(leg_of(proxy, Tls::off), HasSubstr("the server's certificate did not pass verification"));
  }
}

TEST_P(WithTls, every_mode_towards_clients) {
  const auto own = server_with(right_);
  const auto legs = [&](ClientTlsMode mode) {
    auto with = to(own, ServerTlsMode::disabled);
    with.client_tls = mode;
    const RunningProxy proxy{with};
    return std::pair{leg_of(proxy, Tls::off), leg_of(proxy, Tls::unverified)};
  };
  EXPECT_THAT(legs(ClientTlsMode::disabled), testing::Pair("plain", AnyOf(HasSubstr("SSL"), testing::Eq("plain"))));
  EXPECT_THAT(legs(ClientTlsMode::preferred), testing::Pair("plain", "plain"));
  EXPECT_THAT(legs(ClientTlsMode::required), testing::Pair(HasSubstr("3159"), "plain"));
}

// The server judges the proxy's connection.
TEST_P(WithTls, accounts_that_require_it_get_in_where_the_server_sees_it) {
  const auto own = server_with(right_);
  own.make_user("wants_ssl", "pass word", "ALL ON test.*");
  own.make_user("wants_x509", "pass word", "ALL ON test.*");
  own.connect().must("ALTER USER wants_ssl REQUIRE SSL");
  own.connect().must("ALTER USER wants_x509 REQUIRE X509");
  const RunningProxy as_client{to(own, ServerTlsMode::as_client)};
  EXPECT_EQ(leg_of(as_client, Tls::unverified, "wants_ssl"), "TLS");
  EXPECT_THAT(leg_of(as_client, Tls::off, "wants_ssl"), HasSubstr("1045 Access denied for user 'wants_ssl'"));
  const RunningProxy preferred{to(own, ServerTlsMode::preferred)};
  EXPECT_EQ(leg_of(preferred, Tls::off, "wants_ssl"), "TLS");
  for (const auto tls : {Tls::off, Tls::unverified}) {
    EXPECT_THAT(leg_of(preferred, tls, "wants_x509"), HasSubstr("1045 Access denied for user 'wants_x509'"));
  }
}

TEST_P(WithTls, certificate_is_replaced_for_new_clients_and_a_bad_one_is_not_taken) {
  if (!is_mysql()) return;  // nothing of it is the server's
  const auto other = test::make_certificate(folder_.path(), "other", "IP:127.0.0.1");
  const auto shown = test::Certificate{folder_.path() / "shown.pem", folder_.path() / "shown.key"};
  const auto show = [&](const test::Certificate& from) {
    std::filesystem::copy_file(from.certificate_file, shown.certificate_file,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(from.key_file, shown.key_file, std::filesystem::copy_options::overwrite_existing);
  };
  show(right_);
  auto with = config();
  with.certificate_file = shown.certificate_file;
  with.key_file = shown.key_file;
  RunningProxy proxy{with};
  auto before = proxy.connect("test", Tls::unverified);
  EXPECT_FALSE(shown_to(proxy, right_));
  EXPECT_TRUE(shown_to(proxy, other));

  show(other);
  proxy.proxy.reload_certificate();
  EXPECT_FALSE(shown_to(proxy, other));
  EXPECT_TRUE(shown_to(proxy, right_));
  EXPECT_TRUE(before.ping());

  std::filesystem::copy_file(right_.key_file, shown.key_file, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(proxy.proxy.reload_certificate(), std::runtime_error);
  EXPECT_FALSE(shown_to(proxy, other));
}

}  // namespace
}  // namespace sluice::proxy
