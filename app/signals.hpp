// Signals as something to wait for, instead of handlers.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>

namespace sluice::app {

// Blocks SIGINT, SIGTERM and, if wanted, SIGHUP for the calling thread and those it starts, so that they stay until
// they are waited for; SIGPIPE is ignored. To be made on the main thread before any other thread is started.
// Destruction gives them their default back on the calling thread: the next one ends the process, except that SIGHUP is
// ignored then.
class Signals {
 public:
  enum class Hangup : std::uint8_t { ends_the_process, is_waited_for };
  explicit Signals(Hangup hangup = Hangup::ends_the_process);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Blocks for at most `time` until one comes; its number.
  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds time) const;

 private:
  sigset_t set_{};
};

}  // namespace sluice::app
