// What bench_proxy has clients do, besides sysbench's scripts. Everything throws std::runtime_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/hops.hpp"
#include "tests/support/client.hpp"

namespace sluice::test {

struct Done {
  double count = 0;
  double per_second = 0;
  double latency_ms = 0;  // of each, on average
};

// Each client selects one row after the other of sbtest1 by its id, until the time is over.
[[nodiscard]] Done select_points(std::uint16_t port, Tls tls, unsigned clients, std::uint64_t rows,
                                 std::chrono::seconds time);
// Each client connects, asks nothing, and leaves.
[[nodiscard]] Done connect_and_leave(std::uint16_t port, unsigned clients, std::chrono::seconds time);
// One SELECT whose rows are read and dropped as they come. Counts megabytes.
[[nodiscard]] Done stream_result(std::uint16_t port, std::uint64_t bytes);

// Clients that are logged in and do nothing.
class IdleSessions {
 public:
  IdleSessions(std::uint16_t port, Tls tls, std::size_t count);

 private:
  std::vector<TestClient> clients_;
};

// The same Sluice, with its gate open or with a table armed.
class ArmedHop final : public Hop {
 public:
  ArmedHop(const SluiceProcess& sluice, std::string name) : sluice_(sluice), name_(std::move(name)) {}
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::uint16_t port() const override { return sluice_.port(); }
  [[nodiscard]] std::optional<pid_t> pid() const override { return sluice_.pid(); }

 private:
  const SluiceProcess& sluice_;
  std::string name_;
};

// While it lives a migration of the table has done all but its cut-over.
class ArmedTable {
 public:
  ArmedTable(const SluiceProcess& sluice, const std::string& table);
  ~ArmedTable();
  ArmedTable(const ArmedTable&) = delete;
  ArmedTable& operator=(const ArmedTable&) = delete;

 private:
  const SluiceProcess& sluice_;
  std::string id_;
};

}  // namespace sluice::test
