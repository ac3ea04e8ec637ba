// Bytes in, frames out. One thread; nothing is kept between frames, so that all connections of a thread can share one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "protocol/compression/algorithm.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

class FrameWriter {
 public:
  // Shorter bytes are sent as they are: the server's MIN_COMPRESS_LENGTH.
  static constexpr std::size_t PACKED_MIN_BYTES = 50;
  // Of what one frame holds, before compression.
  static constexpr std::size_t FRAME_MAX_BYTES = 256 * 1024;

  FrameWriter();
  ~FrameWriter();

  // Replaces `frames` by those that hold `bytes`; they are numbered from `sequence` on, which becomes the next number.
  void write(Compression algorithm, Bytes bytes, std::uint8_t& sequence, std::vector<std::uint8_t>& frames);

  // Whole frames of somebody else's are numbered in the same way.
  static void number(std::span<std::uint8_t> frames, std::uint8_t& sequence) noexcept;

 private:
  struct State;
  // Behind the header's place in `frames`. False: it does not get smaller, and nothing is there.
  [[nodiscard]] bool pack(Compression algorithm, Bytes bytes, std::vector<std::uint8_t>& frames);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::protocol
