// Counts the rows of source and shadow now and then, both in one statement, on a thread and a connection of its own.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
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
  static constexpr std::chrono::seconds kWithin{60};  // then the server gives a count up
  static constexpr std::chrono::seconds kRestMin{2};
  static constexpr int kRests = 20;  // times as long as the last count took

  struct Count {
    std::uint64_t source = 0, shadow = 0;
    std::uint64_t applied_before = 0;  // what `applied` said before it began
    Position head;                     // the binlog's, after it had ended
  };
  using Counted = std::variant<Count, Unevaluable>;

  // `applied`: how many keys have been applied so far; called on the thread.
  RowCounts(ServerAddress primary, const TableRef& source, const TableRef& shadow,
            std::function<std::uint64_t()> applied);
  // Ends a count under way; blocks for that.
  ~RowCounts();
  RowCounts(const RowCounts&) = delete;
  RowCounts& operator=(const RowCounts&) = delete;

  // What has been counted since it was taken the last time.
  [[nodiscard]] std::optional<Counted> take();
  // Nothing is counted from now on, until go_on(). False: a count is still under way, and keeps the tables from being
  // renamed.
  [[nodiscard]] bool hold_off();
  void go_on();

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Counted count();
  [[nodiscard]] Counted failed(const SqlError& error);

  ServerAddress primary_;
  std::string sql_;
  std::function<std::uint64_t()> applied_;
  std::mutex mutex_;  // guards what follows, up to the thread
  std::condition_variable_any changed_;
  std::optional<Counted> counted_;
  std::optional<Connection> connection_;  // made and unmade under the mutex, used by the thread
  bool counting_ = false;
  bool held_off_ = false;
  std::jthread thread_;
};

// How many rows one table has more than the other, beyond what `in_flight` keys can explain.
[[nodiscard]] std::uint64_t unexplained_difference(const RowCounts::Count& count, std::uint64_t in_flight) noexcept;

}  // namespace sluice::migrator
