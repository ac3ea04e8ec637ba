// Clients that insert rows into the laboratory's table, and the account of what the server acknowledged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/client.hpp"

namespace sluice::test {

// Makes it, empty: `id` and `name`; migrations add and drop a column `note`.
void make_table(TestClient& direct);

class Inserters {
 public:
  static constexpr const char* table = "tb";

  struct Account {
    std::uint64_t acknowledged = 0;
    std::uint64_t lost = 0;           // acknowledged, and not in the table
    std::uint64_t client_errors = 0;  // a client that met one stops
    std::vector<std::string> problems;
  };

  // One client for each of these ports of 127.0.0.1: the proxy's, or the server's own for writers that bypass it.
  explicit Inserters(std::vector<std::uint16_t> ports);
  ~Inserters();  // stops
  Inserters(const Inserters&) = delete;
  Inserters& operator=(const Inserters&) = delete;

  void start();  // throws ConnectFailure
  void stop();
  [[nodiscard]] std::uint64_t acknowledged() const;  // so far; any thread

  // Keeps every client between two inserts while it looks for what was acknowledged since the last time, and empties
  // the table, which so stays small. Throws std::runtime_error.
  void settle(TestClient& direct);

  [[nodiscard]] Account account() const;  // of all that was settled; after stop()

 private:
  struct Client;
  void insert_one(Client& client);

  std::vector<std::unique_ptr<Client>> clients_;
  std::uint64_t settled_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sluice::test
