// Whether two tables are the same: definitions and every byte of every row.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/support/client.hpp"

namespace sluice::alters {

struct Compared {
  std::string table;
  std::vector<std::string> relatives;   // other tables, of which only the rows count
  std::set<std::string> unpredictable;  // columns whose values are not looked at
};

// What differs between the client's database and that of `expected`, for a person to read; empty: nothing. The next
// AUTO_INCREMENT may be greater than expected.
[[nodiscard]] std::string difference(test::TestClient& client, test::TestClient& expected, const Compared& compared);

// The next AUTO_INCREMENT; 0 where no column is numbered.
[[nodiscard]] std::uint64_t next_number(test::TestClient& client, const std::string& table);

}  // namespace sluice::alters
