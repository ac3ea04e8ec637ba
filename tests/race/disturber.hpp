// Somebody who reads the ghost table while it waits to be swapped: a report, a backup, a monitor.
#pragma once

#include <chrono>
#include <thread>

#include "tests/support/server.hpp"

namespace sluice::test {

// Reads `_tb_gho` in one short transaction after the other, straight at the server, until destruction. Each keeps the
// table's metadata lock for `held_for`; nobody tells it when a cut-over is.
class Disturber {
 public:
  static constexpr std::chrono::milliseconds held_for{25};
  static constexpr std::chrono::milliseconds apart{15};

  explicit Disturber(const TestServer& server);

 private:
  TestClient client_;
  std::jthread thread_;  // last: uses the client
};

}  // namespace sluice::test
