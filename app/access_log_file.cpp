#include "app/access_log_file.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <system_error>

#include "protocol/sql/text.hpp"

namespace sluice::app {
namespace {

namespace json = boost::json;

constexpr std::string_view STANDARD_OUTPUT = "stdout";
constexpr ::mode_t FILE_MODE = 0640;
// Entries are gathered for so long, so that a busy proxy wakes the thread some times a second only.
constexpr std::chrono::milliseconds GATHERED_FOR{50};
constexpr int MILLIS_PER_SECOND = 1000;
// How often a write that nobody takes looks whether it is to stop.
constexpr int TAKEN_POLL_MS = 100;

// Names come in the clients' character sets, JSON is UTF-8.
json::string as_utf8(std::string_view text) {
  if (protocol::sql::is_utf8(text)) return json::string{text};
  json::string shown;
  for (const char c : text) shown.push_back(static_cast<unsigned char>(c) < 0x80 ? c : '?');
  return shown;
}

std::int64_t in_us(proxy::Statement::Duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

template <std::size_t Size>
std::string_view name_of(const std::array<std::string_view, Size>& names, auto value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string access_line(std::chrono::system_clock::time_point at, const proxy::AccessEntry& entry) {
  const auto& statement = entry.statement;
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count() % MILLIS_PER_SECOND;
  json::object line{
      {"at", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", std::chrono::floor<std::chrono::seconds>(at), millis)},
      {"client", as_utf8(entry.client)},
      {"user", as_utf8(entry.user)},
      {"connection", static_cast<std::uint64_t>(entry.connection)},
      {"command", name_of(proxy::COMMAND_KINDS, statement.command)},
      {"touch", name_of(proxy::TABLE_TOUCHES, statement.touch)},
      {"outcome", name_of(proxy::OUTCOMES, statement.outcome)},
      {"duration_us", in_us(statement.latency)},
      {"held_us", in_us(statement.held)},
      {"answer_bytes", entry.answer_bytes}};
  if (entry.error != 0) line["error"] = entry.error;
  if (!entry.tables.empty()) {
    json::array tables;
    for (const auto& table : entry.tables) tables.push_back(as_utf8(table.database + "." + table.table));
    line["tables"] = std::move(tables);
  }
  return json::serialize(line) + "\n";
}

AccessLogFile::File::File(const std::string& path) {
  descriptor_ = path == STANDARD_OUTPUT
                    ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                    // A pipe that nobody reads is refused, not waited for.
                    : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
  if (descriptor_ >= 0) return;
  const auto reason = std::system_category().message(errno);
  throw std::runtime_error("the access log " + path + " can't be written: " + reason);
}

AccessLogFile::File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// A pipe that poll() calls writable takes so much without blocking, and the thread can be told to stop.
int AccessLogFile::File::append(std::string_view text, const std::function<bool()>& give_up) const {
  while (!text.empty()) {
    ::pollfd writable{.fd = descriptor_, .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, TAKEN_POLL_MS) == 0) {
      if (give_up()) return ETIMEDOUT;
      continue;
    }
    const auto written = ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

AccessLogFile::AccessLogFile(std::string path, metrics::Metrics& metrics, Log& log)
    : path_(std::move(path)),
      metrics_(metrics),
      log_(log),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AccessLogFile::~AccessLogFile() = default;

void AccessLogFile::open() {
  File opened{path_};
  {
    const std::scoped_lock lock{mutex_};
    opened_ = std::move(opened);
  }
  wanted_.notify_one();
}

void AccessLogFile::write(proxy::AccessEntry entry) noexcept {
  const auto now = std::chrono::system_clock::now();
  bool is_first = false;
  {
    const std::scoped_lock lock{mutex_};
    if (waiting_.size() >= WAITING_MAX) return metrics_.access_log_entries(metrics::AccessLogEntries::dropped, 1);
    is_first = waiting_.empty();
    waiting_.push_back({now, std::move(entry)});
  }
  if (is_first) wanted_.notify_one();
}

void AccessLogFile::run(const std::stop_token& stop) {
  std::mutex pausing;
  std::condition_variable_any pause;
  for (bool is_last = false; !is_last;) {
    std::vector<Waiting> entries;
    {
      std::unique_lock lock{mutex_};
      wanted_.wait(lock, stop, [this] { return !waiting_.empty() || opened_; });
      is_last = stop.stop_requested();
      entries.swap(waiting_);
      if (opened_) file_ = std::move(*std::exchange(opened_, std::nullopt));
    }
    put(entries, stop);
    std::unique_lock lock{pausing};
    pause.wait_for(lock, stop, GATHERED_FOR, [] { return false; });
  }
}

void AccessLogFile::put(const std::vector<Waiting>& entries, const std::stop_token& stop) {
  if (entries.empty()) return;
  // Behind a write that failed there may be a part of a line.
  std::string text = last_problem_ == 0 ? "" : "\n";
  for (const auto& each : entries) text += access_line(each.at, each.entry);
  const int problem = file_.append(text, [&] {
    // A file that takes nothing is not waited for once there is another.
    const std::scoped_lock lock{mutex_};
    return stop.stop_requested() || opened_;
  });
  using enum metrics::AccessLogEntries;
  metrics_.access_log_entries(problem == 0 ? written : dropped, entries.size());
  if (problem != 0 && problem != last_problem_) {
    log_.write(Level::warning, "access_log.not_written",
               {{"file", path_}, {"reason", std::system_category().message(problem)}});
  }
  last_problem_ = problem;
}

}  // namespace sluice::app
