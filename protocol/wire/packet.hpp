// Packets: 3 bytes of length, a sequence number, the payload. A payload of 16 MB - 1 or more goes on in the next
// packet. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/wire/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

inline constexpr std::size_t PACKET_HEADER_BYTES = 4;
inline constexpr std::size_t PACKET_PAYLOAD_MAX_BYTES = 0xFFFFFF;

struct PacketHeader {
  std::size_t length_bytes = 0;
  std::uint8_t sequence = 0;
};
// Of the first four of `bytes`, which must be there.
[[nodiscard]] PacketHeader read_packet_header(Bytes bytes) noexcept;

// The packet or packets of a payload, headers included, the first numbered `sequence`.
[[nodiscard]] std::vector<std::uint8_t> frame(Bytes payload, std::uint8_t sequence);

struct Packet {
  Bytes payload;              // whole, its continuations joined; a view that lives until the next call of the assembler
  std::uint8_t sequence = 0;  // of its last part
};

// Bytes as they come from the network in, whole payloads out. Holds one payload of the limit's size and what was fed
// behind it: take all packets before feeding again.
class PacketAssembler {
 public:
  explicit PacketAssembler(std::size_t payload_max_bytes) noexcept : payload_max_bytes_(payload_max_bytes) {}

  // What was needed for a larger payload than this is given back.
  static constexpr std::size_t KEEP_MAX_BYTES = std::size_t{1} << 20;

  void feed(Bytes bytes);
  // Nothing: more bytes are needed. WireErrc::packet_too_large as soon as a header says so, out_of_order where a
  // continuation is not numbered as one; after an error the stream can't be read any further.
  [[nodiscard]] result<std::optional<Packet>> next();
  // Fed, but not yet handed out.
  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return bytes_.size() - begin_ + joined_.size(); }

 private:
  void forget_handed_out();

  std::size_t payload_max_bytes_;
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;                      // of what has not been handed out
  std::vector<std::uint8_t> joined_;           // the parts, so far, of a payload that has several
  std::optional<std::uint8_t> goes_on_after_;  // the sequence of the last part, while more are to come
};

}  // namespace sluice::protocol
