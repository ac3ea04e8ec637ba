// What a migration that is ready waits for, in words, and when the journal is to hear of it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "migrator/api.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

struct WaitReason {
  std::string key;       // the same as long as it is the same reason
  std::string text;      // may grow with time: "... open for 12 s"; empty: nothing is waited for
  std::string logged{};  // for the journal, where `text` is not; empty: it is
};

[[nodiscard]] BlockerStatus status_of(const gate::Blocker& blocker);

// "app@10.1.2.3 (connection 17) open for 12 s"
[[nodiscard]] std::string describe(const BlockerStatus& blocker);

// Says which reasons are worth a line: each once, when it has lasted for a moment. Others come and go many times a
// second on a busy table.
class WaitJournal {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr Millis kTellAfter{1000};

  // To be called with what is waited for now, often. The text to be told, if any.
  [[nodiscard]] std::optional<std::string> tell(const WaitReason& reason, TimePoint now);

 private:
  std::string seen_;
  TimePoint seen_since_{};
  std::string told_;
};

}  // namespace sluice::migrator
