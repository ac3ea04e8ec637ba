#include "app/serve_config.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

namespace sluice::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ServeConfig usable() {
  ServeConfig config;
  config.proxy.primary = {"db1", 3306};
  config.user = "sluice";
  return config;
}

auto has_reason(const std::string& part) {
  return Contains(Field(&Reason::text, HasSubstr(part)));
}

std::string reason_of_yaml(const std::string& text) {
  ServeConfig config;
  const auto reason = apply_yaml(text, config);
  return reason ? reason->text : "";
}

TEST(ServeConfig, AFileSetsWhatTheFlagsWould) {
  ServeConfig config;
  const auto reason = apply_yaml(
      "listen: 0.0.0.0:3306\n"
      "primary: db1\n"
      "http: '[::1]:9000'\n"
      "user: sluice\n"
      "threads: 4\n"
      "event_loop: epoll\n"
      "server_tls: verify-identity\n"
      "access_log: /var/log/sluice.json\n"
      "access_log_sample: 100\n"
      "online_ddl: on\n"
      "drain_timeout_seconds: 5\n",
      config);
  ASSERT_FALSE(reason) << reason->text;
  EXPECT_THAT(config.proxy.listen, ElementsAre(net::Address{"0.0.0.0", 3306}));
  EXPECT_EQ(config.proxy.primary, (net::Address{"db1", 3306}));
  EXPECT_EQ(config.http.host, "::1");
  EXPECT_EQ(config.http.port, 9000);
  EXPECT_EQ(config.proxy.threads, 4U);
  EXPECT_EQ(config.proxy.event_loop, proxy::EventLoop::epoll);
  EXPECT_EQ(config.access_log, "/var/log/sluice.json");
  EXPECT_EQ(config.proxy.access_log_sample, 100U);
  EXPECT_EQ(config.proxy.ddl_mode, protocol::DdlMode::online);
  EXPECT_EQ(config.drain_timeout, std::chrono::seconds{5});
  EXPECT_EQ(engine_login(config).tls, migrator::TlsPolicy::verify_identity);
  EXPECT_THAT(problems_of(config), IsEmpty());
}

TEST(ServeConfig, AMatrixSaysWhatTheSeveritiesOfGuardsLeadTo) {
  using migrator::GuardAction;
  using migrator::Severity;
  ServeConfig config;
  const auto reason = apply_yaml("guard_actions: [low=throttle, critical=panic]\n", config);
  ASSERT_FALSE(reason) << reason->text;
  EXPECT_EQ(config.guard_actions[Severity::low], GuardAction::throttle);
  EXPECT_EQ(config.guard_actions[Severity::high], GuardAction::pause);
  EXPECT_EQ(config.guard_actions[Severity::critical], GuardAction::panic);
  EXPECT_THAT(reason_of_yaml("guard_actions: [dire=panic]\n"), HasSubstr("guard_actions must be low, medium"));
}

TEST(ServeConfig, BackupsHaveAFolderAndAProgram) {
  ServeConfig config;
  EXPECT_FALSE(apply_yaml("backup_path: /tmp\nbackup_program: mysqldump\n", config));
  EXPECT_EQ(config.backup.folder, "/tmp");
  EXPECT_EQ(config.backup.program, "mysqldump");
  config.backup.folder = "/there/is/no/such/folder";
  EXPECT_THAT(problems_of(config), has_reason("--backup-path"));
}

TEST(ServeConfig, WebhooksAreUrlsAndHooksAFolder) {
  ServeConfig config = usable();
  const auto reason = apply_yaml("webhooks: [http://a/, https://b/c]\nhooks_path: /tmp\n", config);
  ASSERT_FALSE(reason) << reason->text;
  EXPECT_EQ(config.notifier.webhooks.size(), 2U);
  EXPECT_THAT(problems_of(config), IsEmpty());
  EXPECT_THAT(reason_of_yaml("webhooks: a\n"), HasSubstr("webhooks must be a URL"));
  config.notifier.hooks_path = "/there/is/no/such/folder";
  EXPECT_THAT(problems_of(config), has_reason("--hooks-path"));
}

TEST(ServeConfig, AnEmptyFileSetsNothing) {
  EXPECT_EQ(reason_of_yaml(""), "");
  EXPECT_EQ(reason_of_yaml("# nothing yet\n"), "");
}

