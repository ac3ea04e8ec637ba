// The process as an operator meets it: its ends and starts, what it tells monitoring, and the command line.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Ended {
  int status = -1;
  std::string output;
};

class Serve : public BehindSluice {
 protected:
  // Sluice's own binary with other arguments.
  [[nodiscard]] ChildProcess start(std::vector<std::string> arguments,
                                   const std::string& password = std::string{SluiceProcess::password}) {
    arguments.insert(arguments.begin(),
                     std::filesystem::read_symlink("/proc/" + std::to_string(sluice().pid()) + "/exe"));
    std::ofstream{output_}.flush();
    return ChildProcess{{.arguments = std::move(arguments),
                         .environment = {{"SLUICE_PASSWORD", password}},
                         .output = output_,
                         .account = {}}};
  }
  [[nodiscard]] std::string output() const {
    std::ifstream in{output_};
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  Ended run(std::vector<std::string> arguments, const std::string& password = std::string{SluiceProcess::password}) {
    auto child = start(std::move(arguments), password);
    const auto status = child.wait(60s);
    EXPECT_TRUE(status) << "still running: " << output();
    return {status.value_or(-1), output()};
  }
  static bool gets_ready(const Port& http_port) {
    return wait_until(
        [&] {
          try {
            return request("GET", http_port.number(), "/readyz").status == 200;
          } catch (const std::runtime_error&) {
            return false;  // it does not listen yet
          }
        },
        60s);
  }
  [[nodiscard]] std::string http() { return "127.0.0.1:" + std::to_string(sluice().http_port()); }
  [[nodiscard]] std::vector<std::string> migrate_command(const std::string& alter) {
    return {"migrate", "--http", http(), "--database", "test", "--table", "orders", "--alter", alter};
  }
  [[nodiscard]] std::vector<std::string> serve_command(const std::string& user, std::uint16_t primary,
                                                       const Port& listen, const Port& http_port) {
    const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
    return {"serve",  "--listen", at(listen.number()), "--primary", at(primary), "--http", at(http_port.number()),
            "--user", user};
  }

 private:
  ScratchFolder folder_{"serve"};
  std::filesystem::path output_ = folder_.path() / "output";
};
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

TEST_P(Serve, tells_monitoring_what_the_contract_names) {
  make_orders(1000);
  auto client = sluice().connect();
  client.must("SELECT COUNT(*) FROM orders");
  (void)postponed("ADD COLUMN note INT");  // what is running has gauges of its own
  const auto metrics = sluice().get("/metrics");
  EXPECT_EQ(metrics.status, 200U);
  for (const char* name :
       {"sluice_client_connections", "sluice_statements_total", "sluice_statement_seconds", "sluice_held_statements",
        "sluice_hold_seconds", "sluice_gate_state", "sluice_migration_state", "sluice_migration_progress_ratio",
        "sluice_rows_copied_total", "sluice_changes_applied_total", "sluice_changes_pending",
        "sluice_binlog_lag_seconds", "sluice_throttled_seconds_total", "sluice_verified_rows_total",
        "sluice_mismatches_total", "sluice_stragglers_total", "sluice_bypass_transactions_total",
        "sluice_cut_over_attempts_total"}) {
    EXPECT_THAT(metrics.body, HasSubstr(std::string{"# TYPE "} + name + " "));
  }
  EXPECT_THAT(metrics.body, HasSubstr("sluice_rows_copied_total 1000"));
  EXPECT_EQ(sluice().get("/healthz").status, 200U);
  EXPECT_EQ(sluice().get("/readyz").status, 200U);
  EXPECT_THAT(sluice().get("/openapi.yaml").body, HasSubstr("/migrate"));
  EXPECT_THAT(sluice().get("/").body, HasSubstr("<html"));
}

TEST_P(Serve, explains_the_hold_in_the_status_the_journal_and_a_histogram) {
  make_orders(1000);
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_EQ(json_at(status.json, "/cut_over/parts/0/part"), "drain");
  double sum = 0;
  const auto parts = json_size(status.json, "/cut_over/parts");
  for (std::size_t i = 0; i < parts; ++i) {
    sum += std::stod(json_at(status.json, "/cut_over/parts/" + std::to_string(i) + "/ms"));
  }
  EXPECT_EQ(json_at(status.json, "/cut_over/parts/" + std::to_string(parts - 1) + "/part"), "release");
  EXPECT_NEAR(sum, status.hold_ms, 0.2 * status.hold_ms + 1);
  EXPECT_THAT(sluice().get("/migrate/" + status.id + "/events").body, HasSubstr("\"rename_ms\""));
  EXPECT_THAT(sluice().get("/metrics").body, HasSubstr("sluice_hold_part_seconds_count{part=\"rename\"} 1\n"));
}

TEST_P(Serve, tells_how_the_gate_stands) {
  make_orders(100);
  auto busy = sluice().connect();
  busy.must("BEGIN");
  busy.must("UPDATE orders SET qty = 1 WHERE id = 1");
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"on_blocker": "abort", "drain_timeout_ms": 60000})"});
  const auto gate = [&](const std::string& field) { return json_at(sluice().status(id).json, "/gate/" + field); };
  EXPECT_TRUE(wait_until([&] { return gate("phase") == "draining"; }, 60s));
  auto late = sluice().connect();
  auto write = std::async(std::launch::async, [&] { return late.query("UPDATE orders SET qty = 2 WHERE id = 2"); });
  EXPECT_TRUE(wait_until([&] { return gate("waiting") == "1"; }, 60s));
  busy.must("COMMIT");
  EXPECT_FALSE(write.get().error);
  expect_completed(await_end(id));
  EXPECT_TRUE(wait_until([&] { return json_at(sluice().status(id).json, "/gate").empty(); }, 60s));
}

