// SIGINT and SIGTERM as something to wait for, instead of handlers.
#pragma once

#include <chrono>
#include <optional>

namespace sluice::app {

// Blocks both signals for the calling thread and those it starts, so that they stay until they are waited for; SIGPIPE
// is ignored. To be made on the main thread before any other thread is started. Destruction gives the two signals
// their default back on the calling thread: the next one ends the process.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Blocks until one comes; its number.
  [[nodiscard]] int wait() const;
  // Blocks for at most `time`.
  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds time) const;
};

}  // namespace sluice::app
