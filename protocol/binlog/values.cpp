// How many bytes a value takes in a row image (the servers' calc_field_size()).
#include "protocol/binlog/decimal.hpp"
#include "protocol/binlog/row_key.hpp"

namespace sluice::protocol::binlog {
namespace {

std::size_t fraction_bytes(const WireColumn& column) noexcept {
  return (column.decimals + 1U) / 2;
}

result<Bytes> take(Reader& reader, std::uint64_t count) noexcept {
  const auto value = reader.take(count);
  if (!reader.ok()) return Errc::truncated;
  return value;
}

result<Bytes> take_prefixed(Reader& reader, std::size_t prefix_bytes) noexcept {
  if (prefix_bytes < 1 || prefix_bytes > 4) return Errc::bad_value;
  return take(reader, reader.little_endian(prefix_bytes));
}

}  // namespace

result<Bytes> take_value(Reader& reader, const WireColumn& column) {
  using enum ColumnType;
  switch (column.type) {
    case tiny:
    case year:
      return take(reader, 1);
    case short_:
      return take(reader, 2);
    case int24:
    case date:
    case newdate:
    case time:
      return take(reader, 3);
    case long_:
    case float_:
    case timestamp:
      return take(reader, 4);
    case longlong:
    case double_:
    case datetime:
      return take(reader, 8);
    case null:
      return take(reader, 0);
    case timestamp2:
      return take(reader, 4 + fraction_bytes(column));
    case datetime2:
      return take(reader, 5 + fraction_bytes(column));
    case time2:
      return take(reader, 3 + fraction_bytes(column));
    case newdecimal: {
      const auto shape = DecimalShape::of(column.length, column.decimals);
      if (!shape) return shape.error();
      return take(reader, shape->total_bytes());
    }
    case bit:
    case enumeration:
    case set:
      return take(reader, column.length);
    case varchar:
    case var_string:
    case string:
    case mariadb_varchar_compressed:
      return take_prefixed(reader, column.length > 255 ? 2 : 1);
    case tiny_blob:
    case medium_blob:
    case long_blob:
    case blob:
    case mariadb_blob_compressed:
    case geometry:
    case json:
    case vector:
      return take_prefixed(reader, column.length);
  }
  return Errc::unsupported_column;
}

}  // namespace sluice::protocol::binlog
