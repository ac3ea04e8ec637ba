// ./run bench proxy: what it costs clients to have Sluice in between, beside nothing, a bare copy loop, HAProxy and
// MySQL Router. All ways take turns, round by round; the medians count. The processor time that a proxy uses for a
// query is what neighbours on the machine disturb least.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/copy_loop.hpp"
#include "tests/bench/hops.hpp"
#include "tests/bench/proxy_parts.hpp"
#include "tests/bench/sysbench.hpp"

namespace {

using namespace sluice::test;
using namespace std::chrono_literals;

struct Size {
  std::uint64_t rows;
  unsigned rounds;
  std::chrono::seconds time;
  std::vector<unsigned> clients;
  std::uint64_t streamed_bytes;
  std::size_t idle_sessions;
};
const Size full{.rows = 100'000,
                .rounds = 5,
                .time = 4s,
                .clients = {1, 8, 64},
                .streamed_bytes = 1'000'000'000,
                .idle_sessions = 2'000};
const Size smoke{
    .rows = 1'000, .rounds = 1, .time = 1s, .clients = {2}, .streamed_bytes = 10'000'000, .idle_sessions = 20};

struct Figures {
  std::vector<double> per_second, cpu_us, latency_ms;
};
using Table = std::vector<std::pair<Hop*, Figures>>;  // in the order of the hops

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double cpu_us_of(const Hop& hop) {
  return hop.pid() ? std::chrono::duration<double, std::micro>(cpu_time(*hop.pid())).count() : 0;
}

// `run` goes through a hop once and returns what it did.
Table take_turns(const std::vector<Hop*>& hops, unsigned rounds, const auto& run) {
  Table table;
  for (Hop* hop : hops) table.emplace_back(hop, Figures{});
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < table.size(); ++turn) {
      auto& [hop, figures] = table[(turn + round) % table.size()];
      const double before_us = cpu_us_of(*hop);
      const Done done = run(*hop);
      figures.per_second.push_back(done.per_second);
      figures.latency_ms.push_back(done.latency_ms);
      figures.cpu_us.push_back((cpu_us_of(*hop) - before_us) / std::max(done.count, 1.0));
    }
  }
  return table;
}

const Figures* figures_of(const Table& table, std::string_view name) {
  for (const auto& [hop, figures] : table) {
    if (hop->name() == name) return &figures;
  }
  return nullptr;
}

void print_ratio(const char* what, double ratio, const char* wanted) {
  std::printf("    %-44s %5.2f  (%s)\n", what, ratio, wanted);
}

void print(const std::string& title, const Table& table, const char* unit) {
  std::printf("%s\n", title.c_str());
  for (const auto& [hop, figures] : table) {
    std::printf("  %-14s %10.0f %s/s  %7.3f ms  %8.2f us of CPU each\n", hop->name().c_str(),
                median(figures.per_second), unit, median(figures.latency_ms), median(figures.cpu_us));
  }
}

void compare(const Table& table, unsigned clients) {
  const auto* ours = figures_of(table, "Sluice");
  const auto* loop = figures_of(table, "copy loop");
  const auto* direct = figures_of(table, "direct");
  if (ours == nullptr) return;
  double best = 0;
  for (const char* other : {"HAProxy", "MySQL Router"}) {
    if (const auto* figures = figures_of(table, other)) best = std::max(best, median(figures->per_second));
  }
  if (clients == 1 && direct != nullptr && loop != nullptr) {
    const double base = median(direct->latency_ms);
    print_ratio("latency added, by the copy loop's",
                (median(ours->latency_ms) - base) / (median(loop->latency_ms) - base), "at most 1.1");
  } else if (best > 0) {
    print_ratio("speed, by the better of HAProxy and Router's", median(ours->per_second) / best, "at least 1.05");
  }
  if (loop == nullptr) return;
  print_ratio("speed, by the copy loop's", median(ours->per_second) / median(loop->per_second), "at least 0.95");
  print_ratio("CPU, by the copy loop's", median(ours->cpu_us) / median(loop->cpu_us), "at most 1.15; 1.05 for rows");
}

class Bench {
 public:
  Bench(Size size, unsigned rounds_or_0) : size_(std::move(size)) {
    if (rounds_or_0 != 0) size_.rounds = rounds_or_0;
    make_sysbench_table(server_.port(), size_.rows);
    hops_.push_back(direct_hop(server_));
    hops_.push_back(copy_loop_hop(server_));
    hops_.push_back(haproxy_hop(server_));
    if (auto router = router_hop(server_)) hops_.push_back(std::move(router));
    hops_.push_back(sluice_hop(server_));
  }

