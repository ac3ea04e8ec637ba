// Takes a table away with as little disturbance as the server allows (docs/decisions/0016): a large one only while the
// load allows, and its partitions one by one before it. Belongs to one thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "migrator/rollback/report.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

class GentleDrop {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // Less than so much is dropped whatever the load is: it is a matter of milliseconds.
  static constexpr std::uint64_t kLargeBytes = 64ULL << 20U;
  // For somebody who uses the table; then it is given up.
  static constexpr std::chrono::minutes kLockedMax{30};

  enum class Is : std::uint8_t { working, waiting, gone, failed };
  // What the load is held back by, in words; empty: nothing. May ask the server.
  using HeldBackBy = std::function<std::string(Connection&)>;

  explicit GentleDrop(TableRef table) : table_(std::move(table)) {}

  // The next piece. `connection`: with a short lock_wait_timeout, as its statements are said again. An error is a lost
  // connection; nothing is lost by it.
  [[nodiscard]] SqlResult<Is> advance(Connection& connection, const HeldBackBy& held_back_by, TimePoint now);

  [[nodiscard]] bool was_there() const noexcept { return bytes_.has_value(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.value_or(0); }
  [[nodiscard]] std::uint64_t partitions() const noexcept { return partitions_emptied_; }
  [[nodiscard]] double drop_ms() const noexcept { return drop_ms_; }
  [[nodiscard]] double waited_ms() const noexcept { return waited_ms_; }
  // While it waits, or why it failed, in words.
  [[nodiscard]] const std::string& why() const noexcept { return why_; }

 private:
  [[nodiscard]] SqlResult<Is> look(Connection& connection);
  [[nodiscard]] SqlResult<Is> execute(Connection& connection, const std::string& sql, TimePoint now);
  [[nodiscard]] Is wait(std::string why, TimePoint now);

  TableRef table_;
  bool looked_ = false;
  std::optional<std::uint64_t> bytes_;
  std::vector<std::string> partitions_;  // that are still to be emptied, the last one first
  std::uint64_t partitions_emptied_ = 0;
  double drop_ms_ = 0, waited_ms_ = 0;
  std::string why_;
  std::optional<TimePoint> waits_since_, locked_since_;
};

// What is known of a table's size; nothing: there is no such table. Blocks for a query.
[[nodiscard]] SqlResult<std::optional<std::uint64_t>> bytes_of(Connection& connection, const TableRef& table);

}  // namespace sluice::migrator
