// sysbench's table and clients, as a child process. Everything throws std::runtime_error with the end of its output.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/scratch.hpp"

namespace sluice::test {

struct SysbenchReport {
  double transactions_per_second = 0;
  double queries_per_second = 0;
  std::uint64_t queries = 0;
  double average_ms = 0;             // of a transaction
  double p99_ms = 0;                 // of a transaction
  std::uint64_t ignored_errors = 0;  // deadlocks, lock wait time-outs, duplicates: the client tried again
};

// One table, sbtest1, in the database `test`.
void make_sysbench_table(std::uint16_t server_port, std::uint64_t rows);

struct SysbenchLoad {
  std::string script;  // "oltp_write_only"
  std::uint16_t port = 0;
  unsigned clients = 1;
  std::uint64_t rows = 0;  // of the table
  std::chrono::seconds time{0};
  std::vector<std::string> more = {};  // arguments of the script's own
};

// A number of clients, for a time.
class Sysbench {
 public:
  explicit Sysbench(const SysbenchLoad& load);
  [[nodiscard]] bool running() { return process_->running(); }
  [[nodiscard]] SysbenchReport finish();  // waits for the end

 private:
  ScratchFolder folder_{"sysbench"};
  std::chrono::seconds time_;
  std::optional<ChildProcess> process_;
};

}  // namespace sluice::test
