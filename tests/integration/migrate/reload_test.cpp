// SIGHUP: what an operator changes while clients are connected.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Reload : public OnBothServers {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return (folder.path() / name).string(); }
  void configure(const std::string& settings) const { std::ofstream{file("sluice.yaml")} << settings; }
  [[nodiscard]] static std::string text_of(const std::string& path) {
    std::stringstream all;
    all << std::ifstream{path}.rdbuf();
    return all.str();
  }
  // A hangup, and what Sluice said when it had done what it could.
  static std::string reload(const SluiceProcess& sluice) {
    const auto before = sluice.log();
    ::kill(sluice.pid(), SIGHUP);
    EXPECT_TRUE(wait_until([&] { return sluice.log().find("reload.done", before.size()) != std::string::npos; }))
        << sluice.log();
    return sluice.log().substr(before.size());
  }
  static unsigned refusal(const SluiceProcess& sluice) {
    try {
      (void)sluice.connect();
      return 0;
    } catch (const ConnectFailure& failure) {
      return failure.error.code;
    }
  }

  ScratchFolder folder{"reload"};
};
SLUICE_ON_BOTH_SERVERS(Reload);

TEST_P(Reload, limits_are_those_of_the_file_and_flags_go_before_it) {
  configure("max_connections: 3\n");
  const auto sluice = SluiceProcess::start(
      server(), {.arguments = {"--config", file("sluice.yaml"), "--max-connections-per-address", "100"}});
  auto first = sluice.connect();
  auto second = sluice.connect();
  EXPECT_EQ(refusal(sluice), 0U);
  configure("max_connections: 2\nmax_connections_per_address: 1\n");
  EXPECT_THAT(reload(sluice), HasSubstr("limits"));
  EXPECT_EQ(refusal(sluice), 1040U);
  EXPECT_TRUE(first.ping() && second.ping());
  configure("max_connections: 10\nmax_user_connections: 2\n");
  (void)reload(sluice);
  EXPECT_EQ(refusal(sluice), 1203U);
  configure("max_connections: none\n");
  EXPECT_THAT(reload(sluice), AllOf(HasSubstr("reload.failed"), HasSubstr("must be a number")));
  EXPECT_EQ(refusal(sluice), 1203U) << "the limits are what they were";
  configure("idle_timeout_seconds: 1\n");
  (void)reload(sluice);
  EXPECT_TRUE(wait_until([&] {
    return sluice.get("/metrics").body.find("sluice_client_connections_idled_out_total 2\n") != std::string::npos;
  })) << sluice.get("/metrics").body;
}

TEST_P(Reload, access_log_goes_on_in_a_new_file_and_holds_no_literal) {
  const auto path = file("access.json");
  const auto sluice = SluiceProcess::start(server(), {.arguments = {"--access-log", path}});
  auto client = sluice.connect();
  client.must("SELECT 'a secret'");
  EXPECT_FALSE(client.query("SELECT 'a secret' FROM no_such_table").ok());
  ASSERT_TRUE(wait_until([&] { return text_of(path).find("\"error\":1146") != std::string::npos; })) << text_of(path);
  EXPECT_THAT(text_of(path), AllOf(HasSubstr(R"("user":"root")"), HasSubstr(R"("command":"query")"),
                                   HasSubstr("\"connection\":" + std::to_string(client.connection_id()) + ","),
                                   Not(HasSubstr("secret")), Not(HasSubstr("no_such_table"))));
  std::filesystem::rename(path, path + ".1");
  (void)reload(sluice);
  EXPECT_TRUE(client.ping());
  EXPECT_TRUE(wait_until([&] { return text_of(path).find("\"command\":\"ping\"") != std::string::npos; }));
  EXPECT_THAT(text_of(path + ".1"), Not(HasSubstr("\"ping\"")));
}

TEST_P(Reload, access_log_takes_another_share_of_what_succeeds) {
  const auto path = file("access.json");
  configure("access_log_sample: 1000000\n");
  const auto sluice =
      SluiceProcess::start(server(), {.arguments = {"--config", file("sluice.yaml"), "--access-log", path}});
  auto client = sluice.connect();
  EXPECT_TRUE(client.ping());
  EXPECT_FALSE(client.query("SELECT 1 FROM no_such_table").ok());
  ASSERT_TRUE(wait_until([&] { return text_of(path).find("\"error\":1146") != std::string::npos; })) << text_of(path);
  EXPECT_THAT(text_of(path), Not(HasSubstr("\"ping\"")));
  configure("access_log_sample: 1\n");
  (void)reload(sluice);
  EXPECT_TRUE(client.ping());
  EXPECT_TRUE(wait_until([&] { return text_of(path).find("\"ping\"") != std::string::npos; })) << text_of(path);
}

}  // namespace
}  // namespace sluice::test
