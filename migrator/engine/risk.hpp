// How risky a migration is, and how long it may take, from what can be known before it starts. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"

namespace sluice::migrator {

struct TableSize {
  std::uint64_t rows = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t index_bytes = 0;
  std::size_t secondary_indexes = 0;  // of the new table
};

// Of the copy and the comparison, on a server that has nothing else to do: the rates are those of a small machine.
[[nodiscard]] PlannedTime planned_time(const TableSize& size, Verify verify);

struct RiskFacts {
  TableSize size;
  PlannedTime time;
  bool instant = false;  // nothing is copied
  std::vector<std::string> dropped_columns;
  std::size_t foreign_keys = 0, triggers = 0;
  std::size_t incompatible_queries = 0;
  Verify verify = Verify::full;
  std::optional<std::uint64_t> threads_running;         // at the server, now
  std::optional<std::uint64_t> long_transactions;       // open for more than kLongTransaction
  std::optional<std::chrono::seconds> binlog_kept_for;  // 0: for ever
};
inline constexpr std::chrono::seconds kLongTransaction{60};

// The level of the gravest reason; low where there is none.
[[nodiscard]] Risk assess(const RiskFacts& facts);

}  // namespace sluice::migrator
