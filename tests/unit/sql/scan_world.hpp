// The armed tables that the scan tests speak of, and results as one readable line.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "protocol/sql/scan.hpp"

namespace sluice::protocol {

inline std::vector<ScanTargets> armed_tables() {
  using enum ScanTarget::Kind;
  return {{{"shop", "orders", table},
           {"shop", "v_orders", alias},
           {"shop", "close_order", alias},
           {"crm", "parent", alias}},
          {{"crm", "people", table}}};
}

inline const TargetIndex& some_routines() {
  static const TargetIndex index(armed_tables(), RoutinesKnown::some);
  return index;
}
inline const TargetIndex& all_routines() {
  static const TargetIndex index(armed_tables(), RoutinesKnown::all);
  return index;
}

// What happens to orders and to people: - none, r read, w write, d definition.
inline std::string line_of(const ScanResult& result) {
  std::string line = "--";
  for (const TableTouch& touch : result.touches) line[touch.table] = "-rwd"[static_cast<std::size_t>(touch.access)];
  if (result.opaque) line += " opaque";
  return line;
}

// A UTF-8 client in the database shop.
inline std::string scan_in_shop(std::string_view sql, const TargetIndex& index = some_routines()) {
  return line_of(scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, index));
}

// A statement, and what it touches.
struct Case {
  std::string_view sql;
  const char* touches;
};

inline void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(scan_in_shop(c.sql), c.touches) << c.sql;
}

}  // namespace sluice::protocol
