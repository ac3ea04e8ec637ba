// Counts the rows of a table, which may take its time, on a connection and a thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>

#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

class LongCount {
 public:
  static constexpr std::chrono::hours kMax{24};  // of silence, after which the connection counts as lost

  // Connects, which blocks, and begins.
  [[nodiscard]] static SqlResult<std::unique_ptr<LongCount>> begin(const ServerAddress& primary, const TableRef& table);
  // Kills the statement if it still runs. Blocks for that.
  ~LongCount();
  LongCount(const LongCount&) = delete;
  LongCount& operator=(const LongCount&) = delete;

  // Nothing: it still counts. Not to be asked again once it has told.
  [[nodiscard]] std::optional<SqlResult<std::uint64_t>> result();

 private:
  LongCount(ServerAddress primary, Connection connection, const TableRef& table);

  ServerAddress primary_;
  Connection connection_;
  std::future<SqlResult<std::uint64_t>> result_;  // last: its thread uses the connection
};

}  // namespace sluice::migrator
