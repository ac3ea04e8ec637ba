// ./run demo: a table changes its schema under writing clients, and the proof that nothing was lost.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/server.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/workload.hpp"

namespace {

using namespace sluice::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t rows = 200'000;
constexpr unsigned clients = 16;
constexpr auto think_time = 2ms;
constexpr auto warm_up = 1s;
constexpr auto go_on_for = 2s;
constexpr auto migration_limit = 45s;
constexpr auto show_every = 250ms;
constexpr const char* database = "shop";
constexpr const char* account = "shop";
constexpr const char* password = "demo";
constexpr const char* table =
    "CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, "
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY by_qty (qty))";
constexpr const char* alter =
    "ADD COLUMN note VARCHAR(64) NOT NULL DEFAULT '', MODIFY qty BIGINT NOT NULL, ADD INDEX by_name (name)";

std::atomic<bool> interrupted{false};

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error{"interrupted"} {}
};

// Sleeps, but for a Ctrl-C: everything is then taken down on the way out.
void pause_for(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (Clock::now() < deadline) {
    if (interrupted) throw Interrupted{};
    std::this_thread::sleep_for(10ms);
  }
}

void show(const MigrationStatus& status, std::uint64_t acknowledged) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::printf("%s  %-12s %5.1f %%  %8llu of about %llu rows copied  %8llu writes acknowledged%s", terminal ? "\r" : "",
              status.state.c_str(), status.progress * 100, static_cast<unsigned long long>(status.rows_copied),
              static_cast<unsigned long long>(status.rows_estimated), static_cast<unsigned long long>(acknowledged),
              terminal ? "" : "\n");
  std::fflush(stdout);
}

MigrationStatus migrate(const SluiceProcess& sluice, const Workload& workload) {
  const auto id = sluice.migrate({.table = "orders", .alter = alter, .database = database});
  const auto deadline = Clock::now() + migration_limit;
  auto status = sluice.status(id);
  while (!status.ended() && Clock::now() < deadline) {
    show(status, workload.acknowledged());
    pause_for(show_every);
    status = sluice.status(id);
  }
  show(status, workload.acknowledged());
  if (::isatty(STDOUT_FILENO) != 0) std::puts("");
  return status;
}

bool has_new_shape(TestClient& direct) {
  return direct
             .must(
                 "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = "
                 "'orders' AND (column_name = 'note' OR (column_name = 'qty' AND data_type = 'bigint'))")
             .value() == "2";
}

// True when the migration completed and nothing was lost.
bool conclude(const MigrationStatus& status, const WorkloadReport& report, TestClient& direct) {
  const auto lost = report.lost + report.wrong_reads + report.unclaimed;
  const bool shape = has_new_shape(direct);
  for (const auto& problem : report.problems) std::printf("  %s\n", problem.c_str());
  if (!status.error.empty()) std::printf("  %s\n", status.error.c_str());
  std::printf("migration            %s%s\n", status.state.c_str(), shape ? "" : ", but the table has its old columns");
  std::printf("rows                 %s\n", direct.must("SELECT COUNT(*) FROM orders").value().c_str());
  std::printf("rows compared        %llu, unequal %llu\n", static_cast<unsigned long long>(status.verified_rows),
              static_cast<unsigned long long>(status.mismatches));
  std::printf("hold                 %.1f ms\n", status.hold_ms);
  std::printf("statements held      %llu\n", static_cast<unsigned long long>(status.held_statements));
  std::printf("slowest statement    %.1f ms\n", report.max_latency_ms);
  std::printf("client errors        %llu\n", static_cast<unsigned long long>(report.client_errors));
  std::printf("acknowledged writes  %llu\n", static_cast<unsigned long long>(report.acknowledged));
  std::printf("lost writes          %llu\n", static_cast<unsigned long long>(lost));
  std::printf("acknowledged %llu writes, lost %llu, client errors %llu, held %llu statements for %.1f ms\n",
              static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(lost),
              static_cast<unsigned long long>(report.client_errors),
              static_cast<unsigned long long>(status.held_statements), status.hold_ms);
  return status.state == "completed" && shape && lost == 0 && report.client_errors == 0 && report.acknowledged > 0;
}

bool demonstrate(const std::string& program) {
  const auto kind = kind_of(program);
  if (!kind) throw std::runtime_error{"cannot run " + program};
  std::printf("starting a throwaway server: %s (%s)\n", program.c_str(), name(*kind));
  std::fflush(stdout);
  const auto server = TestServer::start(*kind, {.program = program});
  auto direct = server.connect("");
  direct.must("CREATE DATABASE shop");
  direct.must("USE shop");
  direct.must(table);
  server.make_user(account, password, "ALL ON shop.*");

  const auto sluice = SluiceProcess::start(server);
  std::printf("sluice serve is in front of it: clients at 127.0.0.1:%u, HTTP at 127.0.0.1:%u\n", sluice.port(),
              sluice.http_port());
  Workload workload{{.connection = {.port = sluice.port(), .user = account, .password = password, .database = database},
                     .table = "orders",
                     .clients = clients,
                     .think_time = think_time}};
  workload.fill(direct, rows);
  pause_for(0ms);
  std::printf("%llu rows in shop.orders; %u clients insert, update, delete and read through the proxy\n",
              static_cast<unsigned long long>(rows), clients);
  workload.start();
  pause_for(warm_up);
  std::printf("POST /migrate: ALTER TABLE orders %s\n", alter);
  const auto status = migrate(sluice, workload);
  pause_for(go_on_for);
  workload.stop();
  return conclude(status, workload.verify(direct), direct);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: sluice_demo SERVER_PROGRAM   (./run demo does it)\n", stderr);
    return 2;
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(number, [](int) { interrupted = true; });
  }
  try {
    return demonstrate(arguments[1]) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "\nsluice demo: %s\n", error.what());
    return 1;
  }
}
