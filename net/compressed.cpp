// The compressed protocol on a stream, above TLS.
#include "net/compressed.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::net {
namespace {

// Reads that bring nothing but empty frames, before others have their turn.
constexpr int ROUNDS_IN_A_TURN = 16;

}  // namespace

void Stream::compress(protocol::Compression algorithm, protocol::FrameWriter& writer, Bytes already_read) {
  compressed_ = std::make_unique<Compressed>(algorithm, writer, already_read);
}

bool Stream::is_compressed() const noexcept {
  return compressed_ != nullptr;
}

bool Stream::has_unread() const noexcept {
  return compressed_ && compressed_->batch.has_unread();
}

void Stream::number_frames_from(std::uint8_t sequence) noexcept {
  if (!compressed_) return;
  compressed_->sequence = sequence;
  compressed_->has_read = false;
}

void Stream::number_frames_on() noexcept {
  if (!compressed_ || !compressed_->has_read) return;
  compressed_->sequence = static_cast<std::uint8_t>(compressed_->batch.sequence() + 1);
  compressed_->has_read = false;
}

void Stream::number_frames_of_answer() noexcept {
  if (!compressed_) return;
  if (!compressed_->has_read) compressed_->sequence = 1;
  number_frames_on();
}

void Stream::forget_frames() noexcept {
  if (compressed_) compressed_->batch.forget();
}

// Of what has been read. Nothing: more must be read first.
std::optional<result<std::size_t>> Stream::unpack_some(Room into) noexcept {
  const auto unpacked = compressed_->batch.unpack(into);
  if (unpacked && *unpacked) compressed_->has_read = true;
  return unpacked;
}

awaitable<result<std::size_t>> Stream::read_frames(Room into) {
  auto& batch = compressed_->batch;
  for (int round = 1;; ++round) {
    if (const auto unpacked = unpack_some(into)) co_return *unpacked;
    if (round % ROUNDS_IN_A_TURN == 0) co_await boost::asio::post(boost::asio::use_awaitable);
    // More of what was long is likely to be there already; if not, the wait costs no memory.
    auto got = batch.can_shrink() ? try_read_bytes(batch.room()) : std::nullopt;
    if (!got) {
      if (batch.can_shrink()) batch.shrink();
      got = co_await read_bytes(batch.room());
    }
    if (!*got || **got == 0) co_return *got;
    batch.add(**got);
  }
}

awaitable<error_code> Stream::write_frames(Bytes bytes, std::optional<Origin> origin) {
  Compressed& state = *compressed_;
  auto* const source = origin ? origin->stream.compressed_.get() : nullptr;
  const bool may_pass = source != nullptr && source->algorithm == state.algorithm;
  while (!bytes.empty()) {
    auto piece = may_pass ? source->batch.next_piece(bytes.size(), origin->behind)
                          : protocol::FrameBatch::Piece{.bytes = bytes.size(), .frames = {}};
    if (piece.frames.empty()) {
      piece.bytes = std::min(piece.bytes, protocol::FrameWriter::FRAME_MAX_BYTES);
      state.writer.write(state.algorithm, bytes.first(piece.bytes), state.sequence, state.frames);
      piece.frames = state.frames;
    } else {
      protocol::FrameWriter::number(piece.frames, state.sequence);
    }
    const auto at_once = try_write_bytes(piece.frames);
    if (!at_once) co_return at_once.error();
    const auto rest = piece.frames.subspan(*at_once);
    if (!rest.empty()) {
      if (const auto error = co_await write_bytes(rest)) co_return error;
    }
    state.frames = {};
    bytes = bytes.subspan(piece.bytes);
  }
  co_return error_code{};
}

}  // namespace sluice::net
