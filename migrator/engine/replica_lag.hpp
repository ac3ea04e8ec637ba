// How far the replicas are behind: heartbeats are written to the primary and looked for on each replica, every
// connection on a thread of its own, so that a server that hangs keeps nobody waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/engine/heartbeats.hpp"
#include "migrator/guards/guard_fsm.hpp"
#include "migrator/sql/server_address.hpp"

namespace sluice::migrator {

class ReplicaLag {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr Millis kBeatEveryMin{50};
  static constexpr Millis kBeatEveryMax{250};
  static constexpr std::chrono::seconds kAnswersWithin{1};  // else the replica counts as one that can't be reached
  static constexpr Millis kSilentFor{5000};                 // the same, where the answer neither comes nor fails

  // Begins to beat and to look. The replicas are logged in to as the primary is.
  ReplicaLag(const ServerAddress& primary, const MigrationId& id, const std::vector<net::Address>& replicas,
             Millis max_lag);
  // Blocks for a statement at the primary, or for kAnswersWithin.
  ~ReplicaLag();
  ReplicaLag(const ReplicaLag&) = delete;
  ReplicaLag& operator=(const ReplicaLag&) = delete;

  // Why to hold back, in words: the first replica that lags by more than was given, or does not answer. Empty: none.
  // Never blocks.
  [[nodiscard]] std::string verdict(TimePoint now) const;

  struct State {
    Reading lag;          // of the one that lags most, in seconds; Unevaluable where none answers and somebody should
    Reading unreachable;  // how many can't be reached
  };
  [[nodiscard]] State state(TimePoint now) const;

 private:
  struct Replica {
    net::Address address;
    std::string error;  // of the last look; empty: there was none
    std::optional<TimePoint> answered_at;
    std::uint64_t beats = 0;
  };

  // Why nobody knows how far it lags, in words; empty: it is known, or has not answered yet.
  [[nodiscard]] static std::string silence_of(const Replica& replica, TimePoint now);
  void beat(const std::stop_token& stop, const ServerAddress& primary);
  void look(const std::stop_token& stop, ServerAddress login, Replica& replica);
  void rest(const std::stop_token& stop);

  MigrationId id_;
  Millis max_lag_;
  Millis every_;

  mutable std::mutex mutex_;  // of what follows, up to the threads
  std::condition_variable_any stopped_;
  Heartbeats heartbeats_;
  std::vector<Replica> replicas_;  // as many as at first
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::migrator
