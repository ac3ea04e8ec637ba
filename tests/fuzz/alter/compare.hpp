// Whether two tables are the same: definitions and every byte of every row.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "tests/support/client.hpp"

namespace sluice::alters {

// What differs, for a person to read; empty: nothing. The values of `unpredictable` columns are not looked at.
// AUTO_INCREMENT of `table` must be at least that of `expected`.
[[nodiscard]] std::string difference(test::TestClient& client, const std::string& table, const std::string& expected,
                                     const std::set<std::string>& unpredictable);

// The next AUTO_INCREMENT; 0 where no column is numbered.
[[nodiscard]] std::uint64_t next_number(test::TestClient& client, const std::string& table);

}  // namespace sluice::alters
