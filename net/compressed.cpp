// The compressed protocol on a stream, above TLS.
#include "net/compressed.hpp"

#include <algorithm>

namespace sluice::net {
namespace {

// Of what is read and unpacked at once.
constexpr std::size_t READ_BYTES = 16 * 1024;

}  // namespace

void Stream::compress(protocol::Compression algorithm, protocol::FrameWriter& writer, Bytes already_read) {
  compressed_ = std::make_unique<Compressed>(algorithm, writer, already_read);
}

bool Stream::is_compressed() const noexcept {
  return compressed_ != nullptr;
}

void Stream::number_frames_from(std::uint8_t sequence) noexcept {
  if (!compressed_) return;
  compressed_->sequence = sequence;
  compressed_->has_read = false;
}

void Stream::number_frames_on() noexcept {
  if (!compressed_ || !compressed_->has_read) return;
  compressed_->sequence = static_cast<std::uint8_t>(compressed_->reader.sequence() + 1);
  compressed_->has_read = false;
}

void Stream::number_frames_of_answer() noexcept {
  if (!compressed_) return;
  if (!compressed_->has_read) compressed_->sequence = 1;
  number_frames_on();
}

// Of what has been read. Nothing: more must be read first.
std::optional<result<std::size_t>> Stream::unpack_some(Room into) noexcept {
  Compressed& state = *compressed_;
  const auto step = state.reader.read(Bytes{state.unread}.subspan(state.begin), into);
  if (!step) return result<std::size_t>{step.error()};
  state.begin += step->consumed;
  if (step->consumed != 0) state.has_read = true;
  if (state.begin == state.unread.size()) {
    state.unread = {};
    state.begin = 0;
  }
  if (step->produced == 0) return std::nullopt;
  return result<std::size_t>{step->produced};
}

awaitable<result<std::size_t>> Stream::read_frames(Room into) {
  Compressed& state = *compressed_;
  while (true) {
    if (const auto unpacked = unpack_some(into)) co_return *unpacked;
    state.unread.resize(READ_BYTES);  // all was used up
    const auto got = co_await read_bytes(state.unread);
    state.unread.resize(got ? *got : 0);
    if (!got || *got == 0) co_return got;
  }
}

awaitable<error_code> Stream::write_frames(Bytes bytes) {
  Compressed& state = *compressed_;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), protocol::FrameWriter::FRAME_MAX_BYTES));
    bytes = bytes.subspan(piece.size());
    state.writer.write(state.algorithm, piece, state.sequence, state.frames);
    if (const auto error = co_await write_bytes(state.frames)) co_return error;
    state.frames = {};
  }
  co_return error_code{};
}

}  // namespace sluice::net
