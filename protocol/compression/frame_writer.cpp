#include "protocol/compression/frame_writer.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace sluice::protocol {
namespace {

// The servers' own defaults (net_compression_level, protocol's zstd level).
constexpr int ZLIB_LEVEL = 6;
constexpr int ZSTD_LEVEL = 3;

constexpr std::size_t SEQUENCE_AT = 3;  // in a frame's header

void put_little_endian(std::uint8_t* to, std::size_t value) {
  for (std::size_t i = 0; i < 3; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

// Made when they are first needed: most connections are not compressed.
struct FrameWriter::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (has_deflate) ::deflateEnd(&deflate);
    ::ZSTD_freeCCtx(zstd);
  }

  std::size_t pack_zlib(Bytes bytes, std::span<std::uint8_t> room) {
    if (!has_deflate && ::deflateInit(&deflate, ZLIB_LEVEL) != Z_OK) throw std::bad_alloc{};
    has_deflate = true;
    ::deflateReset(&deflate);
    deflate.next_in = const_cast<std::uint8_t*>(bytes.data());  // zlib only reads it
    deflate.avail_in = static_cast<uInt>(bytes.size());
    deflate.next_out = room.data();
    deflate.avail_out = static_cast<uInt>(room.size());
    return ::deflate(&deflate, Z_FINISH) == Z_STREAM_END ? room.size() - deflate.avail_out : 0;
  }
  std::size_t pack_zstd(Bytes bytes, std::span<std::uint8_t> room) {
    if (zstd == nullptr) zstd = ::ZSTD_createCCtx();
    if (zstd == nullptr) throw std::bad_alloc{};
    const auto packed = ::ZSTD_compressCCtx(zstd, room.data(), room.size(), bytes.data(), bytes.size(), ZSTD_LEVEL);
    return ::ZSTD_isError(packed) != 0 ? 0 : packed;
  }

  z_stream deflate{};
  bool has_deflate = false;
  ZSTD_CCtx* zstd = nullptr;
};

FrameWriter::FrameWriter() : state_(std::make_unique<State>()) {}
FrameWriter::~FrameWriter() = default;

void FrameWriter::write(Compression algorithm, Bytes bytes, std::uint8_t& sequence, std::vector<std::uint8_t>& frames) {
  frames.clear();
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), FRAME_MAX_BYTES));
    bytes = bytes.subspan(piece.size());
    const auto begin = frames.size();
    frames.resize(begin + FRAME_HEADER_BYTES);
    const bool is_packed = piece.size() >= PACKED_MIN_BYTES && pack(algorithm, piece, frames);
    if (!is_packed) frames.insert(frames.end(), piece.begin(), piece.end());
    put_little_endian(frames.data() + begin, frames.size() - begin - FRAME_HEADER_BYTES);
    frames[begin + SEQUENCE_AT] = sequence++;
    put_little_endian(frames.data() + begin + 4, is_packed ? piece.size() : 0);
  }
}

void FrameWriter::number(std::span<std::uint8_t> frames, std::uint8_t& sequence) noexcept {
  while (!frames.empty()) {
    frames[SEQUENCE_AT] = sequence++;
    frames = frames.subspan(read_frame_header(frames).frame_bytes());
  }
}

bool FrameWriter::pack(Compression algorithm, Bytes bytes, std::vector<std::uint8_t>& frames) {
  const auto begin = frames.size();
  frames.resize(begin + bytes.size());
  const auto room = std::span{frames}.subspan(begin);
  std::size_t packed = 0;
  switch (algorithm) {
    case Compression::zlib:
      packed = state_->pack_zlib(bytes, room);
      break;
    case Compression::zstd:
      packed = state_->pack_zstd(bytes, room);
      break;
  }
  frames.resize(begin + (packed < bytes.size() ? packed : 0));
  return packed != 0 && packed < bytes.size();
}

}  // namespace sluice::protocol
