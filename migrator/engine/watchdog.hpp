// Kills the statement that runs on a connection, unless the watchdog is gone before the time is over: then no KILL is
// under way any more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

class Watchdog {
 public:
  // `killer` is used on a thread of the watchdog's own until it is gone. `connection_id`: the server's.
  Watchdog(Connection& killer, std::uint64_t connection_id, std::chrono::milliseconds patience);
  // Blocks for a KILL at most.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool over_ = false;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace sluice::migrator
