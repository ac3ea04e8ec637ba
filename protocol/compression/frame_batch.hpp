// What has been read of a compressed stream: frames in, the bytes that they hold out, and for a while the frames as
// they came, for whoever passes those bytes on. Pure, and bounded: KEPT_FRAME_MAX_BYTES, and the algorithm's window.
// One thread.
//
// A frame is unpacked when it is whole, and all of it at once where that fits: so what is passed on is whole frames.
// (Its receiver can't use a part of it either.) One that is too long is unpacked as it comes, and not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "protocol/compression/algorithm.hpp"
#include "protocol/compression/frame_reader.hpp"

namespace sluice::protocol {

class FrameBatch {
 public:
  // Header included. The servers' own frames hold 16 KB, but for those of long rows.
  static constexpr std::size_t KEPT_FRAME_MAX_BYTES = 64 * 1024;
  // What is read at once, where no frame is longer.
  static constexpr std::size_t BATCH_BYTES = 16 * 1024;
  // In which the next is waited for: most commands, and the answers to them.
  static constexpr std::size_t WAITING_BYTES = 1024;

  FrameBatch(Compression algorithm, Bytes already_read);

  // Unpacks into `out`, which must not be empty. Nothing: more must be read first. WireErrc::bad_value, from then on
  // always, behind the last frame that could be unpacked.
  [[nodiscard]] std::optional<result<std::size_t>> unpack(std::span<std::uint8_t> out);

  // Where more of the stream is read to, when unpack() has nothing; never empty. The frames before are forgotten.
  [[nodiscard]] std::span<std::uint8_t> room();
  void add(std::size_t bytes) noexcept { end_ += bytes; }
  // Something of a frame, or of more of them, has been read and not been given out.
  [[nodiscard]] bool has_unread() const noexcept { return next_ != end_ || !reader_.is_between_frames(); }
  // All was unpacked, and it was so much that more is likely to be there. If not, the memory is given back.
  [[nodiscard]] bool can_shrink() const noexcept { return !has_unread() && capacity_ > WAITING_BYTES; }
  void shrink();

  // Of the last frame that was begun.
  [[nodiscard]] std::uint8_t sequence() const noexcept { return reader_.sequence(); }

  // What the first `bytes` of some bytes came in. `frames`: whole frames, which may be changed, until the next room();
  // empty: in a part of a frame, or in none that is kept.
  struct Piece {
    std::size_t bytes = 0;
    std::span<std::uint8_t> frames;
  };
  // Of the `size` bytes (not 0) that unpack() gave before the last `behind`. Goes forward only: once asked for, what
  // came before is forgotten.
  [[nodiscard]] Piece next_piece(std::size_t size, std::size_t behind);
  // All that was unpacked so far: none of its frames is what its bytes came in any more.
  void forget() noexcept;

 private:
  [[nodiscard]] Bytes unread() const noexcept { return {memory_.get() + next_, end_ - next_}; }
  [[nodiscard]] bool begins_frame(std::size_t room_bytes, std::size_t produced);
  void grow_to(std::size_t bytes);
  // The one at kept_, if all of it has been handed to the reader.
  [[nodiscard]] std::optional<FrameHeader> kept_frame() const;
  void pass_over(const FrameHeader& frame) noexcept;

  FrameReader reader_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t next_ = 0;        // of memory_, to be unpacked
  std::size_t end_ = 0;         // of what has been read
  std::size_t frame_left_ = 0;  // of the frame that is being unpacked
  std::uint64_t unpacked_ = 0;  // bytes so far
  boost::system::error_code broken_by_;
  bool keeps_frame_ = false;      // the one that is being unpacked, or was last
  std::size_t kept_ = 0;          // of memory_: where the first frame begins that may be asked for
  std::uint64_t kept_bytes_ = 0;  // that were unpacked before it
};

}  // namespace sluice::protocol
