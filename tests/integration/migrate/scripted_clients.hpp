// Clients of the proxy that run the same statements again and again, each time with a number of their own. One ends
// when a statement fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/sluice_process.hpp"

namespace sluice::test {

class ScriptedClients {
 public:
  // The statements of a round; `id`: from 1,000,000 up, no two alike. Called on the clients' threads.
  using Script = std::function<std::vector<std::string>(std::uint64_t id)>;

  // `sluice` outlives them.
  ScriptedClients(const SluiceProcess& sluice, unsigned clients, Script script);

  // Each lets its round come to its end; what failed, in words.
  [[nodiscard]] std::vector<std::string> stop();
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
  [[nodiscard]] std::uint64_t statements() const { return statements_; }  // acknowledged

 private:
  void run(const SluiceProcess& sluice, std::uint64_t first_id, const std::stop_token& stop);

  Script script_;
  std::atomic<std::uint64_t> rounds_{0};
  std::atomic<std::uint64_t> statements_{0};
  std::mutex mutex_;
  std::vector<std::string> errors_;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::test
