// Reads and writes the fields of a packet's payload. Integers are little endian, but for those of
// row images. The length-encoded ones and the strings:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::protocol {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Never reads past the end: after the first field that is not all there every later one reads as zero or empty, and
// ok() says so. Views point into the bytes given.
class Reader {
 public:
  explicit Reader(Bytes bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  [[nodiscard]] std::uint8_t peek() const noexcept { return rest_.empty() ? std::uint8_t{0} : rest_.front(); }

  Bytes take(std::uint64_t count) noexcept;
  Bytes take_rest() noexcept { return take(rest_.size()); }
  void skip(std::uint64_t count) noexcept { (void)take(count); }

  std::uint64_t little_endian(std::size_t width_bytes) noexcept;  // of 8 bytes at most
  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() noexcept { return little_endian(8); }
  std::uint64_t big_endian(std::size_t width_bytes) noexcept;  // of 8 bytes at most; in the binlog's row images

  // A byte up to 250, or 0xFC, 0xFD, 0xFE and 2, 3, 8 bytes. 0xFB (NULL) and 0xFF are no numbers.
  std::uint64_t length_encoded() noexcept;
  Bytes length_encoded_bytes() noexcept { return take(length_encoded()); }

  // Up to a zero byte, which must be there, and past it.
  std::string_view zero_terminated() noexcept;
  // The same, but the end of the packet serves as well.
  std::string_view zero_terminated_or_rest() noexcept;

 private:
  Bytes rest_;
  bool ok_ = true;
};

// Appends to a payload that the caller owns.
class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& into) noexcept : into_(into) {}

  void little_endian(std::uint64_t value, std::size_t width_bytes);
  void u8(std::uint8_t value) { into_.push_back(value); }
  void u16(std::uint16_t value) { little_endian(value, 2); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u64(std::uint64_t value) { little_endian(value, 8); }
  void length_encoded(std::uint64_t value);
  void bytes(Bytes value) { into_.insert(into_.end(), value.begin(), value.end()); }
  void text(std::string_view value) { bytes(as_bytes(value)); }
  void zeros(std::size_t count) { into_.insert(into_.end(), count, std::uint8_t{0}); }
  void zero_terminated(std::string_view value);
  void length_encoded_bytes(Bytes value);

 private:
  std::vector<std::uint8_t>& into_;
};

}  // namespace sluice::protocol
