// What the engine asks of whoever stands between clients and server: how long their statements take. Std only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace sluice::migrator {

// Measures from its making to its end. Belongs to one thread; never blocks.
class LatencyWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~LatencyWatch() = default;
  // The 99th percentile of the statements that ended within the last few seconds, whatever tables they were about; the
  // slowest where they are few. Nothing: none has ended. To be asked about twice a second.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> p99(TimePoint now) = 0;
};

// Nothing may be measured by it: an empty function, or one that returns null.
using WatchLatency = std::function<std::unique_ptr<LatencyWatch>()>;

}  // namespace sluice::migrator
