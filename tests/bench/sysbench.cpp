#include "tests/bench/sysbench.hpp"

#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tests/bench/output.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto prepare_limit = 300s;
constexpr auto end_limit = 30s;

Command command(const std::filesystem::path& output, const SysbenchLoad& load, const std::vector<std::string>& more) {
  Command made{
      .arguments = {"/usr/bin/sysbench", load.script, "--db-driver=mysql", "--mysql-host=127.0.0.1",
                    "--mysql-port=" + std::to_string(load.port), "--mysql-user=root", "--mysql-db=test", "--tables=1",
                    "--table-size=" + std::to_string(load.rows), "--mysql-ssl=off", "--rand-type=uniform"},
      .environment = {},
      .output = output,
      .account = {}};
  made.arguments.insert(made.arguments.end(), load.more.begin(), load.more.end());
  made.arguments.insert(made.arguments.end(), more.begin(), more.end());
  return made;
}

// The number that follows `label` in the report.
double number_after(const std::string& report, const std::string& label) {
  const auto at = report.find(label);
  if (at == std::string::npos) throw std::runtime_error{"sysbench's report has no '" + label + "': " + report};
  return std::stod(report.substr(report.find_first_of("0123456789", at + label.size())));
}

}  // namespace

void make_sysbench_table(std::uint16_t server_port, std::uint64_t rows) {
  const ScratchFolder folder{"sysbench"};
  const auto output = folder.path() / "output";
  ChildProcess process{command(output, {.script = "oltp_write_only", .port = server_port, .rows = rows}, {"prepare"})};
  if (process.wait(prepare_limit) != 0) throw std::runtime_error{"sysbench prepare: " + text_of(output)};
}

Sysbench::Sysbench(const SysbenchLoad& load) : time_(load.time) {
  process_.emplace(command(folder_.path() / "output", load,
                           {"--threads=" + std::to_string(load.clients), "--time=" + std::to_string(load.time.count()),
                            "--percentile=99", "run"}));
}

SysbenchReport Sysbench::finish() {
  const auto status = process_->wait(time_ + end_limit);
  const std::string report = text_of(folder_.path() / "output");
  if (status != 0) throw std::runtime_error{"sysbench: " + report};
  const std::string queries = report.substr(report.find("    queries:"));
  return {.transactions_per_second = number_after(report.substr(report.find("transactions:")), "("),
          .queries_per_second = number_after(queries, "("),
          .queries = static_cast<std::uint64_t>(number_after(queries, "queries:")),
          .average_ms = number_after(report, "avg:"),
          .p99_ms = number_after(report, "99th percentile:"),
          .ignored_errors = static_cast<std::uint64_t>(number_after(report, "ignored errors:"))};
}

}  // namespace sluice::test
