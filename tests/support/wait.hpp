// Waiting for a condition with a deadline: what tests do instead of sleeping for luck.
#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace sluice::test {

inline constexpr std::chrono::milliseconds poll_interval{5};

// Asks `condition` until it holds or `limit` has passed; true when it held. Blocks the caller.
template <std::predicate Condition>
[[nodiscard]] bool wait_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return condition();
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

}  // namespace sluice::test
