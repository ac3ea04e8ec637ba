#include "app/killer.hpp"

#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/table/grants.hpp"

namespace sluice::app {
namespace {

constexpr unsigned NO_SUCH_THREAD = 1094;  // it has ended by itself

std::string number(gate::ConnectionId connection) {
  return std::to_string(static_cast<std::uint64_t>(connection));
}

// The process list's host is "name:port"; there is no port for a unix socket. The name may be resolved by the server.
bool comes_from(std::optional<std::uint16_t> port, std::string_view host) {
  return port && host.ends_with(":" + std::to_string(*port));
}

std::optional<std::chrono::seconds> seconds_in(const std::vector<migrator::Row>& status) {
  const std::string text = status.empty() ? "" : status.front().at(1).value_or("");
  std::chrono::seconds::rep number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} ? std::optional{std::chrono::seconds{number}} : std::nullopt;
}

// Between the server's seconds, which it counts from somewhere in its start, and ours.
constexpr auto UPTIME_SLACK = std::chrono::seconds{5};

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
  if (!connection) return complain(describe_without_values(connection.error()));
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
    complain(describe_without_values(killed.error()));
  }
}

Killer::Seen Killer::look_for(const proxy::Abandoned& abandoned, migrator::Connection& connection) {
  const auto found = connection.query("SELECT user, host FROM information_schema.processlist WHERE id = " +
                                      number(abandoned.connection));
  if (!found) {
    complain(describe_without_values(found.error()));
    return Seen::unknown;
  }
  if (found->rows.empty()) return missing(connection);
  const auto& row = found->rows.front();
  return recognise(abandoned, {.user = row.at(0).value_or(""), .host = row.at(1).value_or("")}, connection);
}

// Another port is no other connection yet: whatever forwards connections between Sluice and the primary may have chosen
// it. But a number is given once in a server's life.
Killer::Seen Killer::recognise(const proxy::Abandoned& abandoned, Shown shown, migrator::Connection& connection) {
  if (comes_from(abandoned.port, shown.host)) return Seen::there;
  const auto age = std::chrono::steady_clock::now() - abandoned.since;
  const auto status = connection.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
  const auto uptime = status ? seconds_in(status->rows) : std::nullopt;
  if (!uptime) {
    complain(status ? "the primary does not tell its uptime" : describe_without_values(status.error()));
    return Seen::unknown;
  }
  if (*uptime + UPTIME_SLACK < age) return Seen::gone;
  if (shown.user == abandoned.user) return Seen::there;
  complain("the primary shows the connection as another user's");
  return Seen::unknown;
}

// Without the privilege other accounts' connections are not shown.
Killer::Seen Killer::missing(migrator::Connection& connection) {
  const auto granted = connection.query("SHOW GRANTS");
  if (!granted) {
    complain(describe_without_values(granted.error()));
    return Seen::unknown;
  }
  std::vector<std::string> lines;
  for (const auto& row : granted->rows) lines.push_back(row.at(0).value_or(""));
  if (migrator::Grants::parse(lines).globally("PROCESS")) return Seen::gone;
  complain("the account lacks the privilege PROCESS");
  return Seen::unknown;
}

// Once for each reason, not for each client.
void Killer::complain(const std::string& reason) {
  if (reason == last_complaint_) return;
  last_complaint_ = reason;
  log_.write(Level::warning, "abandoned.not_killed", {{"reason", reason}});
}

}  // namespace sluice::app
