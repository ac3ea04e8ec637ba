#include "protocol/binlog/table_map.hpp"

#include <algorithm>

namespace sluice::protocol::binlog {
namespace {

constexpr std::size_t table_id_bytes = 6;
constexpr std::size_t max_columns = 4096;  // of both servers

// Fields of the optional metadata (Table_map_event::Optional_metadata_field_type).
constexpr std::uint8_t signedness_field = 1;
constexpr std::uint8_t column_name_field = 4;

bool is_numeric(ColumnType type) noexcept {
  using enum ColumnType;
  return type == tiny || type == short_ || type == int24 || type == long_ || type == longlong || type == newdecimal ||
         type == float_ || type == double_ || type == year;
}

TableMapName read_name(Reader& reader) noexcept {
  TableMapName name;
  name.table_id = reader.little_endian(table_id_bytes);
  reader.skip(2);  // flags
  name.database = as_text(reader.take(reader.u8()));
  reader.skip(1);  // '\0'
  name.table = as_text(reader.take(reader.u8()));
  reader.skip(1);
  return name;
}

// CHAR, BINARY, ENUM and SET share one wire type. The metadata's first byte is the real type, with two bits of the
// length XORed into it where that is above 255 (Field_string::do_save_field_metadata).
WireColumn string_column(std::uint8_t first, std::uint8_t second) noexcept {
  constexpr unsigned length_bits = 0x30;
  if ((first & length_bits) == length_bits) return {static_cast<ColumnType>(first), second, 0};
  const auto high = (first & length_bits) ^ length_bits;
  return {static_cast<ColumnType>(first | length_bits), second | high << 4, 0};
}

result<WireColumn> read_column(ColumnType type, Reader& metadata) noexcept {
  using enum ColumnType;
  WireColumn column{type, 0, 0};
  switch (type) {
    case tiny:
    case short_:
    case int24:
    case long_:
    case longlong:
    case null:
    case timestamp:
    case date:
    case newdate:
    case time:
    case datetime:
    case year:
      return column;
    case float_:
    case double_:
    case tiny_blob:
    case medium_blob:
    case long_blob:
    case blob:
    case mariadb_blob_compressed:
    case geometry:
    case json:
    case vector:
      column.length = metadata.u8();
      return column;
    case timestamp2:
    case datetime2:
    case time2:
      column.decimals = metadata.u8();
      return column;
    case varchar:
    case var_string:
    case mariadb_varchar_compressed:
      column.length = metadata.u16();
      return column;
    case newdecimal:
      column.length = metadata.u8();
      column.decimals = metadata.u8();
      return column;
    case bit: {
      const auto odd_bits = metadata.u8();
      column.length = metadata.u8() + (odd_bits > 0 ? 1U : 0U);
      return column;
    }
    case string:
    case enumeration:
    case set: {
      const auto first = metadata.u8();
      return string_column(first, metadata.u8());
    }
  }
  return Errc::unsupported_column;
}

// One bit for each numeric column, the first in the highest bit.
void read_signedness(Bytes bits, TableMap& map) {
  const auto numeric = std::ranges::count_if(map.columns, [](const WireColumn& c) { return is_numeric(c.type); });
  if (bits.size() != (static_cast<std::size_t>(numeric) + 7) / 8) return;
  std::size_t at = 0;
  for (const auto& column : map.columns) {
    auto& sign = map.unsigned_columns.emplace_back();
    if (!is_numeric(column.type)) continue;
    sign = (bits[at / 8] >> (7 - at % 8) & 1) != 0;
    ++at;
  }
}

error_code read_optional(Reader& reader, TableMap& map) {
  while (!reader.at_end()) {
    const auto field = reader.u8();
    Reader value{reader.take(reader.length_encoded())};
    if (!reader.ok()) return Errc::truncated;
    if (field == signedness_field) read_signedness(value.take_rest(), map);
    if (field != column_name_field) continue;
    while (!value.at_end()) map.names.emplace_back(as_text(value.take(value.length_encoded())));
    if (!value.ok()) return Errc::truncated;
    if (map.names.size() != map.columns.size()) return Errc::bad_value;
  }
  return {};
}

}  // namespace

result<TableMapName> decode_table_map_name(const Event& event) {
  Reader reader{event.body};
  const auto name = read_name(reader);
  if (!reader.ok()) return Errc::truncated;
  return name;
}

result<TableMap> decode_table_map(const Event& event) {
  // name, columns[lenenc], a type each, metadata[lenenc bytes], a bit each: nullable, optional metadata
  Reader reader{event.body};
  (void)read_name(reader);
  const auto columns = reader.length_encoded();
  if (columns > max_columns) return Errc::bad_value;
  const auto types = reader.take(columns);
  Reader metadata{reader.take(reader.length_encoded())};
  reader.skip((columns + 7) / 8);
  if (!reader.ok()) return Errc::truncated;
  TableMap map;
  for (const auto type : types) {
    const auto column = read_column(static_cast<ColumnType>(type), metadata);
    if (!column) return column.error();
    map.columns.push_back(*column);
  }
  if (!metadata.ok()) return Errc::truncated;
  if (!metadata.at_end()) return Errc::trailing_bytes;
  if (const auto error = read_optional(reader, map)) return error;
  return map;
}

}  // namespace sluice::protocol::binlog
