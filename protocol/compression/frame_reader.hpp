// Frames in, the bytes that they hold out. Pure, and bounded: whatever the frames say, no more memory is used than the
// algorithm's window. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "protocol/compression/algorithm.hpp"
#include "protocol/wire/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

// Unpacks one frame's bytes, piece by piece.
class Unpacker {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool is_end = false;  // of the compressed stream
  };
  Unpacker() = default;
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  virtual ~Unpacker() = default;
  virtual void begin() = 0;
  // WireErrc::bad_value for what is no such stream.
  [[nodiscard]] virtual result<Step> unpack(Bytes in, std::span<std::uint8_t> out) = 0;
};

class FrameReader {
 public:
  explicit FrameReader(Compression algorithm);

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  // Goes on until `in` is used up or `out` is full; `in` may be empty, where an earlier `out` was. WireErrc::bad_value
  // for bytes that can't be unpacked and lengths that don't hold; then the stream can't be read any further.
  [[nodiscard]] result<Step> read(Bytes in, std::span<std::uint8_t> out);

  // No frame has begun that has not been read to its end.
  [[nodiscard]] bool is_between_frames() const noexcept { return header_seen_ == 0; }
  // Of the last frame whose header was read.
  [[nodiscard]] std::uint8_t sequence() const noexcept { return header_[3]; }

 private:
  [[nodiscard]] result<Step> read_packed(Bytes in, std::span<std::uint8_t> out);
  void begin_frame();

  std::unique_ptr<Unpacker> unpacker_;
  std::array<std::uint8_t, FRAME_HEADER_BYTES> header_{};
  std::size_t header_seen_ = 0;
  std::size_t in_left_ = 0;   // of the frame's bytes
  std::size_t out_left_ = 0;  // of what it was before compression
  bool is_packed_ = false;
  bool stream_ended_ = false;
};

}  // namespace sluice::protocol
