// Packets of the protocol as a client of the tests sends and receives them, one after the other: what comes is put
// together, and what goes is numbered on from what came last. Any stream will do: how it is read is told each time.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/wire/packet.hpp"

namespace sluice::test {

class PacketReader {
 public:
  using Payload = std::vector<std::uint8_t>;

  // `read_some` blocks until some bytes have come, puts them into the span, which it may fill, and says how many; 0:
  // the other side has closed. The next payload; empty: there is none any more, or what comes is no packet. (A payload
  // of no bytes is never sent by a server.)
  template <std::invocable<std::span<std::uint8_t>> ReadSome>
  [[nodiscard]] Payload receive(ReadSome read_some) {
    std::array<std::uint8_t, READ_BYTES> some{};
    while (true) {
      const auto packet = assembler_.next();
      if (!packet) return {};
      if (*packet) {
        sequence_ = static_cast<std::uint8_t>((*packet)->sequence + 1);
        return {(*packet)->payload.begin(), (*packet)->payload.end()};
      }
      const std::size_t count = read_some(std::span{some});
      if (count == 0) return {};
      assembler_.feed(protocol::Bytes{some}.first(count));
    }
  }

  // The payload as the next packet.
  [[nodiscard]] std::vector<std::uint8_t> frame(const Payload& payload) {
    return protocol::frame(payload, sequence_++);
  }
  // What is framed next begins a command.
  void begin_command() { sequence_ = 0; }
  // Of the packet that comes next, if both sides go on.
  [[nodiscard]] std::uint8_t next_sequence() const { return sequence_; }

 private:
  static constexpr std::size_t READ_BYTES = 512;  // no more is taken than is asked for, or little
  static constexpr std::size_t PAYLOAD_BYTES_MAX = std::size_t{1} << 27;

  protocol::PacketAssembler assembler_{PAYLOAD_BYTES_MAX};
  std::uint8_t sequence_ = 0;
};

}  // namespace sluice::test
