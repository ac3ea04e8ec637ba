#include "protocol/binlog/temporal.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>

namespace sluice::protocol::binlog {
namespace {

constexpr unsigned max_decimals = 6;

struct Civil {
  std::uint64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::string date_text(const Civil& c) {
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64, c.year, c.month, c.day);
  return text.data();
}

std::string time_text(const Civil& c) {
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, c.hour, c.minute, c.second);
  return text.data();
}

std::string date_time_text(const Civil& c) {
  return date_text(c) + ' ' + time_text(c);
}

// A fraction is stored in whole bytes, so with an even number of digits: of an odd number the last is a zero.
std::string fraction_text(std::uint64_t fraction, unsigned decimals) {
  if (decimals == 0) return {};
  const auto digits = std::to_string(fraction);
  const std::size_t stored_digits = (decimals + 1U) / 2 * 2;
  return '.' + (std::string(stored_digits - std::min(stored_digits, digits.size()), '0') + digits).substr(0, decimals);
}

Civil civil_of_seconds(std::uint64_t since_epoch_s) {
  if (since_epoch_s == 0) return {};  // '0000-00-00 00:00:00': the first second of 1970 is no TIMESTAMP
  using namespace std::chrono;
  const sys_seconds at{seconds{static_cast<std::int64_t>(since_epoch_s)}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return {static_cast<std::uint64_t>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<std::uint64_t>(time.hours().count()),
          static_cast<std::uint64_t>(time.minutes().count()),
          static_cast<std::uint64_t>(time.seconds().count())};
}

// Decimal digits as a number: HHMMSS.
void split_time(std::uint64_t number, Civil& c) {
  c.second = number % 100;
  c.minute = number / 100 % 100;
  c.hour = number / 10000;
}

std::string date3(Reader& reader) {
  const auto packed = reader.little_endian(3);
  return date_text({.year = packed >> 9, .month = packed >> 5 & 15, .day = packed & 31});
}

std::string old_time(Reader& reader) {
  const auto packed = static_cast<std::int64_t>(reader.little_endian(3) << 40) >> 40;
  Civil c;
  split_time(static_cast<std::uint64_t>(packed < 0 ? -packed : packed), c);
  return (packed < 0 ? "-" : "") + time_text(c);
}

std::string old_datetime(Reader& reader) {
  const auto number = reader.little_endian(8);
  Civil c;
  split_time(number % 1000000, c);
  const auto date = number / 1000000;
  c.day = date % 100;
  c.month = date / 100 % 100;
  c.year = date / 10000;
  return date_time_text(c);
}

// Integer part and fraction are one number, offset by half its range.
std::string read_time2(Reader& reader, unsigned decimals) {
  const unsigned fraction_bits = (decimals + 1U) / 2 * 8;
  const auto stored = static_cast<std::int64_t>(reader.big_endian(3 + fraction_bits / 8));
  const auto packed = stored - (std::int64_t{0x800000} << fraction_bits);
  const auto size = static_cast<std::uint64_t>(packed < 0 ? -packed : packed);
  const auto whole = size >> fraction_bits;
  const auto fraction = size & ((std::uint64_t{1} << fraction_bits) - 1);
  const Civil c{.hour = whole >> 12 & 0x3FF, .minute = whole >> 6 & 63, .second = whole & 63};
  return (packed < 0 ? "-" : "") + time_text(c) + fraction_text(fraction, decimals);
}

std::string read_datetime2(Reader& reader, unsigned decimals) {
  constexpr std::uint64_t offset = 0x8000000000;
  const auto packed = reader.big_endian(5) - offset;
  const auto months = packed >> 22 & 0x1FFFF;
  const Civil c{.year = months / 13,
                .month = months % 13,
                .day = packed >> 17 & 31,
                .hour = packed >> 12 & 31,
                .minute = packed >> 6 & 63,
                .second = packed & 63};
  return date_time_text(c) + fraction_text(reader.big_endian((decimals + 1U) / 2), decimals);
}

std::string read_timestamp2(Reader& reader, unsigned decimals) {
  const auto seconds = reader.big_endian(4);
  return date_time_text(civil_of_seconds(seconds)) + fraction_text(reader.big_endian((decimals + 1U) / 2), decimals);
}

std::string year_text(std::uint8_t since_1900) {
  return since_1900 == 0 ? "0000" : std::to_string(1900 + since_1900);
}

result<std::string> read_text(const WireColumn& column, Reader& reader) {
  using enum ColumnType;
  const unsigned decimals = column.decimals;
  if (column.type == date || column.type == newdate) return date3(reader);
  if (column.type == year) return year_text(reader.u8());
  if (column.type == time) return old_time(reader);
  if (column.type == datetime) return old_datetime(reader);
  if (column.type == timestamp) return date_time_text(civil_of_seconds(reader.little_endian(4)));
  if (decimals > max_decimals) return Errc::bad_value;
  if (column.type == time2) return read_time2(reader, decimals);
  if (column.type == datetime2) return read_datetime2(reader, decimals);
  if (column.type == timestamp2) return read_timestamp2(reader, decimals);
  return Errc::unsupported_column;
}

}  // namespace

result<std::string> temporal_text(const WireColumn& column, Bytes value) {
  Reader reader{value};
  auto text = read_text(column, reader);
  if (text && (!reader.ok() || !reader.at_end())) return Errc::bad_value;
  return text;
}

}  // namespace sluice::protocol::binlog
