#include "app/killer.hpp"

#include <utility>

#include "migrator/sql/connection.hpp"

namespace sluice::app {
namespace {

constexpr unsigned NO_SUCH_THREAD = 1094;  // it has ended by itself

std::string number(gate::ConnectionId connection) {
  return std::to_string(static_cast<std::uint64_t>(connection));
}

// The process list's host is "name:port"; there is no port for a unix socket. The name may be resolved by the server.
bool is_same(const proxy::Abandoned& abandoned, std::string_view user, std::string_view host) {
  if (abandoned.port) return host.ends_with(":" + std::to_string(*abandoned.port));
  return user == abandoned.user;
}

}  // namespace

Killer::Killer(migrator::ServerAddress primary, Log& log)
    : primary_(std::move(primary)), log_(log), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Killer::~Killer() = default;

void Killer::kill(proxy::Abandoned abandoned, std::function<void()> is_gone) {
  {
    const std::scoped_lock lock{mutex_};
    if (waiting_.size() < WAITING_MAX) waiting_.push_back({std::move(abandoned), std::move(is_gone)});
  }
  wanted_.notify_one();
}

void Killer::run(const std::stop_token& stop) {
  for (;;) {
    std::deque<Victim> victims;
    {
      std::unique_lock lock{mutex_};
      wanted_.wait(lock, stop, [this] { return !waiting_.empty(); });
      victims.swap(waiting_);
    }
    if (victims.empty()) return;  // told to stop
    kill_all(victims);
  }
}

void Killer::kill_all(const std::deque<Victim>& victims) {
  auto connection = migrator::Connection::connect(primary_);
  if (!connection) return complain(describe(connection.error()));
  for (const auto& victim : victims) kill_one(victim, *connection);
}

void Killer::kill_one(const Victim& victim, migrator::Connection& connection) {
  switch (look_for(victim.abandoned, connection)) {
    case Seen::unknown:
      return;
    case Seen::gone:
      return victim.is_gone();
    case Seen::there:
      break;
  }
  const auto id = number(victim.abandoned.connection);
  const auto killed = connection.execute("KILL " + id);
  if (killed) {
    log_.write(Level::info, "abandoned.killed", {{"connection", id}});
  } else if (killed.error().code == NO_SUCH_THREAD) {
    victim.is_gone();
  } else {
    complain(describe(killed.error()));
  }
}

Killer::Seen Killer::look_for(const proxy::Abandoned& abandoned, migrator::Connection& connection) {
  const auto found = connection.query("SELECT user, host FROM information_schema.processlist WHERE id = " +
                                      number(abandoned.connection));
  if (!found) {
    complain(describe(found.error()));
    return Seen::unknown;
  }
  if (!found->rows.empty()) {
    const auto& row = found->rows.front();
    return is_same(abandoned, row.at(0).value_or(""), row.at(1).value_or("")) ? Seen::there : Seen::gone;
  }
  // Without this privilege other accounts' connections are not shown.
  const auto may_see =
      connection.query("SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'PROCESS' LIMIT 1");
  if (may_see && !may_see->rows.empty()) return Seen::gone;
  complain(may_see ? "the account lacks the privilege PROCESS" : describe(may_see.error()));
  return Seen::unknown;
}

// Once for each reason, not for each client.
void Killer::complain(const std::string& reason) {
  if (reason == last_complaint_) return;
  last_complaint_ = reason;
  log_.write(Level::warning, "abandoned.not_killed", {{"reason", reason}});
}

}  // namespace sluice::app
