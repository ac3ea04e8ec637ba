#include "protocol/compression/frame_batch.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::protocol {

FrameBatch::FrameBatch(Compression algorithm, Bytes already_read) : reader_(algorithm) {
  grow_to(std::max(already_read.size(), WAITING_BYTES));
  std::ranges::copy(already_read, memory_.get());
  end_ = already_read.size();
}

std::optional<result<std::size_t>> FrameBatch::unpack(std::span<std::uint8_t> out) {
  std::size_t produced = 0;
  while (!broken_by_ && (!reader_.is_between_frames() || begins_frame(out.size() - produced, produced))) {
    const auto step = reader_.read(unread().first(std::min(frame_left_, unread().size())), out.subspan(produced));
    if (!step) {
      broken_by_ = step.error();
      break;
    }
    next_ += step->consumed;
    frame_left_ -= step->consumed;
    produced += step->produced;
    unpacked_ += step->produced;
    if (!keeps_frame_) forget();
    if (!reader_.is_between_frames()) break;  // `out` is full, or the frame is read on
  }
  if (produced != 0) return result<std::size_t>{produced};
  if (broken_by_) return result<std::size_t>{broken_by_};
  return std::nullopt;
}

bool FrameBatch::begins_frame(std::size_t room_bytes, std::size_t produced) {
  if (unread().size() < FRAME_HEADER_BYTES) return false;
  const auto frame = read_frame_header(unread());
  const bool is_kept = frame.frame_bytes() <= KEPT_FRAME_MAX_BYTES;
  if (is_kept && unread().size() < frame.frame_bytes()) return false;
  if (produced != 0 && frame.unpacked_bytes > room_bytes) return false;
  keeps_frame_ = is_kept;
  frame_left_ = frame.frame_bytes();
  return true;
}

std::span<std::uint8_t> FrameBatch::room() {
  std::memmove(memory_.get(), memory_.get() + next_, end_ - next_);
  end_ -= next_;
  next_ = 0;
  forget();
  // The rest of what has begun is on its way, and more behind it.
  if (has_unread()) grow_to(BATCH_BYTES);
  if (end_ >= FRAME_HEADER_BYTES) grow_to(read_frame_header(unread()).frame_bytes());
  return {memory_.get() + end_, capacity_ - end_};
}

void FrameBatch::shrink() {
  next_ = end_ = capacity_ = 0;
  forget();
  grow_to(WAITING_BYTES);
}

void FrameBatch::grow_to(std::size_t bytes) {
  if (bytes <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(bytes);
  std::copy_n(memory_.get(), end_, larger.get());
  memory_ = std::move(larger);
  capacity_ = bytes;
}

FrameBatch::Piece FrameBatch::next_piece(std::size_t size, std::size_t behind) {
  const std::uint64_t begin = unpacked_ - behind - size;
  auto frame = kept_frame();
  for (; frame && (kept_bytes_ < begin || frame->unpacked_bytes == 0); frame = kept_frame()) pass_over(*frame);
  if (!frame || kept_bytes_ >= begin + size) return {.bytes = size, .frames = {}};
  if (kept_bytes_ > begin) return {.bytes = static_cast<std::size_t>(kept_bytes_ - begin), .frames = {}};
  const std::size_t first = kept_;
  for (; frame && frame->unpacked_bytes != 0 && kept_bytes_ + frame->unpacked_bytes <= begin + size;
       frame = kept_frame()) {
    pass_over(*frame);
  }
  if (kept_ == first) return {.bytes = size, .frames = {}};
  return {.bytes = static_cast<std::size_t>(kept_bytes_ - begin), .frames = {memory_.get() + first, kept_ - first}};
}

void FrameBatch::forget() noexcept {
  keeps_frame_ = false;
  kept_ = next_;
  kept_bytes_ = unpacked_;
}

std::optional<FrameHeader> FrameBatch::kept_frame() const {
  const Bytes kept{memory_.get() + kept_, next_ - kept_};
  if (kept.size() < FRAME_HEADER_BYTES) return std::nullopt;
  const auto frame = read_frame_header(kept);
  if (kept.size() < frame.frame_bytes()) return std::nullopt;
  return frame;
}

void FrameBatch::pass_over(const FrameHeader& frame) noexcept {
  kept_ += frame.frame_bytes();
  kept_bytes_ += frame.unpacked_bytes;
}

}  // namespace sluice::protocol
