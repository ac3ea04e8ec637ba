#include "migrator/guards/query_watch.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace sluice::migrator {
namespace {

Unevaluable failed(const SqlError& error) {
  return {"the query fails with error " + std::to_string(error.code)};
}

}  // namespace

QueryWatch::QueryWatch(ServerAddress primary, std::string query)
    : primary_(std::move(primary)),
      query_(std::move(query)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

QueryWatch::~QueryWatch() {
  thread_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (connection_) connection_->close_now();
}

Reading QueryWatch::reading() const {
  const std::scoped_lock lock(mutex_);
  return reading_;
}

void QueryWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Reading reading = ask();
    std::unique_lock lock(mutex_);
    reading_ = std::move(reading);
    (void)stopped_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

Reading QueryWatch::ask() {
  if (!connection_) {
    SessionSettings settings;
    settings.select_limit = kAnswersWithin;
    settings.reply_timeout = 2 * kAnswersWithin;  // the server is to end it first
    auto made = Connection::connect(primary_, settings);
    if (made.has_error()) return Unevaluable{"the primary can't be reached: " + describe_without_values(made.error())};
    // More than the first row is of no use, and might be more than fits into memory.
    if (auto set = made->execute("SET SESSION sql_select_limit = 1"); set.has_error()) return failed(set.error());
    const std::scoped_lock lock(mutex_);
    connection_ = std::move(*made);
  }
  auto rows = connection_->query(query_);
  if (rows.has_error()) {
    if (rows.error().outcome == Outcome::unknown) {
      const std::scoped_lock lock(mutex_);
      connection_.reset();
    }
    return failed(rows.error());
  }
  if (rows->rows.empty() || rows->rows[0].empty() || !rows->rows[0][0])
    return Unevaluable{"the query returns no value"};
  const std::string& text = *rows->rows[0][0];
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
  if (!is_number) return Unevaluable{"the query returns no number"};
  return number;
}

}  // namespace sluice::migrator
