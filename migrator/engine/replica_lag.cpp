#include "migrator/engine/replica_lag.hpp"

#include <algorithm>

#include "migrator/engine/store.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {
namespace {

using Clock = std::chrono::steady_clock;

SessionSettings impatient() {
  SessionSettings settings;
  settings.connect_timeout = ReplicaLag::kAnswersWithin;
  settings.reply_timeout = ReplicaLag::kAnswersWithin;
  return settings;
}

// The schema has not reached the replica yet: it has no heartbeat, which is an answer.
bool is_not_there_yet(const SqlError& error) {
  constexpr unsigned kUnknownDatabase = 1049;
  constexpr unsigned kNoSuchTable = 1146;
  return error.code == kUnknownDatabase || error.code == kNoSuchTable;
}

}  // namespace

ReplicaLag::ReplicaLag(const ServerAddress& primary, const MigrationId& id, const std::vector<net::Address>& replicas,
                       Millis max_lag)
    : id_(id), max_lag_(max_lag), every_(std::clamp(max_lag / 2, kBeatEveryMin, kBeatEveryMax)) {
  for (const net::Address& address : replicas) replicas_.push_back({.address = address});
  threads_.emplace_back([this, primary](const std::stop_token& stop) { beat(stop, primary); });
  for (Replica& replica : replicas_) {
    ServerAddress login = primary;
    login.host = replica.address.host;
    login.port = replica.address.port;
    threads_.emplace_back([this, login, &replica](const std::stop_token& stop) { look(stop, login, replica); });
  }
}

ReplicaLag::~ReplicaLag() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

std::string ReplicaLag::silence_of(const Replica& replica, TimePoint now) {
  const std::string name = "replica " + net::to_string(replica.address);
  if (!replica.error.empty()) return name + " can't be reached: " + replica.error;
  const bool silent = replica.answered_at && now - *replica.answered_at > kSilentFor;
  return silent ? name + " can't be reached: it does not answer" : "";
}

ReplicaLag::State ReplicaLag::state(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  State state;
  double unreachable = 0;
  std::optional<Millis> most;
  std::string silence;
  for (const Replica& replica : replicas_) {
    if (std::string why = silence_of(replica, now); !why.empty()) {
      ++unreachable;
      silence = std::move(why);
    } else if (replica.answered_at) {
      most = std::max(most.value_or(Millis{0}), heartbeats_.lag_of(replica.beats, *replica.answered_at));
    }
  }
  if (most) state.lag = std::chrono::duration<double>(*most).count();
  if (!most && !silence.empty()) state.lag = Unevaluable{std::move(silence)};
  state.unreachable = unreachable;
  return state;
}

std::string ReplicaLag::verdict(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  for (const Replica& replica : replicas_) {
    if (std::string silence = silence_of(replica, now); !silence.empty()) return silence;
    const std::string name = "replica " + net::to_string(replica.address);
    if (!replica.answered_at) return name + " has not answered yet";
    const Millis lag = heartbeats_.lag_of(replica.beats, *replica.answered_at);
    if (lag <= max_lag_) continue;
    return name + " lags " + std::to_string(lag.count()) + " ms (max_lag_millis " + std::to_string(max_lag_.count()) +
           ")";
  }
  return {};
}

void ReplicaLag::beat(const std::stop_token& stop, const ServerAddress& primary) {
  Store store(primary);
  while (!stop.stop_requested()) {
    const auto beaten = store.beat(id_);
    if (beaten.has_value()) {
      const std::scoped_lock lock(mutex_);
      heartbeats_.written(*beaten, Clock::now());
    }
    rest(stop);
  }
}

void ReplicaLag::look(const std::stop_token& stop, ServerAddress login, Replica& replica) {
  std::optional<Connection> connection;
  const auto fetch = [&]() -> SqlResult<Rows> {
    if (!connection) {
      auto made = Connection::connect(login, impatient());
      if (made.has_error()) return made.error();
      connection = std::move(*made);
    }
    auto rows = connection->query(beats_query(id_));
    if (rows.has_error() && is_not_there_yet(rows.error())) return Rows{};
    return rows;
  };
  while (!stop.stop_requested()) {
    const auto rows = fetch();
    if (rows.has_error()) connection.reset();
    {
      const std::scoped_lock lock(mutex_);
      replica.error = rows.has_error() ? describe_without_values(rows.error()) : std::string();
      if (rows.has_value()) {
        replica.beats = beats_of(*rows);
        replica.answered_at = Clock::now();
      }
    }
    rest(stop);
  }
}

void ReplicaLag::rest(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  (void)stopped_.wait_for(lock, stop, every_, [] { return false; });
}

}  // namespace sluice::migrator
