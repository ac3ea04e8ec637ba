// Writes binlog events as a server would.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocol/binlog/event.hpp"

namespace sluice::test {

using Buffer = std::vector<std::uint8_t>;

class Layout {
 public:
  Layout& little(std::uint64_t value, std::size_t width_bytes) {
    for (std::size_t at = 0; at < width_bytes; ++at) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
    return *this;
  }
  Layout& u8(unsigned value) { return little(value, 1); }
  Layout& text(std::string_view value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  Layout& bytes(const Buffer& value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  operator Buffer() const { return bytes_; }  // NOLINT(google-explicit-constructor): a layout is its bytes

 private:
  Buffer bytes_;
};

struct EventSpec {
  protocol::binlog::EventType type;
  Buffer body;
  std::uint32_t next_offset = 0;
  std::uint16_t flags = 0;
  std::uint32_t timestamp_s = 1700000000;
};

inline Buffer with_header(const EventSpec& spec, std::size_t tail_bytes) {
  Buffer event = Layout{}
                     .little(spec.timestamp_s, 4)
                     .u8(static_cast<unsigned>(spec.type))
                     .little(1, 4)
                     .little(19 + spec.body.size() + tail_bytes, 4)
                     .little(spec.next_offset, 4)
                     .little(spec.flags, 2)
                     .bytes(spec.body);
  return event;
}

inline Buffer checksummed(const EventSpec& spec) {
  auto event = with_header(spec, 4);
  const auto sum = ::crc32_z(0, event.data(), event.size());
  return Layout{}.bytes(event).little(sum, 4);
}

inline Buffer format_description(protocol::binlog::Checksum checksum, std::uint32_t next_offset = 126) {
  using protocol::binlog::EventType;
  Buffer lengths(41, 0);
  const auto length = [&lengths](EventType type, std::uint8_t value) {
    lengths[static_cast<std::size_t>(type) - 1] = value;
  };
  length(EventType::query, 13);
  length(EventType::rotate, 8);
  length(EventType::table_map, 8);
  length(EventType::write_rows_v1, 8);
  length(EventType::write_rows_v2, 10);
  Buffer body = Layout{}
                    .little(4, 2)
                    .text("9.7.0")
                    .bytes(Buffer(45, 0))
                    .little(0, 4)
                    .u8(19)
                    .bytes(lengths)
                    .u8(static_cast<unsigned>(checksum));
  return checksummed({EventType::format_description, body, next_offset});
}

inline Buffer query_body(std::uint32_t connection, std::string_view database, std::string_view text) {
  return Layout{}
      .little(connection, 4)
      .little(0, 4)
      .u8(static_cast<unsigned>(database.size()))
      .little(0, 2)
      .little(3, 2)
      .text("abc")
      .text(database)
      .u8(0)
      .text(text);
}

// A table of (INT key, VARCHAR(40)).
inline Buffer table_map_body(std::uint64_t id, std::string_view database, std::string_view table) {
  return Layout{}
      .little(id, 6)
      .little(1, 2)
      .u8(static_cast<unsigned>(database.size()))
      .text(database)
      .u8(0)
      .u8(static_cast<unsigned>(table.size()))
      .text(table)
      .u8(0)
      .u8(2)
      .u8(3)
      .u8(15)
      .u8(2)
      .little(40, 2)
      .u8(0);
}

// Rows of version 2 of that table; `rows` as they are.
inline Buffer rows_body(std::uint64_t id, const Buffer& bitmaps, const Buffer& rows) {
  return Layout{}.little(id, 6).little(1, 2).little(2, 2).u8(2).bytes(bitmaps).bytes(rows);
}

}  // namespace sluice::test