TEST_P(Serve, remembers_how_long_clients_statements_took) {
  const auto measured = [&] {
    sluice().connect().must("SELECT 1");
    const auto latency = sluice().get("/clients").body;
    const auto seconds = json_size(latency, "/seconds");
    return seconds > 0 && json_at(latency, "/seconds/" + std::to_string(seconds - 1) + "/p99_ms") != "null";
  };
  EXPECT_TRUE(wait_until(measured, 60s));
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

TEST_P(Serve, reloads_the_token_at_a_hangup_and_says_what_it_did_not) {
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

TEST_P(Serve, shows_a_new_certificate_without_being_told) {
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

TEST_P(Serve, command_line_migrates_and_ends_with_0_only_then) {
  make_orders(1000);
  const auto done = run(migrate_command("ADD COLUMN note INT"));
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("completed"));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`note` int"));

  const auto refused = run(migrate_command("ADD COLUMN note INT; DROP TABLE orders"));
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("second"));

  direct().must("DROP TABLE _orders_del");
  direct().must("UPDATE orders SET name = 'same'");
  const auto failed = run(migrate_command("ADD UNIQUE KEY one_name (name)"));
  EXPECT_NE(failed.status, 0);
  EXPECT_THAT(failed.output, HasSubstr("one_name"));

  auto misspelt = migrate_command("ADD COLUMN other INT");
  misspelt.emplace_back("--chunk-sise=4");
  EXPECT_NE(run(misspelt).status, 0);
}

TEST_P(Serve, command_line_steers_a_detached_migration) {
  make_orders(500);
  auto dry = migrate_command("ADD COLUMN note INT");
  dry.emplace_back("--dry-run");
  const auto plan = run(dry);
  EXPECT_EQ(plan.status, 0) << plan.output;
  EXPECT_THAT(plan.output, HasSubstr("note"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());

  auto detached = migrate_command("ADD COLUMN note INT");
  detached.insert(detached.end(), {"--postpone-cut-over", "--chunk-size", "100", "--detach"});
  const auto started = run(detached);
  EXPECT_EQ(started.status, 0) << started.output;
  ASSERT_TRUE(
      wait_until([&] { return run({"status", "--http", http()}).output.find("ready") != std::string::npos; }, 30s));
  EXPECT_EQ(run({"pause", "--http", http()}).status, 0);
  EXPECT_NE(run({"pause", "--http", http()}).status, 0);
  EXPECT_EQ(run({"resume", "--http", http()}).status, 0);
  const auto unknown = run({"stop", "--http", http(), "m999"});
  EXPECT_NE(unknown.status, 0);
  EXPECT_THAT(unknown.output, HasSubstr("m999"));
  EXPECT_EQ(run({"cut-over", "--http", http()}).status, 0);
  EXPECT_TRUE(wait_until([&] { return definition(direct(), "orders").find("`note` int") != std::string::npos; }, 30s));
}

TEST_P(Serve, command_line_panics_and_takes_lists_of_objects) {
  make_orders(500);
  auto detached = migrate_command("ADD COLUMN note INT");
  detached.insert(detached.end(), {"--postpone-cut-over", "--detach", "--guards", R"({"when": "mismatches"})",
                                   "--guards", R"({"name": "disk", "when": "disk_percent:/tmp", "threshold": 101})"});
  EXPECT_EQ(run(detached).status, 0) << output();
  const auto ready = [&] { return run({"status", "--http", http(), "m1", "--json"}).output; };
  ASSERT_TRUE(wait_until([&] { return json_at(ready(), "/guards/1/measure") == "disk_percent:/tmp"; }, 30s));
  EXPECT_EQ(json_size(ready(), "/guards"), 2U);
  EXPECT_EQ(run({"panic", "--http", http()}).status, 0);
  EXPECT_EQ(sluice().await_state("m1", "panicked").state, "panicked");
  EXPECT_THAT(leftovers(direct()), testing::ElementsAre("_orders_gho"));
}

TEST_P(Serve, certificate_of_the_api_is_read_again) {
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

TEST_P(Serve, interrupted_command_line_stops_the_migration) {
  make_orders(500);
  auto command = migrate_command("ADD COLUMN note INT");
  command.emplace_back("--postpone-cut-over");
  auto child = start(command);
  ASSERT_TRUE(wait_until([&] { return sluice().get("/migrate").body.find("ready") != std::string::npos; }, 30s));
  child.signal(SIGINT);
  const auto status = child.wait(30s);
  ASSERT_TRUE(status) << output();
  EXPECT_NE(*status, 0);
  EXPECT_THAT(output(), HasSubstr("stopped"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("`note`")));
}

}  // namespace
}  // namespace sluice::test
