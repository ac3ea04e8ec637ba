#include "protocol/binlog/decimal.hpp"

#include <array>
#include <vector>

namespace sluice::protocol::binlog {
namespace {

constexpr std::size_t group_digits = 9;
constexpr std::size_t group_bytes = 4;
constexpr std::array<std::size_t, group_digits> remainder_bytes{0, 1, 1, 2, 2, 3, 3, 4, 4};

std::size_t bytes_of(std::size_t digits) noexcept {
  return digits / group_digits * group_bytes + remainder_bytes.at(digits % group_digits);
}

// One group, with leading zeros. False: the number has more digits.
bool append_group(Reader& reader, std::size_t digits, std::string& text) {
  if (digits == 0) return true;
  const auto width_bytes = digits == group_digits ? group_bytes : remainder_bytes.at(digits);
  const auto number = std::to_string(reader.big_endian(width_bytes));
  if (number.size() > digits) return false;
  text.append(digits - number.size(), '0').append(number);
  return true;
}

}  // namespace

result<DecimalShape> DecimalShape::of(std::size_t precision, std::size_t scale) noexcept {
  constexpr std::size_t max_precision = 65, max_scale = 38;
  if (precision == 0 || precision > max_precision || scale > max_scale || scale > precision) return Errc::bad_value;
  return DecimalShape{precision - scale, scale};
}

std::size_t DecimalShape::total_bytes() const noexcept {
  return bytes_of(integer_digits) + bytes_of(fraction_digits);
}

result<std::string> decimal_text(const DecimalShape& shape, Bytes value) {
  if (value.empty() || value.size() != shape.total_bytes()) return Errc::bad_value;
  const bool negative = (value.front() & 0x80) == 0;
  std::vector<std::uint8_t> plain(value.begin(), value.end());
  plain.front() ^= 0x80;
  if (negative) {
    for (auto& byte : plain) byte = static_cast<std::uint8_t>(~byte);
  }
  Reader reader{plain};
  std::string digits;
  bool fits = append_group(reader, shape.integer_digits % group_digits, digits);
  for (auto left = shape.integer_digits / group_digits; left > 0; --left) {
    fits = append_group(reader, group_digits, digits) && fits;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) digits = "0";
  if (shape.fraction_digits > 0) {
    digits.push_back('.');
    for (auto left = shape.fraction_digits / group_digits; left > 0; --left) {
      fits = append_group(reader, group_digits, digits) && fits;
    }
    fits = append_group(reader, shape.fraction_digits % group_digits, digits) && fits;
  }
  if (!fits || !reader.ok()) return Errc::bad_value;
  return negative ? "-" + digits : digits;
}

}  // namespace sluice::protocol::binlog
