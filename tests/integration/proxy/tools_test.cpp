// Programs that people really use, through the proxy: the command-line clients, sysbench, a connector of another
// language.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class Tools : public ThroughProxy {
 protected:
  struct Ran {
    int status = -1;
    std::string output;
  };
  Ran run(std::vector<std::string> arguments) {
    const auto output = folder.path() / "output";
    std::filesystem::remove(output);
    test::ChildProcess child{{.arguments = std::move(arguments), .output = output}};
    Ran ran;
    ran.status = child.wait(60s).value_or(-1);
    std::ostringstream text;
    text << std::ifstream{output}.rdbuf();
    ran.output = text.str();
    return ran;
  }
  std::string port() { return std::to_string(proxy().proxy.port()); }

  test::ScratchFolder folder{"tools"};
};
SLUICE_ON_BOTH_SERVERS(Tools);

TEST_P(Tools, mariadb_command_line_client) {
  for (const std::string tls : {"--skip-ssl", "--ssl"}) {
    const auto ran = run({"/usr/bin/mariadb", "-h127.0.0.1", "-P" + port(), "-uroot", tls, "test", "-e",
                          "SELECT 6 * 7 AS answer; SELECT 'two'; \\s"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("42"));
    EXPECT_THAT(ran.output, HasSubstr("two"));
  }
}

TEST_P(Tools, mysql_command_line_client_of_oracle) {
  // Since 9.0 it can't log in to a MariaDB any more, with or without a proxy: mysql_native_password is gone from it.
  if (!is_mysql()) return;
  const std::filesystem::path root =
      std::getenv("SLUICE_MYSQL_CHROOT") != nullptr ? std::getenv("SLUICE_MYSQL_CHROOT") : "/var/cache/sluice/sid";
  // Run by its own loader: its libraries are newer than ours.
  const auto loader = root / "lib64/ld-linux-x86-64.so.2";
  const auto libraries = (root / "usr/lib/x86_64-linux-gnu").string() + ":" + (root / "lib/x86_64-linux-gnu").string();
  for (const std::string tls : {"--ssl-mode=DISABLED", "--ssl-mode=PREFERRED"}) {
    const auto ran =
        run({loader, "--library-path", libraries, root / "usr/bin/mysql", "--no-defaults", "-h127.0.0.1", "-P" + port(),
             "-uroot", tls, "--get-server-public-key", "test", "-e", "SELECT 6 * 7 AS answer; SELECT 'two'"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("42"));
    EXPECT_THAT(ran.output, HasSubstr("two"));
  }
}

TEST_P(Tools, sysbench_reads_and_writes) {
  const std::vector<std::string> common{
      "/usr/bin/sysbench",      "oltp_read_write",   "--db-driver=mysql", "--mysql-host=127.0.0.1",
      "--mysql-port=" + port(), "--mysql-user=root", "--mysql-db=test",   "--tables=2",
      "--table-size=2000",      "--threads=8",       "--time=5",          "--mysql-ssl=off"};
  const auto with = [&](const std::string& step) {
    auto arguments = common;
    arguments.push_back(step);
    return arguments;
  };
  const auto prepared = run(with("prepare"));
  ASSERT_EQ(prepared.status, 0) << prepared.output;
  const auto ran = run(with("run"));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("reconnects:                          0"));
  EXPECT_EQ(run(with("cleanup")).status, 0);
}

TEST_P(Tools, connector_of_another_language) {
  auto with = config();
  // The tests' MariaDB has no certificate, so TLS ends at the proxy.
  if (!is_mysql()) with.server_tls = ServerTlsMode::disabled;
  const RunningProxy own{with};
  server().make_user("python", "pass word", "ALL ON test.*");
  const auto ran = run({"/usr/bin/python3", SLUICE_CONNECTOR_SCRIPT, std::to_string(own.proxy.port())});
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("all well"));
}

}  // namespace
}  // namespace sluice::proxy
