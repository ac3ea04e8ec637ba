// Programs that people really use, through the proxy: the command-line clients, sysbench, a connector of another
// language.
#include <gmock/gmock.h>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"

namespace sluice::proxy {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class Tools : public ThroughProxy {
 protected:
  Ran run(const std::vector<std::string>& arguments) { return run_program(arguments, folder.path()); }
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
  for (const std::string tls : {"--ssl-mode=DISABLED", "--ssl-mode=PREFERRED"}) {
    auto arguments = mysql_program("mysql");
    arguments.insert(arguments.end(), {"-h127.0.0.1", "-P" + port(), "-uroot", tls, "--get-server-public-key", "test",
                                       "-e", "SELECT 6 * 7 AS answer; SELECT 'two'"});
    const auto ran = run(arguments);
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
