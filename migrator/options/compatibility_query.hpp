// A statement of the application that must go on working, and how much worse its plan may get. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::migrator {

struct CompatibilityQuery {
  std::string sql;                        // SELECT, WITH, INSERT, UPDATE, DELETE or REPLACE
  std::optional<std::uint64_t> max_rows;  // that the server may expect to read
  std::optional<double> max_ratio;        // of these to those that it expects to read with the old table
  bool operator==(const CompatibilityQuery&) const = default;
};

}  // namespace sluice::migrator
