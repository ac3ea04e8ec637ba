// The process as an operator meets it: its ends and starts.
#include <csignal>

#include "tests/integration/migrate/serving.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Serve : public Serving {};
SLUICE_ON_BOTH_SERVERS(Serve);

TEST_P(Serve, keeps_no_connection_for_a_migration_that_has_ended) {
  make_orders(10);
  const auto connections = [this] {
    return std::stoull(
        direct().must("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'sluice'").value());
  };
  const auto migrate = [this] {
    const Migration again{
        .table = "orders", .alter = "ENGINE=InnoDB", .options = R"({"initially_drop_old_table": true})"};
    static_cast<void>(sluice().await_audited(sluice().migrate(again), 60s));
  };
  migrate();
  const auto after_one = connections();
  for (int i = 0; i < 5; ++i) migrate();
  EXPECT_TRUE(wait_until([&] { return connections() <= after_one; })) << connections() << ", after one " << after_one;
}

TEST_P(Serve, ends_cleanly_in_the_midst_of_a_migration_and_goes_on_with_it) {
  make_orders(0);
  auto options = clients_of_orders();
  options.clients = 4;
  Workload workload{options};
  workload.fill(direct(), 4000);
  workload.start();
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"chunk_size": 50, "chunk_time_ms": 2, "nice_ratio": 60})"});
  ASSERT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 500; }, 30s));
  EXPECT_EQ(sluice().stop(), 0) << sluice().log();
  EXPECT_THAT(leftovers(direct()), testing::ElementsAre("_orders_gho"));
  sluice().restart();
  EXPECT_GE(sluice().status(id).rows_copied, 500U) << "the copy began anew";
  EXPECT_EQ(change(id, R"({"nice_ratio": 0})").status, 200U);
  expect_completed(await_end(id));
  workload.stop();
  const auto report = workload.verify(direct());
  EXPECT_EQ(report.lost + report.wrong_reads + report.unclaimed, 0U) << testing::PrintToString(report.problems);
}

TEST_P(Serve, finished_migrations_are_known_after_a_restart) {
  make_orders(100);
  const auto id = complete({.table = "orders", .alter = "ADD COLUMN note INT"}).id;
  EXPECT_EQ(sluice().stop(), 0);
  sluice().restart();
  EXPECT_EQ(sluice().status(id).state, "completed");
}

TEST_P(Serve, is_alive_but_not_ready_while_the_primary_is_away) {
  auto own = TestServer::start(GetParam());
  own.make_user("early", std::string{SluiceProcess::password}, "ALL ON *.*");
  own.stop();
  const Port listen;
  const Port http_port;
  auto child = start(serve_command("early", own.port(), listen, http_port));
  const auto answers = [&](const std::string& path) -> unsigned {
    try {
      return request("GET", http_port.number(), path).status;
    } catch (const std::runtime_error&) {
      return 0;
    }
  };
  EXPECT_TRUE(wait_until([&] { return answers("/healthz") == 200; })) << output();
  EXPECT_EQ(answers("/readyz"), 503U);
  own.restart();
  EXPECT_TRUE(wait_until([&] { return answers("/readyz") == 200; }, 30s)) << output();
  EXPECT_EQ(TestClient({.port = listen.number(), .database = "test"}).must("SELECT 1").value(), "1");
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20s), 0) << output();
}

TEST_P(Serve, works_with_the_privileges_that_the_readme_names) {
  make_orders(1000);
  for (const auto& statement :
       std::vector<std::string>{"DROP USER IF EXISTS documented",
                                "CREATE USER documented IDENTIFIED BY '" + std::string{SluiceProcess::password} + "'",
                                "GRANT ALL ON test.* TO documented", "GRANT ALL ON _sluice.* TO documented",
                                "GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.* TO documented"}) {
    direct().must(statement);
  }
  if (is_mysql()) direct().must("GRANT XA_RECOVER_ADMIN ON *.* TO documented");
  const Port listen;
  const Port http_port;
  auto child = start(serve_command("documented", server().port(), listen, http_port));
  ASSERT_TRUE(gets_ready(http_port)) << output();
  const auto posted =
      request("POST", http_port.number(), "/migrate", body_of({.table = "orders", .alter = "ADD COLUMN note INT"}));
  ASSERT_EQ(posted.status, 202U) << posted.body;
  const auto path = "/migrate/" + parse_status(posted.body).id;
  EXPECT_TRUE(wait_until([&] { return parse_status(request("GET", http_port.number(), path).body).ended(); }, 30s));
  EXPECT_EQ(parse_status(request("GET", http_port.number(), path).body).state, "completed") << output();
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20s), 0) << output();
}

