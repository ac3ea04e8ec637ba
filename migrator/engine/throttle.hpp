// Whether the migration should hold back: load, a query, a flag file. Blocks for short queries.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

struct Brakes {
  std::string throttled_by;         // empty: go on
  std::optional<Problem> critical;  // critical_load: the migration must end
};

// Asks the server as often as kInterval allows, and remembers the answer in between.
class Throttle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kInterval{500};

  [[nodiscard]] SqlResult<Brakes> look(Connection& connection, const Options& options, TimePoint now);

 private:
  std::optional<TimePoint> looked_at_;
  Brakes brakes_;
};

[[nodiscard]] bool flag_is_set(const std::string& file);  // false for an empty name

}  // namespace sluice::migrator
