#include "protocol/binlog/compression.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>

namespace sluice::protocol::binlog {

result<std::vector<std::uint8_t>> unpack_mariadb(Bytes packed) {
  Reader reader{packed};
  const auto head = reader.u8();
  const std::size_t width_bytes = head & 0x07;
  if (reader.ok() && ((head & 0xF8) != 0x80 || width_bytes < 1 || width_bytes > 4)) return Errc::bad_compression;
  const auto length = reader.big_endian(width_bytes);
  if (!reader.ok()) return Errc::truncated;
  if (length > max_event_bytes) return Errc::too_large;
  // zlib can't do better than a thousandth: a length that lies must not cost memory.
  const auto stream = reader.take_rest();
  if (length / 1100 > stream.size()) return Errc::bad_compression;
  std::vector<std::uint8_t> unpacked(static_cast<std::size_t>(length));
  auto unpacked_bytes = static_cast<uLongf>(unpacked.size());
  auto stream_bytes = static_cast<uLong>(stream.size());
  const auto status = ::uncompress2(unpacked.data(), &unpacked_bytes, stream.data(), &stream_bytes);
  if (status != Z_OK || unpacked_bytes != unpacked.size() || stream_bytes != stream.size()) {
    return Errc::bad_compression;
  }
  return unpacked;
}

struct PayloadReader::State {
  struct FreeStream {
    void operator()(ZSTD_DStream* stream) const noexcept { ::ZSTD_freeDStream(stream); }
  };

  Bytes packed;
  std::unique_ptr<ZSTD_DStream, FreeStream> zstd;  // empty: not compressed
  std::vector<std::uint8_t> window;                // unpacked, from `used` on not yet given out
  std::size_t used = 0;
  bool exhausted = false;

  // Unpacks some more into the window. False: that was all.
  result<bool> refill() {
    if (exhausted) return false;
    if (window.size() - used > max_event_bytes) return Errc::too_large;
    window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(used));
    used = 0;
    if (!zstd) {
      window.insert(window.end(), packed.begin(), packed.end());
      exhausted = true;
      return true;
    }
    const auto filled = window.size();
    // Doubling keeps a large event from being moved once a step.
    window.resize(filled + std::max(filled, ::ZSTD_DStreamOutSize()));
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{window.data(), window.size(), filled};
    const auto status = ::ZSTD_decompressStream(zstd.get(), &out, &in);
    window.resize(out.pos);
    const bool stuck = packed.empty() && status != 0 && out.pos == filled;
    if (::ZSTD_isError(status) != 0 || stuck) return Errc::bad_compression;
    packed = packed.subspan(in.pos);
    exhausted = packed.empty() && status == 0;
    return true;
  }
};

PayloadReader::PayloadReader(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader::~PayloadReader() = default;

result<PayloadReader> PayloadReader::open(const Event& event) {
  // Fields of type, length and value, each length-encoded, up to the end mark; then the payload.
  constexpr std::uint64_t end_mark = 0, compression_field = 2;
  constexpr std::uint64_t zstd = 0, none = 255;
  Reader reader{event.body};
  auto compression = none;
  while (reader.ok()) {
    const auto field = reader.length_encoded();
    if (field == end_mark) break;
    Reader value{reader.take(reader.length_encoded())};
    if (field == compression_field) compression = value.length_encoded();
    if (!value.ok()) return Errc::truncated;
  }
  if (!reader.ok()) return Errc::truncated;
  if (compression != zstd && compression != none) return Errc::unsupported_event;
  auto state = std::make_unique<State>();
  state->packed = reader.take_rest();
  if (compression == zstd) {
    state->zstd.reset(::ZSTD_createDStream());
    if (!state->zstd) std::abort();  // out of memory
  }
  return PayloadReader{std::move(state)};
}

result<std::optional<Event>> PayloadReader::next() {
  for (;;) {
    const auto event = next_inner_event(Bytes{state_->window}.subspan(state_->used));
    if (!event) return event.error();
    if (*event) {
      state_->used += (*event)->header.size_bytes;
      return *event;
    }
    const auto more = state_->refill();
    if (!more) return more.error();
    if (!*more) {
      if (state_->used < state_->window.size()) return Errc::truncated;
      return std::optional<Event>{};
    }
  }
}

}  // namespace sluice::protocol::binlog
