#include <array>
#include <bit>
#include <cstdio>

#include "protocol/binlog/decimal.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/temporal.hpp"

namespace sluice::protocol::binlog {
namespace {

bool is_integer(ColumnType type) noexcept {
  using enum ColumnType;
  return type == tiny || type == short_ || type == int24 || type == long_ || type == longlong;
}
bool is_blob(ColumnType type) noexcept {
  using enum ColumnType;
  return type == tiny_blob || type == medium_blob || type == long_blob || type == blob;
}
bool is_string(ColumnType type) noexcept {
  using enum ColumnType;
  return type == string || type == varchar || type == var_string || is_blob(type);
}

result<std::string> integer_literal(Sign sign, Bytes value) {
  if (value.empty() || value.size() > 8) return Errc::bad_value;
  const auto number = Reader{value}.little_endian(value.size());
  if (sign == Sign::without_sign) return std::to_string(number);
  const auto unused_bits = 64 - 8 * value.size();
  return std::to_string(static_cast<std::int64_t>(number << unused_bits) >> unused_bits);
}

// Seventeen digits name a double exactly. The exponent makes it a double to the server and not a DECIMAL; a FLOAT
// column is compared as the double it widens to.
result<std::string> real_literal(Bytes value) {
  double number = 0;
  Reader reader{value};
  if (value.size() == 4) {
    number = static_cast<double>(std::bit_cast<float>(reader.u32()));
  } else if (value.size() == 8) {
    number = std::bit_cast<double>(reader.little_endian(8));
  } else {
    return Errc::bad_value;
  }
  std::array<char, 40> text{};
  (void)std::snprintf(text.data(), text.size(), "%.16e", number);
  return std::string{text.data()};
}

std::string hex_literal(Bytes value, std::size_t padded_bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "x'";
  text.reserve(3 + 2 * value.size());
  for (const auto byte : value) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  if (padded_bytes > value.size()) text.append(2 * (padded_bytes - value.size()), '0');
  return text.append("'");
}

result<std::string> bit_literal(Bytes value) {
  if (value.empty() || value.size() > 8) return Errc::bad_value;
  return std::to_string(Reader{value}.big_endian(value.size()));
}

result<std::string> temporal_literal(const WireColumn& column, Bytes value) {
  auto text = temporal_text(column, value);
  if (!text) return text.error();
  return '\'' + *text + '\'';
}

}  // namespace

std::string RowKey::text() const {
  std::string joined;
  for (const auto& part : literals) {
    if (!joined.empty()) joined.push_back(',');
    joined.append(part);
  }
  return joined;
}

bool fits(const KeyColumn& key, const WireColumn& column) noexcept {
  using enum ColumnType;
  switch (key.type) {
    case KeyType::integer:
      return is_integer(column.type);
    case KeyType::decimal:
      return column.type == newdecimal;
    case KeyType::real:
      return column.type == float_ || column.type == double_;
    case KeyType::text:
    case KeyType::bytes:
      return is_string(column.type);
    case KeyType::bit:
      return column.type == bit;
    case KeyType::enumeration:
      return column.type == enumeration;
    case KeyType::set:
      return column.type == set;
    case KeyType::year:
      return column.type == year;
    case KeyType::date:
      return column.type == date || column.type == newdate;
    case KeyType::time:
      return column.type == time || column.type == time2;
    case KeyType::datetime:
      return column.type == datetime || column.type == datetime2;
    case KeyType::timestamp:
      return column.type == timestamp || column.type == timestamp2;
    case KeyType::inet6:
      return column.type == string && column.length == 16;
  }
  return false;
}

result<std::string> literal(const KeyColumn& key, const WireColumn& column, Bytes value) {
  switch (key.type) {
    case KeyType::integer:
      return integer_literal(key.sign, value);
    case KeyType::decimal: {
      const auto shape = DecimalShape::of(column.length, column.decimals);
      if (!shape) return shape.error();
      return decimal_text(*shape, value);
    }
    case KeyType::real:
      return real_literal(value);
    case KeyType::text:
      return '_' + key.charset + ' ' + hex_literal(value, 0);
    case KeyType::bytes:
    case KeyType::inet6:
      // A row image leaves out the zeros that pad a BINARY.
      return hex_literal(value, column.type == ColumnType::string ? column.length : 0);
    case KeyType::bit:
      return bit_literal(value);
    case KeyType::enumeration:
    case KeyType::set:
      return integer_literal(Sign::without_sign, value);
    case KeyType::year:
      return temporal_text(column, value);
    case KeyType::date:
    case KeyType::time:
    case KeyType::datetime:
    case KeyType::timestamp:
      return temporal_literal(column, value);
  }
  return Errc::unsupported_column;
}

}  // namespace sluice::protocol::binlog