TEST_P(Serve, refuses_to_start_with_the_reason) {
  const Port listen;
  const Port http_port;
  const auto denied = run(serve_command("sluice", server().port(), listen, http_port), "wrong");
  EXPECT_NE(denied.status, 0);
  EXPECT_THAT(denied.output, HasSubstr("Access denied"));

  auto taken = serve_command("sluice", server().port(), listen, http_port);
  taken[2] = "127.0.0.1:" + std::to_string(sluice().port());
  const auto in_use = run(taken);
  EXPECT_NE(in_use.status, 0);
  EXPECT_THAT(in_use.output, HasSubstr("in use"));

  EXPECT_NE(run({"serve"}).status, 0);
  auto open = serve_command("sluice", server().port(), listen, http_port);
  open[6] = "0.0.0.0:" + std::to_string(http_port.number());
  const auto unprotected = run(open);
  EXPECT_NE(unprotected.status, 0);
  EXPECT_THAT(unprotected.output, HasSubstr("token"));
  auto unknown = serve_command("sluice", server().port(), listen, http_port);
  unknown.emplace_back("--no-such-flag");
  EXPECT_NE(run(unknown).status, 0);
}

TEST_P(Serve, leaves_nothing_running_at_the_server_for_a_client_that_has_gone) {
  make_orders(10);
  auto locks = server().connect();
  locks.must("BEGIN");
  locks.must("SELECT * FROM orders FOR UPDATE");
  const auto waiting = [this] {
    return direct()
        .must("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DELETE FROM orders%'")
        .value();
  };
  {
    ChildProcess client{{.arguments = {"/usr/bin/mariadb", "-h127.0.0.1", "-P" + std::to_string(sluice().port()),
                                       "-uroot", "test", "-e", "DELETE FROM orders"},
                         .environment = {},
                         .output = {},
                         .account = {}}};
    ASSERT_TRUE(wait_until([&] { return waiting() == "1"; }));
  }
  EXPECT_TRUE(wait_until([&] { return waiting() == "0"; }, 8s)) << sluice().log();
  EXPECT_THAT(sluice().get("/metrics").body, Not(HasSubstr("sluice_abandoned_statements_total 0\n")));
}

TEST_P(Serve, is_not_ready_from_the_first_moment_of_its_end) {
  make_orders(10);
  const Port listen;
  const Port http_port;
  auto child = start(serve_command("sluice", server().port(), listen, http_port));
  ASSERT_TRUE(gets_ready(http_port)) << output();
  TestClient busy{{.port = listen.number(), .database = "test"}};
  busy.must("BEGIN");
  busy.must("DELETE FROM orders");
  child.signal(SIGTERM);
  EXPECT_TRUE(wait_until([&] { return request("GET", http_port.number(), "/readyz").status == 503; }));
  EXPECT_TRUE(wait_until([&] {
    try {
      const TestClient late{{.port = listen.number(), .database = "test"}};
      return false;
    } catch (const ConnectFailure&) {
      return true;
    }
  }));
  EXPECT_EQ(request("GET", http_port.number(), "/healthz").status, 200U);
  busy.must("COMMIT");
  EXPECT_EQ(child.wait(30s), 0) << output();
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), "0");
}

TEST_P(Serve, stands_between_unix_sockets) {
  make_orders(100);
  const Port listen;
  const Port http_port;
  const ScratchFolder folder{"sockets"};
  const auto socket = folder.path() / "sluice.sock";
  auto arguments = serve_command("sluice", server().port(), listen, http_port);
  arguments[4] = "unix:" + server().socket_path().string();
  arguments.insert(arguments.end(), {"--listen", "unix:" + socket.string()});
  auto child = start(arguments);
  ASSERT_TRUE(gets_ready(http_port)) << output();
  TestClient at_socket{{.socket = socket, .database = "test"}};
  TestClient at_port{{.port = listen.number(), .database = "test"}};
  const auto accepted =
      request("POST", http_port.number(), "/migrate", body_of({.table = "orders", .alter = "ADD COLUMN note INT"}));
  ASSERT_EQ(accepted.status, 202U) << accepted.body;
  const auto path = "/migrate/" + parse_status(accepted.body).id;
  ASSERT_TRUE(wait_until([&] { return parse_status(request("GET", http_port.number(), path).body).ended(); }, 60s));
  EXPECT_EQ(parse_status(request("GET", http_port.number(), path).body).state, "completed") << output();
  for (auto* client : {&at_socket, &at_port}) EXPECT_EQ(client->must("SELECT COUNT(note) FROM orders").value(), "0");
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(30s), 0) << output();
  EXPECT_FALSE(std::filesystem::exists(socket));
}

}  // namespace
}  // namespace sluice::test