TEST(ServeConfig, AMistakeInTheFileIsNamedWithItsLine) {
  EXPECT_EQ(reason_of_yaml("user: a\nlisen: 1.2.3.4:3306\n"), "line 2: there is no setting \"lisen\"");
  EXPECT_EQ(reason_of_yaml("user: a\nuser: b\n"), "line 2: user is there twice");
  EXPECT_EQ(reason_of_yaml("\nthreads: many\n"), "line 2: threads must be a number from 0 to 256, not \"many\"");
  EXPECT_EQ(reason_of_yaml("threads: [1, 2]\n"), "line 1: threads must be a number from 0 to 256");
  EXPECT_EQ(reason_of_yaml("event_loop: select\n"),
            "line 1: event_loop must be auto, io_uring or epoll, not \"select\"");
  EXPECT_THAT(reason_of_yaml("- user\n"), HasSubstr("setting: value"));
  EXPECT_THAT(reason_of_yaml("user: a\nlisten: [open\n"), HasSubstr("line "));
}

TEST(ServeConfig, APasswordIsNoSettingOfTheFile) {
  EXPECT_EQ(reason_of_yaml("password: secret\n"), "line 1: there is no setting \"password\"");
}

TEST(ServeConfig, WhatIsMissingIsNamed) {
  EXPECT_THAT(problems_of(ServeConfig{}), has_reason("--primary"));
  EXPECT_THAT(problems_of(ServeConfig{}), has_reason("--user"));
  EXPECT_THAT(problems_of(usable()), IsEmpty());
}

TEST(ServeConfig, ItListensAtSeveralAddressesButAtEachOnce) {
  auto config = usable();
  ASSERT_FALSE(apply_yaml("listen: [127.0.0.1:3306, 'unix:/run/sluice.sock']\n", config));
  EXPECT_THAT(config.proxy.listen, ElementsAre(net::Address{"127.0.0.1", 3306}, net::Address{"/run/sluice.sock", 0}));
  EXPECT_THAT(problems_of(config), IsEmpty());
  config.proxy.listen.push_back({"/run/sluice.sock", 0});
  EXPECT_THAT(problems_of(config), has_reason("--listen /run/sluice.sock is there twice"));
  EXPECT_EQ(reason_of_yaml("listen: []\n"), "line 1: listen must be HOST:PORT or unix:/PATH");
  EXPECT_EQ(reason_of_yaml("listen: [a, [b]]\n"), "line 1: listen must be HOST:PORT or unix:/PATH");
  EXPECT_THAT(reason_of_yaml("listen: 'unix:relative'\n"), HasSubstr("line 1: listen must be"));
}

TEST(ServeConfig, ThePrimaryMayBeAUnixSocket) {
  auto config = usable();
  ASSERT_FALSE(apply_yaml("primary: unix:/run/mysqld.sock\n", config));
  EXPECT_THAT(problems_of(config), IsEmpty());
  EXPECT_EQ(engine_login(config).host, "/run/mysqld.sock");
}

TEST(ServeConfig, TheApiIsForThisMachineOnlyUnlessThereIsAToken) {
  auto config = usable();
  config.http.host = "0.0.0.0";
  EXPECT_THAT(problems_of(config), has_reason("--token-file"));
  config.http.token = "secret";
  EXPECT_THAT(problems_of(config), IsEmpty());
  for (const char* host : {"127.0.0.1", "127.0.0.2", "::1", "localhost"}) {
    config.http = {.host = host};
    EXPECT_THAT(problems_of(config), IsEmpty()) << host;
  }
}

TEST(ServeConfig, ItDoesNotStandInFrontOfItself) {
  auto config = usable();
  config.proxy.listen.push_back(config.proxy.primary);
  EXPECT_THAT(problems_of(config), has_reason("the same address"));
}

TEST(ServeConfig, ACertificateNeedsItsKey) {
  auto config = usable();
  config.proxy.certificate_file = "a.pem";
  config.http.tls = control::TlsFiles{.certificate_chain = "", .private_key = "key.pem"};
  EXPECT_THAT(problems_of(config), has_reason("--certificate and --key"));
  EXPECT_THAT(problems_of(config), has_reason("--http-certificate and --http-key"));
}

struct SecretFile : ::testing::Test {
  void write(const std::string& text) const { std::ofstream{path} << text; }
  ~SecretFile() override { std::remove(path.c_str()); }
  std::string path =
      ::testing::TempDir() + "sluice_secret_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SecretFile, ItsFirstLineGoesBeforeTheEnvironment) {
  write("from the file\r\nnot this\n");
  auto config = usable();
  config.password_file = path;
  ASSERT_FALSE(load_secrets({.password = "from the environment"}, config));
  EXPECT_EQ(config.password, "from the file");
}

TEST_F(SecretFile, OneThatIsMissingOrEmptyIsAReason) {
  EXPECT_THAT(read_secret_file(path).error().text, HasSubstr("can't be read"));
  write("\n");
  EXPECT_THAT(read_secret_file(path).error().text, HasSubstr("is empty"));
}

}  // namespace
}  // namespace sluice::app
