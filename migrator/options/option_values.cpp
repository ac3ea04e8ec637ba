#include "migrator/options/option_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::migrator {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 4> UNITS{{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::optional<std::uint64_t> whole_number(const boost::json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
  return std::nullopt;
}

std::optional<std::chrono::seconds> duration_from(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto number = digits(text.substr(0, text.size() - 1));
  if (!number) return std::nullopt;
  for (const auto& unit : UNITS) {
    if (unit.letter != text.back()) continue;
    if (*number > static_cast<std::uint64_t>(DURATION_SECONDS_MAX / unit.seconds)) return std::nullopt;
    return std::chrono::seconds{static_cast<std::int64_t>(*number) * unit.seconds};
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::seconds duration) {
  const auto count = duration.count();
  for (const auto& unit : UNITS) {
    if (count != 0 && count % unit.seconds == 0) return std::to_string(count / unit.seconds) + unit.letter;
  }
  return "0s";
}

std::optional<Load> load_from(std::string_view text) {
  Load load;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = trimmed(part.substr(0, equals));
    const auto limit = digits(trimmed(part.substr(equals + 1)));
    if (!is_variable_name(name) || !limit || !load.emplace(name, *limit).second) return std::nullopt;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return load;
}

std::optional<std::vector<net::Address>> addresses_from(std::string_view text) {
  constexpr std::uint16_t MYSQL_PORT = 3306;
  std::vector<net::Address> addresses;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto address = net::parse_address(trimmed(text.substr(0, comma)), MYSQL_PORT);
    if (!address || address->is_unix() || address->port == 0) return std::nullopt;
    if (std::ranges::find(addresses, *address) != addresses.end()) return std::nullopt;
    addresses.push_back(*address);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return addresses;
}

std::string addresses_text(const std::vector<net::Address>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    if (!text.empty()) text += ',';
    text += net::to_string(address);
  }
  return text;
}

std::string load_text(const Load& load) {
  std::string text;
  for (const auto& [name, limit] : load) {
    if (!text.empty()) text += ',';
    text += name + '=' + std::to_string(limit);
  }
  return text;
}

}  // namespace sluice::migrator
