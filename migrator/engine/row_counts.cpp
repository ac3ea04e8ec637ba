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

RowCounts::RowCounts(ServerAddress primary, const TableRef& source, const TableRef& shadow)
    : primary_(std::move(primary)),
      sql_("SELECT (SELECT COUNT(*) FROM " + quote(source) + "), (SELECT COUNT(*) FROM " + quote(shadow) + ")"),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

RowCounts::~RowCounts() {
  thread_.request_stop();
  {
    const std::scoped_lock lock(mutex_);
    given_up_ = true;
  }
  SessionSettings settings;
  settings.reply_timeout = kGivenUpWithin;
  const auto is_counting = [this] {
    const std::scoped_lock lock(mutex_);
    return counting_ && connection_;
  };
  if (!is_counting()) return;
  if (auto killer = Connection::connect(primary_, settings); killer.has_value()) (void)give_up(*killer);
  const std::scoped_lock lock(mutex_);
  if (counting_ && connection_) connection_->close_now();
}

void RowCounts::begin(std::uint64_t applied, TimePoint now) {
  {
    const std::scoped_lock lock(mutex_);
    if (counting_ || now < next_at_) return;
    counting_ = true;
    given_up_ = false;
    wanted_ = applied;
  }
  changed_.notify_all();
}

std::optional<RowCounts::Counted> RowCounts::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(counted_, std::nullopt);
}

bool RowCounts::give_up(Connection& killer) {
  const auto until = std::chrono::steady_clock::now() + kGivenUpWithin;
  std::unique_lock lock(mutex_);
  given_up_ = true;
  while (counting_ && std::chrono::steady_clock::now() < until) {
    if (connection_) {
      const auto id = connection_->connection_id();
      lock.unlock();
      (void)killer.execute("KILL QUERY " + std::to_string(id));
      lock.lock();
    }
    (void)changed_.wait_for(lock, kKilledAgainAfter, [this] { return !counting_; });
  }
  return !counting_;
}

void RowCounts::run(const std::stop_token& stop) {
  while (true) {
    std::uint64_t applied = 0;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return wanted_.has_value(); })) return;
      applied = *std::exchange(wanted_, std::nullopt);
    }
    const auto began = std::chrono::steady_clock::now();
    Counted counted = count(applied);
    const auto ended = std::chrono::steady_clock::now();
    {
      const std::scoped_lock lock(mutex_);
      counting_ = false;
      if (!given_up_) counted_ = std::move(counted);
      next_at_ = ended + std::max<std::chrono::nanoseconds>(kRests * (ended - began), kRestMin);
    }
    changed_.notify_all();
    if (stop.stop_requested()) return;
  }
}

RowCounts::Counted RowCounts::count(std::uint64_t applied) {
  if (!connection_) {
    SessionSettings settings;
    settings.select_limit = kWithin;
    settings.reply_timeout = 2 * kWithin;  // the server is to end it first
    auto made = Connection::connect(primary_, settings);
    if (made.has_error()) return failed(made.error());
    const std::scoped_lock lock(mutex_);
    connection_ = std::move(*made);
  }
  {
    const std::scoped_lock lock(mutex_);
    if (given_up_) return Unevaluable{"the count was given up"};
  }
  Count count{.applied_before = applied};
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
  return Unevaluable{"the rows can't be counted: " + describe_without_values(error)};
}

}  // namespace sluice::migrator
