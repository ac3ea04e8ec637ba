// A place in the primary's binlog, as SHOW BINARY LOG STATUS prints it. Std and Boost.System only.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/binlog/error.hpp"

namespace sluice::protocol::binlog {

struct Position {
  std::string file;          // e.g. "binlog.000042"
  std::uint64_t offset = 0;  // bytes from the file's start, to the beginning of an event

  // By the number behind the file name's last dot (it grows to 7 digits and more), then by offset.
  [[nodiscard]] std::strong_ordering operator<=>(const Position& other) const noexcept;
  [[nodiscard]] bool operator==(const Position& other) const noexcept = default;
};

// "binlog.000042:1234". parse: Errc::bad_value for anything that to_string() does not write.
[[nodiscard]] std::string to_string(const Position& position);
[[nodiscard]] result<Position> parse_position(std::string_view text);

}  // namespace sluice::protocol::binlog