  // sysbench's script `name` by so many clients.
  void script(const char* name, unsigned clients, const std::vector<std::string>& more = {}) {
    const auto table = take_turns(all(), size_.rounds, [&](Hop& hop) { return run(name, hop, clients, more); });
    print(std::string{name} + ", " + std::to_string(clients) + " clients", table, "queries");
    compare(table, clients);
  }

  void points() {
    for (const unsigned clients : size_.clients) script("oltp_point_select", clients);
  }
  void writes() {
    for (const unsigned clients : size_.clients) {
      if (clients > 1) script("oltp_read_write", clients);
    }
  }
  void rows() { script("oltp_read_only", size_.clients.front(), with_rows()); }

  // By zlib, which HAProxy passes on as it is, and Sluice looks into.
  void compressed() {
    const std::vector<std::string> on{"--mysql-compression=on"};
    const auto through_both = [&](const char* name, unsigned clients, const std::vector<std::string>& more) {
      const auto table = take_turns(named({"HAProxy", "Sluice"}), size_.rounds,
                                    [&](Hop& hop) { return run(name, hop, clients, more); });
      print(std::string{name} + " with compression, " + std::to_string(clients) + " clients", table, "queries");
      print_ratio("speed, by HAProxy's", median(table[1].second.per_second) / median(table[0].second.per_second),
                  "Sluice unpacks both legs, HAProxy none");
    };
    through_both("oltp_point_select", std::min(8U, size_.clients.back()), on);
    through_both("oltp_read_only", size_.clients.front(), with_rows(on));
  }

  void connects() {
    const auto table = take_turns(named({"direct", "HAProxy", "Sluice"}), size_.rounds,
                                  [&](Hop& hop) { return connect_and_leave(hop.port(), 4, size_.time); });
    print("connects, 4 clients", table, "connects");
    print_ratio("connects, by HAProxy's",
                median(figures_of(table, "Sluice")->per_second) / median(figures_of(table, "HAProxy")->per_second),
                "at least 0.8");
  }

  void big() {
    const auto table = take_turns(named({"direct", "copy loop", "HAProxy", "Sluice"}), size_.rounds,
                                  [&](Hop& hop) { return stream_result(hop.port(), size_.streamed_bytes); });
    print("one result of " + std::to_string(size_.streamed_bytes / 1'000'000) + " MB", table, "MB");
    print_ratio("throughput, by HAProxy's",
                median(figures_of(table, "Sluice")->per_second) / median(figures_of(table, "HAProxy")->per_second),
                "at least 0.95");
    for (Hop* hop : named({"Sluice"})) {
      std::printf("  Sluice holds %.1f MB\n", static_cast<double>(memory_bytes(*hop->pid())) / 1e6);
    }
  }

  void armed() {
    const auto sluice = SluiceProcess::start(server_);
    ArmedHop open{sluice, "open gate"};
    ArmedHop armed{sluice, "armed"};
    for (const unsigned clients : size_.clients) {
      const auto table = take_turns({&open, &armed}, size_.rounds, [&](Hop& hop) {
        std::optional<ArmedTable> arming;
        if (&hop == &armed) arming.emplace(sluice, "sbtest1");
        return run("oltp_point_select", hop, clients);
      });
      print("oltp_point_select on a table that a migration waits for, " + std::to_string(clients) + " clients", table,
            "queries");
      print_ratio("armed, by open", median(table[1].second.per_second) / median(table[0].second.per_second),
                  "at least 0.97");
    }
  }

  void tls() {
    const auto haproxy = tls_haproxy_hop(server_);
    const auto sluice = sluice_hop(server_, {"--client-tls", "required", "--server-tls", "required"});
    const auto table = take_turns({haproxy.get(), sluice.get()}, size_.rounds, [&](Hop& hop) {
      return select_points(hop.port(), &hop == sluice.get() ? Tls::unverified : Tls::off, 8, size_.rows, size_.time);
    });
    print("point selects with TLS on both sides, 8 clients (HAProxy: between two more hops that make TLS of plain TCP)",
          table, "queries");
    print_ratio("CPU, HAProxy's by Sluice's", median(table[0].second.cpu_us) / median(table[1].second.cpu_us),
                "at least 1.0");
  }

