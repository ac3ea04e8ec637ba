// What people really use: each client holds the common dialogue with the server and then through the proxy, and says
// the same both times. See the scripts beside this file.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"

namespace sluice::proxy {
namespace {

struct Client {
  std::string name;
  // The program and its arguments; the port goes behind them, or where it says PORT.
  std::vector<std::string> command;
  enum class Servers : std::uint8_t { both, mysql_only } servers = Servers::both;
};

std::string script(const std::string& name) {
  return std::string{SLUICE_CLIENTS_FOLDER} + "/" + name;
}

// The dialogue in SQL, or a dump of what it left, by programs that take the same options.
Client command_line(const std::string& name, std::vector<std::string> program, const std::vector<std::string>& more,
                    Client::Servers servers) {
  program = fed_with(script("dialogue.sql"), program);
  program.insert(program.end(), {"-h127.0.0.1", "-PPORT", "-uapp", "-papp's"});
  program.insert(program.end(), more.begin(), more.end());
  return {name, program, servers};
}

std::vector<Client> clients() {
  using enum Client::Servers;
  const std::vector<std::string> dialogue{"--force", "test"};
  const std::vector<std::string> dump{"--skip-comments", "--routines", "--single-transaction", "--hex-blob", "test"};
  const auto with = [](std::vector<std::string> options, const std::vector<std::string>& more) {
    options.insert(options.begin(), more.begin(), more.end());
    return options;
  };
  const std::string driver = "/usr/share/java/mariadb-java-client.jar";
  // MySQL's own client library has unlearnt what MariaDB's accounts need.
  const std::vector<std::string> key{"--get-server-public-key"};
  return {
      command_line("mysql", mysql_program("mysql"), with(dialogue, key), mysql_only),
      command_line("mysql_compressed", mysql_program("mysql"), with(dialogue, {"--compression-algorithms=zstd"}),
                   mysql_only),
      command_line("mysqldump", mysql_program("mysqldump"),
                   with(dump, {"--get-server-public-key", "--column-statistics=0"}), mysql_only),
      command_line("mariadb", {"/usr/bin/mariadb"}, dialogue, both),
      command_line("mariadb_compressed", {"/usr/bin/mariadb", "--compress"}, dialogue, both),
      command_line("mariadb_dump", {"/usr/bin/mariadb-dump"}, dump, both),
      {"pymysql", {"/usr/bin/python3", script("dialogue.py"), "pymysql"}},
      {"mysqlclient", {"/usr/bin/python3", script("dialogue.py"), "MySQLdb"}},
      {"mysqli", {"/usr/bin/php", script("mysqli.php")}},
      {"pdo", {"/usr/bin/php", script("pdo.php")}},
      {"ruby", {"/usr/bin/ruby", script("dialogue.rb")}},
      {"dbd_mysql", {"/usr/bin/perl", script("dialogue.pl"), "mysql"}},
      {"dbd_mariadb", {"/usr/bin/perl", script("dialogue.pl"), "MariaDB"}},
      {"mysql2", {"/usr/bin/node", script("mysql2.js"), "PORT"}},
      // It complains of packets' numbers, which are not what it expects with compression, whoever the server is.
      {"mysql2_compressed",
       {"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null", "/usr/bin/node", script("mysql2.js"), "PORT", "compress"}},
      {"mariadb_js", {"/usr/bin/node", script("mariadb.js"), "PORT"}},
      {"mariadb_js_compressed", {"/usr/bin/node", script("mariadb.js"), "PORT", "compress"}},
      {"sysbench", {"/bin/sh", script("sysbench.sh")}},
      {"go", {"/usr/bin/go", "run", script("dialogue.go")}},
      {"connector_j",
       {"/usr/bin/java", "-cp", driver, script("Dialogue.java"), "PORT",
        "allowPublicKeyRetrieval=true&allowMultiQueries=true"}},
      {"connector_j_pipelined",
       {"/usr/bin/java", "-cp", driver, script("Dialogue.java"), "PORT",
        "allowPublicKeyRetrieval=true&allowMultiQueries=true&usePipelineAuth=true&useBatchMultiSend=true&"
        "useServerPrepStmts=true"}},
  };
}

class Clients : public testing::TestWithParam<std::tuple<test::Kind, Client>> {
 protected:
  // What it says; it must have ended well.
  std::string says(std::uint16_t port) {
    auto arguments = client().command;
    bool has_port = false;
    for (auto& argument : arguments) {
      const auto place = argument.find("PORT");
      if (place == std::string::npos) continue;
      argument.replace(place, 4, std::to_string(port));
      has_port = true;
    }
    if (!has_port) arguments.push_back(std::to_string(port));
    const char* installed = std::getenv("SLUICE_CLIENTS");
    const std::string modules = installed != nullptr ? installed : "/var/cache/sluice/clients";
    const auto ran = run_program(arguments, folder.path(),
                                 {{"NODE_PATH", modules + "/node_modules"},
                                  {"GOPATH", "/usr/share/gocode"},
                                  {"GO111MODULE", "off"},
                                  {"GOCACHE", (folder.path() / "go").string()},
                                  {"LANG", "C.UTF-8"}});
    EXPECT_GE(ran.status, 0) << "it did not end";
    return ran.output + "\nstatus " + std::to_string(ran.status);
  }
  [[nodiscard]] const Client& client() const { return std::get<Client>(GetParam()); }

  test::ScratchFolder folder{"clients"};
};

TEST_P(Clients, say_the_same_directly_and_through_the_proxy) {
  const auto kind = std::get<test::Kind>(GetParam());
  const bool is_mysql = kind == test::Kind::mysql;
  if (client().servers == Client::Servers::mysql_only && !is_mysql) return;
  const auto server = test::TestServer::start(kind);
  server.make_user("app", "app's", "ALL ON *.*", is_mysql ? "caching_sha2_password" : "");
  ProxyConfig config;
  config.primary = {"127.0.0.1", server.port()};
  const RunningProxy proxy{config};
  // First through the proxy: the server has not seen the account yet.
  const auto proxied = says(proxy.proxy.port());
  const auto direct = says(server.port());
  EXPECT_EQ(proxied, direct);
  const bool is_forced = std::ranges::find(client().command, "--force") != client().command.end();
  if (!is_forced) EXPECT_THAT(direct, testing::HasSubstr("\nstatus 0")) << direct.substr(0, 4000);
  EXPECT_GT(direct.size(), 100U) << direct;
  EXPECT_TRUE(proxy.empties());
}

INSTANTIATE_TEST_SUITE_P(With, Clients,
                         testing::Combine(testing::Values(test::Kind::mysql, test::Kind::mariadb),
                                          testing::ValuesIn(clients())),
                         [](const auto& info) {
                           return std::string{test::name(std::get<test::Kind>(info.param))} + "__" +
                                  std::get<Client>(info.param).name;
                         });

}  // namespace
}  // namespace sluice::proxy
