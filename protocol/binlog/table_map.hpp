// TABLE_MAP: what the columns of the rows events behind it look like on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/binlog/error.hpp"
#include "protocol/binlog/event.hpp"

namespace sluice::protocol::binlog {

// enum_field_types of the server, as far as they stand in a TABLE_MAP or in the metadata of a STRING.
enum class ColumnType : std::uint8_t {
  tiny = 1,
  short_ = 2,
  long_ = 3,
  float_ = 4,
  double_ = 5,
  null = 6,
  timestamp = 7,
  longlong = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  newdate = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  mariadb_blob_compressed = 140,
  mariadb_varchar_compressed = 141,
  vector = 242,
  json = 245,
  newdecimal = 246,
  enumeration = 247,
  set = 248,
  tiny_blob = 249,
  medium_blob = 250,
  long_blob = 251,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

struct WireColumn {
  ColumnType type = ColumnType::null;  // ENUM and SET by their own type, although they travel as STRING
  std::uint32_t length =
      0;  // bytes: a string's most, an ENUM's, SET's or BIT's own, a blob's length prefix; DECIMAL: digits
  std::uint8_t decimals = 0;  // DECIMAL: digits behind the point; temporal types: of the second
};

struct TableMapName {
  std::uint64_t table_id = 0;
  std::string_view database;
  std::string_view table;
};

struct TableMap {
  std::vector<WireColumn> columns;
  std::vector<std::optional<bool>> unsigned_columns;  // as `columns`, or empty: the server does not say
  std::vector<std::string> names;                     // as `columns`, or empty: binlog_row_metadata is not FULL
};

// Only the names: tables that nobody watches may have columns that can't be read.
[[nodiscard]] result<TableMapName> decode_table_map_name(const Event& event);
// unsupported_column, bad_value, truncated.
[[nodiscard]] result<TableMap> decode_table_map(const Event& event);

}  // namespace sluice::protocol::binlog