  void memory() {
    for (const auto& [tls, wanted] : {std::pair{Tls::off, "at most 12 KB"}, {Tls::unverified, "at most 40 KB"}}) {
      const auto sluice = sluice_hop(server_);
      {
        const IdleSessions warm{sluice->port(), tls, size_.idle_sessions / 20};
      }
      const auto before = memory_bytes(*sluice->pid());
      const IdleSessions idle{sluice->port(), tls, size_.idle_sessions};
      const auto each =
          static_cast<double>(memory_bytes(*sluice->pid()) - before) / static_cast<double>(size_.idle_sessions);
      std::printf("an idle session, %s: %.1f KB  (%s)\n", tls == Tls::off ? "plain" : "TLS", each / 1024, wanted);
    }
  }

 private:
  // Arguments of oltp_read_only: each query brings 10,000 rows, or as many as there are.
  [[nodiscard]] std::vector<std::string> with_rows(std::vector<std::string> more = {}) const {
    const auto rows = std::min<std::uint64_t>(size_.rows, 10'000);
    more.insert(more.end(), {"--point-selects=0", "--sum-ranges=0", "--order-ranges=0", "--distinct-ranges=0",
                             "--simple-ranges=1", "--skip-trx=on", "--range-size=" + std::to_string(rows)});
    return more;
  }
  [[nodiscard]] Done run(const char* script, const Hop& hop, unsigned clients,
                         const std::vector<std::string>& more = {}) const {
    Sysbench sysbench{{.script = script,
                       .port = hop.port(),
                       .clients = clients,
                       .rows = size_.rows,
                       .time = size_.time,
                       .more = more}};
    const auto report = sysbench.finish();
    return {.count = static_cast<double>(report.queries),
            .per_second = report.queries_per_second,
            .latency_ms = report.average_ms};
  }
  [[nodiscard]] std::vector<Hop*> all() const {
    std::vector<Hop*> hops;
    for (const auto& hop : hops_) hops.push_back(hop.get());
    return hops;
  }
  [[nodiscard]] std::vector<Hop*> named(const std::set<std::string>& names) const {
    std::vector<Hop*> hops = all();
    std::erase_if(hops, [&](const Hop* hop) { return !names.contains(hop->name()); });
    return hops;
  }

  Size size_;
  TestServer server_ = TestServer::start(Kind::mysql, {.arguments = {"--max-connections=5000", "--back-log=5000"}});
  std::vector<std::unique_ptr<Hop>> hops_;
};

int measure(std::span<char*> arguments) {
  const std::map<std::string_view, void (Bench::*)()> parts{
      {"points", &Bench::points},     {"writes", &Bench::writes}, {"rows", &Bench::rows},
      {"connects", &Bench::connects}, {"big", &Bench::big},       {"armed", &Bench::armed},
      {"tls", &Bench::tls},           {"memory", &Bench::memory}, {"compressed", &Bench::compressed}};
  Size size = full;
  unsigned rounds = 0;
  std::set<std::string_view> wanted;
  for (const std::string_view argument : arguments) {
    if (argument == "--smoke") {
      size = smoke;
    } else if (argument.starts_with("--rounds=")) {
      rounds = static_cast<unsigned>(std::strtoul(argument.data() + argument.find('=') + 1, nullptr, 10));
    } else if (parts.contains(argument)) {
      wanted.insert(argument);
    } else {
      std::fputs(
          "usage: bench_proxy [--smoke] [--rounds=N] [points] [writes] [rows] [connects] [big] [armed] [tls] [memory] "
          "[compressed]\n"
          "(./run bench proxy does it)\n",
          stderr);
      return 2;
    }
  }
  Bench bench{size, rounds};
  for (const auto& [name, part] : parts) {
    if (!wanted.empty() && !wanted.contains(name)) continue;
    (bench.*part)();
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::span all{arguments, static_cast<std::size_t>(count)};
  if (count == 4 && all[1] == std::string_view{"--copy-loop"}) {
    run_copy_loop(static_cast<std::uint16_t>(std::atoi(all[2])), static_cast<std::uint16_t>(std::atoi(all[3])));
  }
  try {
    return measure(all.subspan(1));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_proxy: %s\n", error.what());
    return 1;
  }
}
