// The compressed protocol: what client and server say after the login, cut into frames. A frame is 3 bytes of length, a
// sequence number, 3 bytes of the length before compression (0: the bytes are as they were), and the bytes. Packets and
// frames know nothing of each other: a frame may hold a part of a packet, or many.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

enum class Compression : std::uint8_t { zlib, zstd };

inline constexpr std::size_t FRAME_HEADER_BYTES = 7;

struct FrameHeader {
  std::size_t packed_bytes = 0;  // behind the header
  std::uint8_t sequence = 0;
  std::size_t unpacked_bytes = 0;  // that those hold
  bool is_packed = false;

  [[nodiscard]] std::size_t frame_bytes() const noexcept { return FRAME_HEADER_BYTES + packed_bytes; }
};
// Of at least FRAME_HEADER_BYTES.
[[nodiscard]] inline FrameHeader read_frame_header(Bytes bytes) noexcept {
  Reader reader{bytes};
  FrameHeader header{.packed_bytes = static_cast<std::size_t>(reader.little_endian(3)), .sequence = reader.u8()};
  header.unpacked_bytes = static_cast<std::size_t>(reader.little_endian(3));
  header.is_packed = header.unpacked_bytes != 0;
  if (!header.is_packed) header.unpacked_bytes = header.packed_bytes;
  return header;
}

// What both ends agreed upon; zlib goes first where both were.
[[nodiscard]] constexpr std::optional<Compression> compression_of(std::uint32_t agreed_capabilities) noexcept {
  if ((agreed_capabilities & capability::COMPRESS) != 0) return Compression::zlib;
  if ((agreed_capabilities & capability::ZSTD_COMPRESSION) != 0) return Compression::zstd;
  return std::nullopt;
}

}  // namespace sluice::protocol
