#include "protocol/binlog/position.hpp"

#include <charconv>
#include <tuple>

namespace sluice::protocol::binlog {
namespace {

struct FileName {
  std::string_view stem;
  std::uint64_t number = 0;
};

FileName split(std::string_view file) noexcept {
  const auto dot = file.rfind('.');
  if (dot == std::string_view::npos) return {file, 0};
  const auto digits = file.substr(dot + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {file, 0};
  return {file.substr(0, dot), number};
}

}  // namespace

std::strong_ordering Position::operator<=>(const Position& other) const noexcept {
  const auto mine = split(file);
  const auto theirs = split(other.file);
  return std::tuple{mine.number, offset, mine.stem, std::string_view{file}} <=>
         std::tuple{theirs.number, other.offset, theirs.stem, std::string_view{other.file}};
}

std::string to_string(const Position& position) {
  return position.file + ":" + std::to_string(position.offset);
}

result<Position> parse_position(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Errc::bad_value;
  Position position{std::string{text.substr(0, colon)}, 0};
  const auto digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.offset);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return Errc::bad_value;
  return position;
}

}  // namespace sluice::protocol::binlog
