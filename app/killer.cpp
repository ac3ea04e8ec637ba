#include "app/killer.hpp"

#include <utility>

#include "migrator/sql/connection.hpp"

namespace sluice::app {
namespace {

constexpr unsigned NO_SUCH_THREAD = 1094;  // it has ended by itself

}  // namespace

Killer::Killer(migrator::ServerAddress primary, Log& log)
    : primary_(std::move(primary)), log_(log), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Killer::~Killer() = default;

void Killer::kill(gate::ConnectionId connection) {
  {
    const std::scoped_lock lock{mutex_};
    if (waiting_.size() < WAITING_MAX) waiting_.push_back(connection);
  }
  wanted_.notify_one();
}

void Killer::run(const std::stop_token& stop) {
  for (;;) {
    std::deque<gate::ConnectionId> connections;
    {
      std::unique_lock lock{mutex_};
      wanted_.wait(lock, stop, [this] { return !waiting_.empty(); });
      connections.swap(waiting_);
    }
    if (connections.empty()) return;  // told to stop
    kill_all(connections);
  }
}

void Killer::kill_all(const std::deque<gate::ConnectionId>& connections) {
  auto connection = migrator::Connection::connect(primary_);
  if (!connection) return complain(describe(connection.error()));
  for (const auto id : connections) {
    const auto killed = connection->execute("KILL " + std::to_string(static_cast<std::uint64_t>(id)));
    if (killed) {
      log_.write(Level::info, "abandoned.killed", {{"connection", std::to_string(static_cast<std::uint64_t>(id))}});
    } else if (killed.error().code != NO_SUCH_THREAD) {
      complain(describe(killed.error()));
    }
  }
}

// Once for each reason, not for each client.
void Killer::complain(const std::string& reason) {
  if (reason == last_complaint_) return;
  last_complaint_ = reason;
  log_.write(Level::warning, "abandoned.not_killed", {{"reason", reason}});
}

}  // namespace sluice::app
