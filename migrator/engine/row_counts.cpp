#include "migrator/engine/row_counts.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "migrator/engine/cut_over.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

std::uint64_t number(const Value& value) {
  constexpr int kDecimal = 10;
  return value ? std::strtoull(value->c_str(), nullptr, kDecimal) : 0;
}

}  // namespace

std::uint64_t unexplained_difference(const RowCounts::Count& count, std::uint64_t in_flight) noexcept {
  const auto [less, more] = std::minmax(count.source, count.shadow);
  return more - less > in_flight ? more - less - in_flight : 0;
}

RowCounts::RowCounts(ServerAddress primary, const TableRef& source, const TableRef& shadow,
                     std::function<std::uint64_t()> applied)
    : primary_(std::move(primary)),
      sql_("SELECT (SELECT COUNT(*) FROM " + quote(source) + "), (SELECT COUNT(*) FROM " + quote(shadow) + ")"),
      applied_(std::move(applied)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

RowCounts::~RowCounts() {
  thread_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (!counting_ || !connection_) return;
  if (auto killer = Connection::connect(primary_); killer.has_value()) {
    (void)killer->execute("KILL " + std::to_string(connection_->connection_id()));
  }
  connection_->close_now();
}

std::optional<RowCounts::Counted> RowCounts::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(counted_, std::nullopt);
}

bool RowCounts::hold_off() {
  const std::scoped_lock lock(mutex_);
  held_off_ = true;
  return !counting_;
}

void RowCounts::go_on() {
  {
    const std::scoped_lock lock(mutex_);
    held_off_ = false;
  }
  changed_.notify_all();
}

void RowCounts::run(const std::stop_token& stop) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !held_off_; })) return;
      counting_ = true;
    }
    const auto began = std::chrono::steady_clock::now();
    Counted counted = count();
    const auto took = std::chrono::steady_clock::now() - began;
    std::unique_lock lock(mutex_);
    counting_ = false;
    counted_ = std::move(counted);
    (void)changed_.wait_for(lock, stop, std::max<std::chrono::nanoseconds>(kRests * took, kRestMin),
                            [] { return false; });
    if (stop.stop_requested()) return;
  }
}

RowCounts::Counted RowCounts::count() {
  if (!connection_) {
    SessionSettings settings;
    settings.select_limit = kWithin;
    settings.reply_timeout = 2 * kWithin;  // the server is to end it first
    auto made = Connection::connect(primary_, settings);
    if (made.has_error()) return failed(made.error());
    const std::scoped_lock lock(mutex_);
    connection_ = std::move(*made);
  }
  Count count{.applied_before = applied_()};
  auto rows = connection_->query(sql_);
  if (rows.has_error()) return failed(rows.error());
  count.source = number(rows->rows.at(0).at(0));
  count.shadow = number(rows->rows[0].at(1));
  auto head = binlog_head(*connection_);
  if (head.has_error()) return failed(head.error());
  count.head = std::move(*head);
  return count;
}

RowCounts::Counted RowCounts::failed(const SqlError& error) {
  if (error.outcome == Outcome::unknown) {
    const std::scoped_lock lock(mutex_);
    connection_.reset();
  }
  return Unevaluable{"the rows can't be counted: " + describe(error)};
}

}  // namespace sluice::migrator
