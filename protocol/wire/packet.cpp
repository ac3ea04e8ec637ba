#include "protocol/wire/packet.hpp"

#include <algorithm>

namespace sluice::protocol {
namespace {

void empty(std::vector<std::uint8_t>& bytes) {
  if (bytes.capacity() > PacketAssembler::KEEP_MAX_BYTES) {
    bytes = {};
  } else {
    bytes.clear();
  }
}

std::uint8_t following(std::uint8_t sequence) noexcept {
  return static_cast<std::uint8_t>(sequence + 1);
}

}  // namespace

PacketHeader read_packet_header(Bytes bytes) noexcept {
  Reader reader{bytes};
  const auto length_bytes = static_cast<std::size_t>(reader.little_endian(3));
  return {.length_bytes = length_bytes, .sequence = reader.u8()};
}

std::vector<std::uint8_t> frame(Bytes payload, std::uint8_t sequence) {
  std::vector<std::uint8_t> framed;
  framed.reserve(payload.size() + (payload.size() / PACKET_PAYLOAD_MAX_BYTES + 1) * PACKET_HEADER_BYTES);
  Writer writer{framed};
  for (;;) {
    const auto part = payload.first(std::min(payload.size(), PACKET_PAYLOAD_MAX_BYTES));
    writer.little_endian(part.size(), 3);
    writer.u8(sequence);
    writer.bytes(part);
    // A full packet always has a successor, if only an empty one.
    if (part.size() < PACKET_PAYLOAD_MAX_BYTES) return framed;
    payload = payload.subspan(part.size());
    sequence = following(sequence);
  }
}

void PacketAssembler::forget_handed_out() {
  if (!goes_on_after_) empty(joined_);
  if (begin_ == bytes_.size()) {
    empty(bytes_);
    begin_ = 0;
  }
}

void PacketAssembler::feed(Bytes bytes) {
  forget_handed_out();
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

result<std::optional<Packet>> PacketAssembler::next() {
  forget_handed_out();
  for (;;) {
    const auto rest = Bytes{bytes_}.subspan(begin_);
    if (rest.size() < PACKET_HEADER_BYTES) return std::optional<Packet>{};
    const auto header = read_packet_header(rest);
    if (goes_on_after_ && header.sequence != following(*goes_on_after_)) return WireErrc::out_of_order;
    if (header.length_bytes > payload_max_bytes_ - joined_.size()) return WireErrc::packet_too_large;
    if (rest.size() - PACKET_HEADER_BYTES < header.length_bytes) return std::optional<Packet>{};

    const auto part = rest.subspan(PACKET_HEADER_BYTES, header.length_bytes);
    begin_ += PACKET_HEADER_BYTES + part.size();
    const bool is_continuation = goes_on_after_.has_value();
    goes_on_after_.reset();
    if (part.size() == PACKET_PAYLOAD_MAX_BYTES) goes_on_after_ = header.sequence;
    if (!is_continuation && !goes_on_after_) return std::optional{Packet{.payload = part, .sequence = header.sequence}};
    joined_.insert(joined_.end(), part.begin(), part.end());
    if (!goes_on_after_) return std::optional{Packet{.payload = joined_, .sequence = header.sequence}};
  }
}

}  // namespace sluice::protocol
