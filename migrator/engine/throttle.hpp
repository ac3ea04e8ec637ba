// Whether the migration should hold back: load, a query, a flag file, the replicas, an HTTP check. Blocks for short
// queries at the primary only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/engine/replica_lag.hpp"
#include "migrator/guards/retired.hpp"
#include "migrator/http/http_check.hpp"
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

  Throttle(ServerAddress primary, MigrationId id) : primary_(std::move(primary)), id_(std::move(id)) {}

  [[nodiscard]] SqlResult<Brakes> look(Connection& connection, const Options& options, TimePoint now);
  // Of the replicas that are watched now; nothing: none are.
  [[nodiscard]] std::optional<ReplicaLag::State> replicas(TimePoint now) const;
  // Asks nobody any more, until the next look. Never blocks; the destructor does, until what is under way was given up.
  void stop();

 private:
  // Of what is asked for on threads of its own: ends what is not wanted any more, and begins what is wanted now.
  void follow(const Options& options);
  [[nodiscard]] SqlResult<Brakes> ask(Connection& connection, const Options& options) const;

  ServerAddress primary_;
  MigrationId id_;
  std::optional<TimePoint> looked_at_;
  Brakes brakes_;  // the server's
  std::vector<net::Address> replicas_;
  Millis max_lag_{};
  std::unique_ptr<ReplicaLag> replica_lag_;
  std::string url_;
  std::unique_ptr<HttpCheck> http_check_;
  Retired retired_;
};

[[nodiscard]] bool flag_is_set(const std::string& file);  // false for an empty name

}  // namespace sluice::migrator
