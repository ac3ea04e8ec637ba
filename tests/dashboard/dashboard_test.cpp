// What a person does at the dashboard, done in a real Chromium at a real Sluice in front of a real server. The stories
// are the scripts beside this file; what they need of the world outside of the browser is done here.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"
#include "tests/support/workload.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr auto story_limit = 240s;
constexpr std::int64_t rows = 20000;

class Dashboard : public testing::Test {
 protected:
  Dashboard() {
    auto client = server.connect();
    client.must(
        "CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT "
        "NULL, tag VARCHAR(20) NOT NULL DEFAULT 'plain')");
    client.must("SET cte_max_recursion_depth = 100000");
    client.must(
        "INSERT INTO orders (qty, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(rows) + ") SELECT i, CONCAT('row ', i) FROM n");
    client.must("ANALYZE TABLE orders");
  }

  SluiceProcess& sluice(const SluiceOptions& options = {}) {
    if (!sluice_) sluice_.emplace(SluiceProcess::start(server, options));
    return *sluice_;
  }
  std::string url() { return "http://127.0.0.1:" + std::to_string(sluice().http_port()); }

  // Begins a story: NAME.js, which gets the address and these arguments.
  void begin(const std::string& name, const std::vector<std::string>& arguments = {}) {
    const char* installed = std::getenv("SLUICE_DASHBOARD");
    const std::string modules = installed != nullptr ? installed : "/var/cache/sluice/dashboard";
    Command command{.arguments = {"/usr/bin/node", std::string{SLUICE_DASHBOARD_STORIES} + "/" + name + ".js", url()},
                    .environment = {{"NODE_PATH", modules + "/node_modules"}, {"TMPDIR", folder_.path().string()}},
                    .output = output_file(),
                    .account = {}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    story_.emplace(command);
  }
  // The story has come to where it says that.
  void await_said(const std::string& text) {
    EXPECT_TRUE(wait_until([&] { return said().find(text) != std::string::npos || !story_->running(); }, story_limit));
    EXPECT_THAT(said(), HasSubstr(text));
  }
  void expect_good_end() {
    EXPECT_EQ(story_->wait(story_limit), 0) << said() << "\nThe end of Sluice's log:\n" << sluice_->log();
  }
  void tell(const std::string& name, const std::vector<std::string>& arguments = {}) {
    begin(name, arguments);
    expect_good_end();
  }
  [[nodiscard]] std::string said() const {
    std::ostringstream text;
    text << std::ifstream{output_file()}.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string definition() const {
    return server.connect().must("SHOW CREATE TABLE orders").rows().at(0).at(1).value_or("");
  }
  // By clients whose every write is accounted for.
  void write_all_the_while(const std::function<void()>& meanwhile) {
    Workload clients{{.connection = {.port = sluice().port(), .database = "test"},
                      .table = "orders",
                      .clients = 4,
                      .think_time = 20ms,
                      .first_key = rows + 1}};
    clients.start();
    meanwhile();
    clients.stop();
    auto client = server.connect();
    const auto report = clients.verify(client);
    EXPECT_EQ(report.lost, 0U) << testing::PrintToString(report.problems);
    EXPECT_EQ(report.client_errors, 0U) << testing::PrintToString(report.problems);
  }

  TestServer server = TestServer::start(Kind::mysql);

 private:
  [[nodiscard]] std::filesystem::path output_file() const { return folder_.path() / "said"; }

  ScratchFolder folder_{"dashboard"};
  std::optional<SluiceProcess> sluice_;
  std::optional<ChildProcess> story_;
};

TEST_F(Dashboard, migrates_at_a_desktop) {
  write_all_the_while([&] { tell("migrate", {"1280"}); });
  EXPECT_THAT(definition(), HasSubstr("`note`"));
}

TEST_F(Dashboard, migrates_on_a_phone) {
  write_all_the_while([&] { tell("migrate", {"390"}); });
  EXPECT_THAT(definition(), HasSubstr("`note`"));
}

TEST_F(Dashboard, asks_for_a_token_once) {
  const ScratchFolder folder{"token"};
  const auto file = folder.path() / "token";
  std::ofstream{file} << "open-sesame\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // Its own waiting for /readyz needs no token.
  sluice({.arguments = {"--token-file", file.string()}});
  tell("token", {"open-sesame"});
}

TEST_F(Dashboard, lives_through_a_restart) {
  begin("restart");
  await_said("kill it");
  sluice().kill9();
  await_said("start it");
  sluice().restart();
  expect_good_end();
}

TEST_F(Dashboard, stops_by_clicks) {
  tell("stop");
}

TEST_F(Dashboard, reverts_by_clicks) {
  write_all_the_while([&] { tell("revert"); });
  EXPECT_THAT(definition(), Not(HasSubstr("`note`")));
}

TEST_F(Dashboard, rolls_back_by_clicks) {
  write_all_the_while([&] { tell("rollback"); });
  EXPECT_THAT(definition(), Not(HasSubstr("`note`")));
}

TEST_F(Dashboard, shows_what_is_noted_after_the_end) {
  tell("journal");
}

TEST_F(Dashboard, shows_markup_as_text) {
  const std::string name = "<img src=x onerror=alert(1)>";
  server.connect().must("CREATE TABLE `" + name + "` (id INT PRIMARY KEY, `<b>bold</b>` INT)");
  tell("markup", {name});
}

TEST_F(Dashboard, works_by_keyboard) {
  tell("keyboard");
}

TEST_F(Dashboard, explains_every_state) {
  tell("words");
}

TEST_F(Dashboard, reads_well) {
  auto idle = sluice().connect();
  auto bypass = server.connect();
  bypass.must("CREATE TABLE items LIKE orders");
  begin("looks");
  // Somebody is in the way of the cut-over, and somebody writes past the proxy.
  await_said("be in the way");
  idle.must("BEGIN");
  idle.must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
  bypass.must("UPDATE orders SET qty = qty + 1 WHERE id = 2");
  await_said("go away");
  idle.must("COMMIT");
  expect_good_end();
}

}  // namespace
}  // namespace sluice::test
