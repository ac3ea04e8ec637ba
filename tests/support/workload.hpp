// Clients that write to a table and keep account of every write that the server acknowledged, so that it can be shown
// in the end that none was lost. Used by the demo and by the end-to-end tests.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/client.hpp"
#include "tests/support/ledger.hpp"

namespace sluice::test {

// How often (relative to each other) a client does its next thing as one autocommit statement, as an execution of a
// statement prepared when it connected, or as a transaction of a few statements.
struct Mix {
  unsigned autocommit = 2;
  unsigned prepared = 2;
  unsigned transaction = 1;
};

struct WorkloadOptions {
  ConnectOptions connection;  // where the clients connect: the proxy, or the server itself for bypass writers
  std::string table;          // has columns `id` (unique), `qty` (integer) and `name` (text); others have defaults
  unsigned clients = 16;
  Mix mix;
  std::chrono::microseconds think_time{0};          // a client's pause after each thing it did
  Key first_key = 1;                                // all keys are at or above; see Workload::keys
  std::function<std::string(Key)> id = default_id;  // the text of the `id` of a key, as the server prints it
  std::uint64_t seed = 1;

  [[nodiscard]] static std::string default_id(Key key) { return std::to_string(key); }
};

struct WorkloadReport {
  std::uint64_t acknowledged = 0;  // writes
  std::uint64_t reads = 0;
  std::uint64_t lost = 0;  // writes that are not in the table as acknowledged: row missing, back again, or otherwise
  std::uint64_t wrong_reads = 0;  // a client did not find what it had written
  std::uint64_t unclaimed = 0;    // rows that no client of this workload wrote
  std::uint64_t uncertain = 0;    // writes whose answer never came; each was also a client error
  std::uint64_t client_errors = 0;
  double p99_latency_ms = 0;  // of a statement, over all clients
  double max_latency_ms = 0;
  std::vector<std::string> problems;  // the first of each client, in words
};

class Workload {
 public:
  // Each client writes fresh keys of its own range of this many, above the keys of fill().
  static constexpr Key keys_a_client = 1'000'000;

  explicit Workload(WorkloadOptions options);
  ~Workload();  // stops
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // Puts rows into the empty table over `direct`, and into the clients' accounts. Before start(). Throws
  // std::runtime_error.
  void fill(TestClient& direct, std::uint64_t rows);
  // Connects every client, throwing ConnectFailure if one cannot, and sets them going, a thread each.
  void start();
  // Lets each client finish what it is at. Returns when all have.
  void stop();

  [[nodiscard]] std::uint64_t acknowledged() const;  // writes so far; any thread
  [[nodiscard]] std::uint64_t errors() const;        // clients' so far; any thread

  // After stop(): compares the accounts with the table as it is read over `direct`. Throws std::runtime_error.
  [[nodiscard]] WorkloadReport verify(TestClient& direct) const;

 private:
  class Client;
  WorkloadOptions options_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace sluice::test
