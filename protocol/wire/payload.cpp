#include "protocol/wire/payload.hpp"

#include <algorithm>

namespace sluice::protocol {

Bytes Reader::take(std::uint64_t count) noexcept {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const auto taken = rest_.first(static_cast<std::size_t>(count));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

std::uint64_t Reader::little_endian(std::size_t width_bytes) noexcept {
  std::uint64_t value = 0;
  unsigned shift_bits = 0;
  for (const auto byte : take(width_bytes)) {
    value |= std::uint64_t{byte} << shift_bits;
    shift_bits += 8;
  }
  return value;
}

std::uint64_t Reader::big_endian(std::size_t width_bytes) noexcept {
  std::uint64_t value = 0;
  for (const auto byte : take(width_bytes)) value = value << 8 | byte;
  return value;
}

std::uint64_t Reader::length_encoded() noexcept {
  const auto first = u8();
  if (first <= 250) return first;
  if (first == 0xFC) return little_endian(2);
  if (first == 0xFD) return little_endian(3);
  if (first == 0xFE) return little_endian(8);
  (void)take(rest_.size() + 1);
  return 0;
}

std::string_view Reader::zero_terminated() noexcept {
  const auto text = as_text(take(static_cast<std::size_t>(std::ranges::find(rest_, std::uint8_t{0}) - rest_.begin())));
  skip(1);
  return ok_ ? text : std::string_view{};
}

std::string_view Reader::zero_terminated_or_rest() noexcept {
  const auto text = as_text(take(static_cast<std::size_t>(std::ranges::find(rest_, std::uint8_t{0}) - rest_.begin())));
  if (!rest_.empty()) skip(1);
  return text;
}

void Writer::little_endian(std::uint64_t value, std::size_t width_bytes) {
  for (std::size_t i = 0; i < width_bytes; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
}

void Writer::length_encoded(std::uint64_t value) {
  if (value <= 250) {
    u8(static_cast<std::uint8_t>(value));
  } else if (value <= 0xFFFF) {
    u8(0xFC);
    little_endian(value, 2);
  } else if (value <= 0xFFFFFF) {
    u8(0xFD);
    little_endian(value, 3);
  } else {
    u8(0xFE);
    little_endian(value, 8);
  }
}

void Writer::zero_terminated(std::string_view value) {
  text(value);
  u8(0);
}

void Writer::length_encoded_bytes(Bytes value) {
  length_encoded(value.size());
  bytes(value);
}

}  // namespace sluice::protocol
