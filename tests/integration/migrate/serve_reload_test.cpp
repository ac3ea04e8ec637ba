// What is read again while Sluice runs: the token, certificates, limits.
#include <csignal>

#include "tests/integration/migrate/serving.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ServeReload : public Serving {};
SLUICE_ON_BOTH_SERVERS(ServeReload);

TEST_P(ServeReload, reloads_the_token_at_a_hangup_and_says_what_it_did_not) {
  const Port listen;
  const Port http_port;
  const ScratchFolder folder{"reload"};
  const auto token = folder.path() / "token";
  std::ofstream{token} << "first\n";
  auto arguments = serve_command("sluice", server().port(), listen, http_port);
  arguments.insert(arguments.end(), {"--token-file", token});
  auto child = start(arguments);
  ASSERT_TRUE(gets_ready(http_port)) << output();
  const auto status_with = [&](const std::string& bearer) {
    return exchange(
               {.port = http_port.number(), .path = "/migrate", .headers = {{"Authorization", "Bearer " + bearer}}})
        .status;
  };
  EXPECT_EQ(status_with("first"), 200U);
  TestClient client{{.port = listen.number(), .database = "test"}};
  std::ofstream{token} << "second\n";
  child.signal(SIGHUP);
  EXPECT_TRUE(wait_until([&] { return status_with("second") == 200; })) << output();
  EXPECT_EQ(status_with("first"), 401U);
  EXPECT_TRUE(client.ping());
  std::filesystem::remove(token);
  child.signal(SIGHUP);
  EXPECT_TRUE(wait_until([&] { return output().find("reload.failed") != std::string::npos; })) << output();
  EXPECT_EQ(status_with("second"), 200U);
  EXPECT_THAT(output(), AllOf(HasSubstr("need a restart"), Not(HasSubstr("second"))));
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(30s), 0) << output();
}

TEST_P(ServeReload, shows_a_new_certificate_without_being_told) {
  if (!is_mysql()) return;  // nothing of it is the server's
  const Port listen;
  const Port http_port;
  const ScratchFolder folder{"certificate"};
  const auto files = make_certificate(folder.path(), "shown", "IP:127.0.0.1");
  auto arguments = serve_command("sluice", server().port(), listen, http_port);
  arguments.insert(arguments.end(), {"--certificate", files.certificate_file, "--key", files.key_file});
  auto child = start(arguments);
  ASSERT_TRUE(gets_ready(http_port)) << output();
  (void)make_certificate(folder.path(), "shown", "IP:127.0.0.1");
  EXPECT_TRUE(wait_until([&] { return output().find(R"("what":"certificate")") != std::string::npos; }, 30s))
      << output();
  TestClient client{{.port = listen.number(), .database = "test", .tls = Tls::unverified}};
  EXPECT_TRUE(client.ping());
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(30s), 0) << output();
}

TEST_P(ServeReload, certificate_of_the_api_is_read_again) {
  const ScratchFolder folder{"certificates"};
  const auto files = make_certificate(folder.path(), "api", "IP:127.0.0.1,DNS:first.example");
  const Port proxy;
  const Port http_port;
  auto command = serve_command("sluice", server().port(), proxy, http_port);
  command.insert(command.end(), {"--http-certificate", files.certificate_file, "--http-key", files.key_file});
  auto child = start(command);
  const auto shown = [&] {
    const auto text = folder.path() / "shown";
    ChildProcess asking{{.arguments = {"/bin/sh", "-c",
                                       "openssl s_client -connect 127.0.0.1:" + std::to_string(http_port.number()) +
                                           " </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName"},
                         .environment = {},
                         .output = text,
                         .account = {}}};
    (void)asking.wait(10s);
    std::stringstream all;
    all << std::ifstream{text}.rdbuf();
    std::filesystem::remove(text);
    return all.str();
  };
  const auto comes_to_show = [&](const std::string& name) {
    return wait_until([&] { return shown().find(name) != std::string::npos; }, 30s);
  };
  ASSERT_TRUE(comes_to_show("first.example")) << output();
  (void)make_certificate(folder.path(), "api", "IP:127.0.0.1,DNS:second.example");
  child.signal(SIGHUP);
  EXPECT_TRUE(comes_to_show("second.example")) << output();
  std::ofstream{files.key_file} << "no key";
  child.signal(SIGHUP);
  EXPECT_TRUE(wait_until([&] { return output().find("reload.failed") != std::string::npos; }, 30s));
  EXPECT_TRUE(comes_to_show("second.example")) << "what was there before goes on";
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(30s), 0) << output();
}

}  // namespace
}  // namespace sluice::test
