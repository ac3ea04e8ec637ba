// The commands of a session that are at the server, oldest first. Grows to the deepest pipeline seen and then allocates
// no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "proxy/observer.hpp"
#include "proxy/session/session_memory.hpp"

namespace sluice::proxy {

struct SentCommand {
  Effect effect;
  std::chrono::steady_clock::time_point begun_at;
  std::chrono::steady_clock::duration held{};  // before it was sent: at the gate, or for its migration
  CommandKind command = CommandKind::other;
  TableTouch touch = TableTouch::unscanned;
  bool is_at_gate = true;               // false: the gate has been told that it is over
  std::vector<Closed> closed_behind{};  // statements, sent behind it and before the next
};

class InFlight {
 public:
  void push(SentCommand command) {
    commands_.push_back(std::move(command));
    ++total_;
  }
  // How many there have ever been.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  [[nodiscard]] SentCommand& last() noexcept { return commands_.back(); }
  [[nodiscard]] SentCommand pop() {
    SentCommand command = std::move(commands_[first_++]);
    // By halves, so that a client that always has some outstanding costs neither memory nor time.
    if (first_ * 2 > commands_.size()) {
      commands_.erase(commands_.begin(), commands_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return command;
  }
  [[nodiscard]] bool empty() const noexcept { return commands_.empty(); }
  // Commands that it has memory for.
  [[nodiscard]] std::size_t capacity() const noexcept { return commands_.capacity(); }
  [[nodiscard]] std::size_t size() const noexcept { return commands_.size() - first_; }

 private:
  std::vector<SentCommand> commands_;
  std::size_t first_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace sluice::proxy
