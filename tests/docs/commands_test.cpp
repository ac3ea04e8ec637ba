// The commands of the documentation, run as they stand there but for addresses and passwords.
#include "tests/docs/documents.hpp"
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;

// What they would do is done by the tests themselves, or by ./run: build, and run tests.
bool is_about_building(const std::string& document) {
  return document == "docs/testing.md" || document == "docs/libmysqlclient.md";
}

// Without those that are ./run itself.
std::string without_run(const std::string& commands) {
  std::istringstream lines{commands};
  std::string rest;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("./run ")) rest += line + "\n";
  }
  return rest;
}

class Documentation : public OnBothServers {
 protected:
  void TearDown() override {
    server().connect("").must("DROP DATABASE IF EXISTS shop");
    server().connect("").must("DROP DATABASE IF EXISTS _sluice");
    server().connect("").must("DROP USER IF EXISTS sluice");
  }
  // With three rows, which are doubled so many times.
  void make_shop(int doublings) {
    auto client = server().connect("");
    client.must("CREATE DATABASE shop");
    client.must("CREATE TABLE shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL)");
    client.must("INSERT INTO shop.orders (qty) VALUES (1), (2), (3)");
    for (int i = 0; i < doublings; ++i) client.must("INSERT INTO shop.orders (qty) SELECT qty FROM shop.orders");
  }
  [[nodiscard]] std::string with_ports(std::string text, std::uint16_t proxy, std::uint16_t http) {
    const auto primary = std::to_string(server().port());
    for (const char* shown : {"127.0.0.1:3306", "db1:3306"}) text = replaced(text, shown, "127.0.0.1:" + primary);
    for (const char* shown : {"127.0.0.1:3307", "0.0.0.0:3306"}) {
      text = replaced(text, shown, "127.0.0.1:" + std::to_string(proxy));
    }
    text = replaced(replaced(text, "-P 3306", "-P " + primary), "-P 3307", "-P " + std::to_string(proxy));
    return replaced(text, "127.0.0.1:8080", "127.0.0.1:" + std::to_string(http));
  }
  ScratchFolder folder{"docs"};
};
SLUICE_ON_BOTH_SERVERS(Documentation);

TEST_P(Documentation, tutorial_can_be_followed_from_its_beginning_to_its_end) {
  const Port proxy;
  const Port http;
  std::string commands;
  for (const auto& block : blocks_of(std::filesystem::path{SLUICE_SOURCE_FOLDER} / "docs/tutorial.md")) {
    commands += block.commands;
  }
  const auto ran = run_commands(with_ports(commands, proxy.number(), http.number()), folder.path());
  EXPECT_EQ(ran.status, 0) << ran.output << text_of(folder.path() / "sluice.log");
  for (const char* told : {"732", "\"key\"", "`note` varchar(64)", "7\tNULL", "cut_over.completed"}) {
    EXPECT_THAT(ran.output, HasSubstr(told));
  }
  EXPECT_THROW((void)request("GET", http.number(), "/healthz"), std::runtime_error) << "it ended with the tutorial";
  auto client = server().connect("shop");
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM orders").value(), "733");
  EXPECT_TRUE(client.must("SHOW TABLES LIKE '\\_%'").rows().empty());
}

// The account of the README, and what clients send through Sluice to have it run as migrations.
TEST_P(Documentation, every_sql_does_what_it_says) {
  std::size_t accounts = 0;
  std::size_t migrations = 0;
  for (const auto& document : documents()) {
    for (const auto& block : blocks_of(document, "sql")) {
      SCOPED_TRACE(block.document + ":" + std::to_string(block.line));
      const bool makes_account = block.commands.find("CREATE USER") != std::string::npos;
      auto sql = block.commands;
      if (makes_account && server().kind() == Kind::mariadb) {  // as its comments say
        sql = replaced(sql, "GRANT XA_RECOVER_ADMIN", "-- ");
        sql = replaced(sql, "GRANT CONNECTION_ADMIN", "GRANT CONNECTION ADMIN");
      }
      make_shop(0);
      std::optional<SluiceProcess> sluice;
      if (!makes_account) sluice.emplace(SluiceProcess::start(server()));
      const auto port = std::to_string(makes_account ? server().port() : sluice->port());
      const auto ran = run_commands(
          "mysql -h 127.0.0.1 -P " + port + " -u root --comments shop <<'SQL'\n" + sql + "SQL\n", folder.path());
      EXPECT_EQ(ran.status, 0) << ran.output;
      if (makes_account) {
        ++accounts;
        server().connect("").must("DROP USER sluice");
      } else {
        const auto all = sluice->get("/migrate").body;
        migrations += json_size(all, "");
        EXPECT_THAT(all, testing::AllOf(HasSubstr("completed"), testing::Not(HasSubstr("\"error\":{"))));
        EXPECT_EQ(sluice->stop(), 0);
        server().connect("").must("DROP DATABASE _sluice");
      }
      server().connect("").must("DROP DATABASE shop");
    }
  }
  EXPECT_EQ(accounts, 1U);
  EXPECT_EQ(migrations, 3U);
}

// Each block by itself, in front of a server with a table shop.orders; where it speaks of m1 without having started
// it, that is a migration that is ready, or, where it is reverted, completed.
TEST_P(Documentation, every_other_command_does_what_it_says) {
  for (const auto& document : documents()) {
    for (const auto& block : blocks_of(document)) {
      if (is_about_building(block.document) || block.document == "docs/tutorial.md") continue;
      SCOPED_TRACE(block.document + ":" + std::to_string(block.line));
      const bool starts = block.commands.find("/migrate -d") != std::string::npos;
      const bool names_it = block.commands.find("m1") != std::string::npos;
      constexpr int enough_to_be_met_copying = 16;
      make_shop(starts && names_it ? enough_to_be_met_copying : 0);
      auto sluice = SluiceProcess::start(server());
      if (names_it && !starts) {
        const auto id = sluice.migrate({.table = "orders",
                                        .alter = "ADD COLUMN note INT",
                                        .options = R"({"postpone_cut_over": true})",
                                        .database = "shop"});
        EXPECT_EQ(sluice.await_state(id, "ready").state, "ready");
        if (block.commands.find("/revert") != std::string::npos) {
          EXPECT_EQ(sluice.post("/migrate/" + id + "/cut-over").status, 202U);
          EXPECT_EQ(sluice.await_audited(id, std::chrono::seconds{60}).state, "completed");
        }
      }
      const Port proxy;
      const Port http;
      const bool serves = block.commands.find("sluice serve") != std::string::npos;
      auto commands = with_ports(without_run(block.commands), serves ? proxy.number() : sluice.port(),
                                 serves ? http.number() : sluice.http_port());
      commands = replaced(replaced(commands, "build/release/sluice", "sluice"), "SLUICE_PASSWORD=…",
                          "SLUICE_PASSWORD=" + std::string{SluiceProcess::password});
      // One that serves is told to end after a moment, and has to end well.
      commands = replaced(commands, "sluice serve", "timeout --preserve-status 3 sluice serve");
      const auto ran = run_commands(commands, folder.path());
      EXPECT_EQ(ran.status, 0) << commands << "\n" << ran.output << sluice.log();
      EXPECT_EQ(sluice.stop(), 0);
      server().connect("").must("DROP DATABASE shop");
      server().connect("").must("DROP DATABASE _sluice");
    }
  }
}

}  // namespace
}  // namespace sluice::test
