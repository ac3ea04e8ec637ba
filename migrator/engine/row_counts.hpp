// Counts the rows of source and shadow when it is told to, both in one statement, on a thread and a connection of its
// own. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "migrator/guards/guard_fsm.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"
#include "migrator/stream/change_consumer.hpp"

namespace sluice::migrator {

class RowCounts {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kWithin{60};  // then the server gives a count up
  static constexpr std::chrono::seconds kRestMin{2};
  static constexpr int kRests = 20;  // times as long as the last count took
  static constexpr std::chrono::seconds kGivenUpWithin{1};
  static constexpr std::chrono::milliseconds kKilledAgainAfter{50};  // it may not have begun to run

  struct Count {
    std::uint64_t source = 0, shadow = 0;
    std::uint64_t applied_before = 0;  // the keys, when it began
    Position head;                     // the binlog's, after it had ended
  };
  using Counted = std::variant<Count, Unevaluable>;

  RowCounts(ServerAddress primary, const TableRef& source, const TableRef& shadow);
  // Ends a count under way; blocks for that.
  ~RowCounts();
  RowCounts(const RowCounts&) = delete;
  RowCounts& operator=(const RowCounts&) = delete;

  // Counts once more, unless a count is under way or the last one is too recent. `applied`: how many keys have been
  // applied so far. Never blocks.
  void begin(std::uint64_t applied, TimePoint now);
  // What has been counted since it was taken the last time.
  [[nodiscard]] std::optional<Counted> take();
  // Ends a count under way, as it keeps the tables from being renamed; its result is left out. `killer`: any other
  // connection of the same account. Blocks for at most kGivenUpWithin; false: it goes on nevertheless.
  [[nodiscard]] bool give_up(Connection& killer);

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Counted count(std::uint64_t applied);
  [[nodiscard]] Counted failed(const SqlError& error);

  ServerAddress primary_;
  std::string sql_;
  std::mutex mutex_;  // guards what follows, up to the thread
  std::condition_variable_any changed_;
  std::optional<Counted> counted_;
  std::optional<Connection> connection_;  // made and unmade under the mutex, used by the thread
  std::optional<std::uint64_t> wanted_;   // with so many keys applied
  bool counting_ = false;                 // wanted, or under way
  bool given_up_ = false;
  TimePoint next_at_{};
  std::jthread thread_;
};

// How many rows one table has more than the other, beyond what `in_flight` keys can explain.
[[nodiscard]] std::uint64_t unexplained_difference(const RowCounts::Count& count, std::uint64_t in_flight) noexcept;

}  // namespace sluice::migrator
