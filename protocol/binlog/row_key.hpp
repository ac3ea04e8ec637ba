// Keys of changed rows, as literals that the server compares exactly.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/binlog/error.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/binlog/table_map.hpp"

namespace sluice::protocol::binlog {

// One literal a key column, in the key's order. Right in a session whose time_zone is '+00:00' and whose sql_mode
// allows zero dates, whatever its character set is.
struct RowKey {
  std::vector<std::string> literals;

  // The literals, joined by commas: equal texts are equal keys. (Keys of different texts may still be one to the
  // server.)
  [[nodiscard]] std::string text() const;
  [[nodiscard]] auto operator<=>(const RowKey& other) const = default;
};

enum class KeyType : std::uint8_t {
  integer,      // TINYINT to BIGINT, BOOLEAN
  decimal,      // DECIMAL
  real,         // FLOAT, DOUBLE
  text,         // CHAR, VARCHAR, TEXT
  bytes,        // BINARY, VARBINARY, BLOB
  bit,          // BIT
  enumeration,  // ENUM
  set,          // SET
  year,
  date,
  time,
  datetime,
  timestamp,
  inet6,  // MariaDB's INET6
};

enum class Sign : std::uint8_t { with_sign, without_sign };

struct KeyColumn {
  std::size_t ordinal = 0;  // in the table, from 0
  std::string name;         // compared with the binlog's, where that tells it
  KeyType type = KeyType::integer;
  Sign sign = Sign::with_sign;
  std::string charset;  // of `text`: the character set's name, e.g. "utf8mb4"
};

// Whether the column's values can be read as `key` says. False: the table was altered, or described wrongly.
[[nodiscard]] bool fits(const KeyColumn& key, const WireColumn& column) noexcept;

// How many bytes the value at the reader takes; the reader is moved behind it. truncated, unsupported_column.
[[nodiscard]] result<Bytes> take_value(Reader& reader, const WireColumn& column);

// `value` as take_value() gave it, of a column that fits(). bad_value.
[[nodiscard]] result<std::string> literal(const KeyColumn& key, const WireColumn& column, Bytes value);

}  // namespace sluice::protocol::binlog
