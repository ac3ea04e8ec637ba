// The words that the gate, the proxy and the engine share. Plain values, std only.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace sluice::gate {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Millis = std::chrono::milliseconds;

// A client's session in this proxy. Never reused while the process lives.
enum class SessionId : std::uint64_t {};

// The server's own number for a connection: what CONNECTION_ID(), KILL and the binlog's BEGIN speak of.
enum class ConnectionId : std::uint64_t {};

// A table as the server names it; both parts in the server's own spelling.
struct TableName {
  std::string database;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};

// What a statement does to a table. Ordered: the more it may do, the greater.
enum class Access : std::uint8_t { none, read, write, definition };

}  // namespace sluice::gate
