// ./run bench: how long a cut-over holds the clients, and where the time goes.
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "tests/bench/hold_times.hpp"
#include "tests/support/server.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"
#include "tests/support/workload.hpp"

namespace {

using namespace sluice::test;
using namespace std::chrono_literals;

constexpr unsigned clients = 64;
constexpr auto think_time = 20ms;
constexpr auto migration_limit = 120s;
constexpr auto progress_limit = 60s;
constexpr std::uint64_t writes_between_cut_overs = 500;
constexpr auto transaction_time = 2s;
constexpr auto transaction_age_when_due = 500ms;
constexpr double held_for_the_transaction_ms = 1000;
constexpr const char* table =
    "CREATE TABLE sbtest (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, "
    "c CHAR(120) NOT NULL DEFAULT '83868641912-28773972837-60736120486-75162659906', "
    "pad CHAR(60) NOT NULL DEFAULT '67847967377-48000963322-62604785301', KEY by_qty (qty))";

struct Size {
  unsigned cut_overs;
  std::uint64_t rows;
};
constexpr Size full{.cut_overs = 50, .rows = 50'000};
constexpr Size smoke{.cut_overs = 3, .rows = 20'000};

// The tests' servers are small. With a redo log that fills within seconds pages are written out all the time, and
// MySQL's RENAME sleeps for 100 ms whenever it finds that done to one of the tables.
ServerOptions usual_size(Kind kind) {
  const std::string redo = kind == Kind::mysql ? "--innodb-redo-log-capacity=1G" : "--innodb-log-file-size=1G";
  return {.arguments = {redo, "--innodb-buffer-pool-size=1G"}, .program = {}};
}

void make_table(TestClient& direct) {
  direct.must("DROP TABLE IF EXISTS sbtest, _sbtest_del");
  direct.must(table);
}

WorkloadOptions clients_of(const SluiceProcess& sluice) {
  return {.connection = {.port = sluice.port(), .user = "root", .password = "", .database = "test"},
          .table = "sbtest",
          .clients = clients,
          .mix = {},
          .think_time = think_time};
}

void await_writes(const Workload& workload) {
  const auto before = workload.acknowledged();
  if (!wait_until([&] { return workload.acknowledged() >= before + writes_between_cut_overs; }, progress_limit)) {
    throw std::runtime_error{"the clients do not get on"};
  }
}

// True if nobody lost anything or met an error.
bool print_clients(const WorkloadReport& report) {
  const auto lost = report.lost + report.wrong_reads + report.unclaimed;
  std::printf("  clients' statements  p99 %.1f ms, worst %.1f ms\n", report.p99_latency_ms, report.max_latency_ms);
  std::printf("  acknowledged %llu writes, lost %llu, client errors %llu\n",
              static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(lost),
              static_cast<unsigned long long>(report.client_errors));
  for (const auto& problem : report.problems) std::printf("  %s\n", problem.c_str());
  std::fflush(stdout);
  return lost == 0 && report.client_errors == 0;
}

// Every migration is a whole one of the table.
bool cut_overs_in_a_row(const TestServer& server, const SluiceProcess& sluice, const Size& size) {
  auto direct = server.connect();
  make_table(direct);
  Workload workload{clients_of(sluice)};
  workload.fill(direct, size.rows);
  workload.start();
  HoldTimes holds;
  for (unsigned i = 0; i < size.cut_overs; ++i) {
    await_writes(workload);
    const auto id = sluice.migrate({.table = "sbtest",
                                    .alter = i % 2 == 0 ? "ADD COLUMN note INT" : "DROP COLUMN note",
                                    .options = R"({"initially_drop_old_table": true})"});
    holds.add(sluice, sluice.await_audited(id, migration_limit));
  }
  await_writes(workload);
  workload.stop();
  std::printf("%s: %zu cut-overs of %llu rows under %u clients\n", name(server.kind()), holds.cut_overs(),
              static_cast<unsigned long long>(size.rows), clients);
  std::printf("  hold                 p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", holds.percentile_ms(50),
              holds.percentile_ms(99), holds.percentile_ms(100));
  std::printf("  medians of its parts %s\n", holds.medians().c_str());
  std::printf("  the longest one's    %s\n", holds.longest().c_str());
  std::printf("  statements held      %llu, %.1f a cut-over\n",
              static_cast<unsigned long long>(holds.held_statements()),
              static_cast<double>(holds.held_statements()) / static_cast<double>(holds.cut_overs()));
  return print_clients(workload.verify(direct));
}

// True if the cut-over waited for the transaction to end before it held anybody.
bool transaction_in_the_way(const TestServer& server, const SluiceProcess& sluice, const Size& size) {
  auto direct = server.connect();
  make_table(direct);
  Workload workload{clients_of(sluice)};
  workload.fill(direct, size.rows);
  workload.start();
  const auto id =
      sluice.migrate({.table = "sbtest", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
  if (const auto status = sluice.await_state(id, "ready", migration_limit); status.state != "ready") {
    throw std::runtime_error{"a migration did not get ready: " + status.json};
  }
  auto client = sluice.connect();
  client.must("BEGIN");
  client.must("INSERT INTO sbtest (id, qty, name) VALUES (-1, 0, 'in the way')");
  std::this_thread::sleep_for(transaction_age_when_due);
  (void)sluice.post("/migrate/" + id + "/cut-over");
  std::this_thread::sleep_for(transaction_time - transaction_age_when_due);
  client.must("ROLLBACK");
  const auto status = sluice.await_audited(id, migration_limit);
  workload.stop();
  std::printf("%s: a transaction of 2 s is open on the table when the cut-over becomes due\n", name(server.kind()));
  std::printf("  hold                 %.1f ms, in attempt %llu\n", status.hold_ms,
              static_cast<unsigned long long>(status.attempts));
  return print_clients(workload.verify(direct)) && status.hold_ms < held_for_the_transaction_ms;
}

bool measure(Kind kind, const Size& size) {
  const auto server = TestServer::start(kind, usual_size(kind));
  const auto sluice = SluiceProcess::start(server);
  const bool unharmed = cut_overs_in_a_row(server, sluice, size);
  return transaction_in_the_way(server, sluice, size) && unharmed;
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_smoke = count == 2 && std::string_view{arguments[1]} == "--smoke";
  if (count > 2 || (count == 2 && !is_smoke)) {
    std::fputs("usage: bench_cut_over [--smoke]   (./run bench does it)\n", stderr);
    return 2;
  }
  const auto& size = is_smoke ? smoke : full;
  try {
    const bool on_mysql = measure(Kind::mysql, size);
    return measure(Kind::mariadb, size) && on_mysql ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_cut_over: %s\n", error.what());
    return 1;
  }
}
