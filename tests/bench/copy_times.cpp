// ./run bench copy: how long a migration of sysbench's table takes beside the server's own ALTER, what its clients
// feel, and how fast changes are applied. All runs that are compared take turns.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/sysbench.hpp"
#include "tests/support/server.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"

namespace {

using namespace sluice::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr unsigned clients = 8;
constexpr auto migration_limit = 600s;

struct Size {
  std::uint64_t rows;
  unsigned rounds;
  std::chrono::seconds load_time;
  std::uint64_t burst;
  std::string only = {};  // the ways of copying whose name has this in it, beside the server's own; empty: all
  std::string options = R"("initially_drop_old_table": true)";  // of each migration
};
const Size full{.rows = 1'000'000, .rounds = 3, .load_time = 45s, .burst = 500'000};
const Size smoke{.rows = 20'000, .rounds = 1, .load_time = 2s, .burst = 10'000};

// Durable, as primaries are, and large enough for the table.
ServerOptions usual_primary(Kind kind) {
  const std::string redo = kind == Kind::mysql ? "--innodb-redo-log-capacity=1G" : "--innodb-log-file-size=1G";
  return {.arguments = {redo, "--innodb-buffer-pool-size=1G", "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1"}};
}

double seconds_of(const auto& what) {
  const auto began = Clock::now();
  what();
  return std::chrono::duration<double>(Clock::now() - began).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

// One that is there in the table as well: each of the runs adds a column of its own.
std::string next_alter() {
  static unsigned number = 0;
  return "ADD COLUMN note" + std::to_string(++number) + " INT";
}

void migrate(const SluiceProcess& sluice, const std::string& options) {
  const auto id = sluice.migrate({.table = "sbtest1", .alter = next_alter(), .options = options});
  const auto status = sluice.await_state(id, "completed", migration_limit);
  if (status.state != "completed") throw std::runtime_error{"a migration did not complete: " + status.json};
}

struct Way {
  const char* name;
  std::string options;  // of the migration; empty: the server's own ALTER
  std::vector<double> times_s = {};
};

void time_idle(const TestServer& server, const SluiceProcess& sluice, const Size& size) {
  auto direct = server.connect();
  std::vector<Way> ways{
      {"ALTER TABLE, ALGORITHM=COPY", ""},
      {"Sluice, verify off", "{" + size.options + R"(, "verify": "off"})"},
      {"Sluice", "{" + size.options + "}"},
      {"indexes deferred, verify off", "{" + size.options + R"(, "defer_secondary_indexes": true, "verify": "off"})"},
      {"indexes deferred", "{" + size.options + R"(, "defer_secondary_indexes": true})"}};
  std::erase_if(ways, [&](const Way& way) {
    return !way.options.empty() && std::string_view(way.name).find(size.only) == std::string_view::npos;
  });
  for (unsigned round = 0; round < size.rounds; ++round) {
    for (Way& way : ways) {
      way.times_s.push_back(seconds_of([&] {
        if (way.options.empty()) {
          direct.must("ALTER TABLE sbtest1 " + next_alter() + ", ALGORITHM=COPY");
        } else {
          migrate(sluice, way.options);
        }
      }));
    }
  }
  std::printf("%s: %llu rows of sysbench's table, nobody else about, medians of %u\n", name(server.kind()),
              static_cast<unsigned long long>(size.rows), size.rounds);
  const double own = median(ways.front().times_s);
  for (const Way& way : ways) {
    const double took = median(way.times_s);
    std::printf("  %-28s %6.2f s  %.2f x\n", way.name, took, took / own);
  }
}

std::uint64_t most_pending(const SluiceProcess& sluice, const Size& size, Sysbench& load,
                           std::vector<double>& times_s) {
  std::uint64_t most = 0;
  while (load.running()) {
    const auto began = Clock::now();
    const auto id = sluice.migrate({.table = "sbtest1", .alter = next_alter(), .options = "{" + size.options + "}"});
    for (auto status = sluice.status(id); !status.ended(); status = sluice.status(id)) {
      most = std::max(most, status.changes_pending);
      std::this_thread::sleep_for(20ms);
    }
    if (load.running()) times_s.push_back(std::chrono::duration<double>(Clock::now() - began).count());
    (void)sluice.await_audited(id, migration_limit);
  }
  return most;
}

void time_clients(const TestServer& server, const SluiceProcess& sluice, const Size& size) {
  std::vector<double> without_ms, with_ms, without_tps, with_tps;
  std::uint64_t errors_without = 0, errors_with = 0, pending = 0;
  std::vector<double> times_s;
  const SysbenchLoad load{.script = "oltp_write_only",
                          .port = sluice.port(),
                          .clients = clients,
                          .rows = size.rows,
                          .time = size.load_time};
  for (unsigned round = 0; round < size.rounds; ++round) {
    const auto without = Sysbench{load}.finish();
    Sysbench running{load};
    pending = std::max(pending, most_pending(sluice, size, running, times_s));
    const auto with = running.finish();
    without_ms.push_back(without.p99_ms);
    with_ms.push_back(with.p99_ms);
    without_tps.push_back(without.transactions_per_second);
    with_tps.push_back(with.transactions_per_second);
    errors_without += without.ignored_errors;
    errors_with += with.ignored_errors;
  }
  std::printf("%s: %u clients of oltp_write_only through the proxy, migrations one after the other, medians of %u\n",
              name(server.kind()), clients, size.rounds);
  std::printf("  p99 of a transaction       without %.1f ms, with %.1f ms: %.2f x\n", median(without_ms),
              median(with_ms), median(with_ms) / median(without_ms));
  std::printf("  transactions a second      without %.0f, with %.0f\n", median(without_tps), median(with_tps));
  std::printf("  deadlocks and the like     without %llu, with %llu\n", static_cast<unsigned long long>(errors_without),
              static_cast<unsigned long long>(errors_with));
  std::printf("  completed under the clients %zu", times_s.size());
  if (!times_s.empty()) std::printf(" (the slowest in %.0f s)", std::ranges::max(times_s));
  std::printf(", at most %llu changes pending\n", static_cast<unsigned long long>(pending));
}

void time_burst(const TestServer& server, const SluiceProcess& sluice, const Size& size) {
  auto direct = server.connect();
  const auto id = sluice.migrate(
      {.table = "sbtest1", .alter = next_alter(), .options = "{" + size.options + R"(, "postpone_cut_over": true})"});
  (void)sluice.await_state(id, "ready", migration_limit);
  (void)sluice.post("/migrate/" + id + "/pause");
  constexpr std::uint64_t rows_a_statement = 10'000;
  for (std::uint64_t from = 0; from < size.burst; from += rows_a_statement) {
    direct.must("UPDATE sbtest1 SET k = k + 1 WHERE id > " + std::to_string(from) +
                " AND id <= " + std::to_string(from + rows_a_statement));
  }
  const auto before = sluice.status(id).changes_applied;
  const double took = seconds_of([&] {
    (void)sluice.post("/migrate/" + id + "/resume");
    if (!wait_until([&] { return sluice.status(id).changes_applied >= before + size.burst; }, migration_limit)) {
      throw std::runtime_error{"the burst is not gone: " + sluice.status(id).json};
    }
  });
  (void)sluice.post("/migrate/" + id + "/cut-over");
  (void)sluice.await_audited(id, migration_limit);
  std::printf("%s: a burst of %llu changed rows is gone after %.1f s: %.0f a second\n", name(server.kind()),
              static_cast<unsigned long long>(size.burst), took, static_cast<double>(size.burst) / took);
}

void print_memory(const SluiceProcess& sluice) {
  std::ifstream status{"/proc/" + std::to_string(sluice.pid()) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::printf("  Sluice's memory at its most %s\n", line.substr(6).c_str());
  }
}

void measure(Kind kind, const Size& size, std::string_view what) {
  const auto server = TestServer::start(kind, usual_primary(kind));
  const auto sluice = SluiceProcess::start(server);
  make_sysbench_table(server.port(), size.rows);
  if (what.empty() || what == "idle") time_idle(server, sluice, size);
  if (what.empty() || what == "clients") time_clients(server, sluice, size);
  if (what.empty() || what == "burst") time_burst(server, sluice, size);
  print_memory(sluice);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  Size size = full;
  std::string what;
  std::vector<Kind> kinds{Kind::mysql, Kind::mariadb};
  for (const std::string_view argument : std::span(arguments, static_cast<std::size_t>(count)).subspan(1)) {
    if (argument == "--smoke") {
      size = smoke;
    } else if (argument == "mysql" || argument == "mariadb") {
      kinds = {argument == "mysql" ? Kind::mysql : Kind::mariadb};
    } else if (argument == "idle" || argument == "clients" || argument == "burst") {
      what = argument;
    } else if (argument.starts_with("--rounds=")) {
      size.rounds = static_cast<unsigned>(std::strtoul(argument.data() + argument.find('=') + 1, nullptr, 10));
    } else if (argument.starts_with("--seconds=")) {
      size.load_time = std::chrono::seconds{std::strtoul(argument.data() + argument.find('=') + 1, nullptr, 10)};
    } else if (argument.starts_with("--only=")) {
      size.only = argument.substr(argument.find('=') + 1);
    } else if (argument.starts_with("--with=")) {
      size.options.append(", ").append(argument.substr(argument.find('=') + 1));
    } else {
      std::fputs(
          "usage: bench_copy [--smoke] [mysql|mariadb] [idle|clients|burst] [--rounds=N] [--seconds=N]\n"
          "  [--only='deferred, verify off'] [--with='\"copy_threads\": 1, ...']\n"
          "(./run bench does it)\n",
          stderr);
      return 2;
    }
  }
  try {
    for (const Kind kind : kinds) measure(kind, size, what);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_copy: %s\n", error.what());
    return 1;
  }
}
