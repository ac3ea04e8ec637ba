#include "protocol/compression/frame_reader.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace sluice::protocol {
namespace {

class Inflate final : public Unpacker {
 public:
  Inflate() {
    if (::inflateInit(&stream_) != Z_OK) throw std::bad_alloc{};
  }
  ~Inflate() override { ::inflateEnd(&stream_); }

  void begin() override { ::inflateReset(&stream_); }
  result<Step> unpack(Bytes in, std::span<std::uint8_t> out) override {
    stream_.next_in = const_cast<std::uint8_t*>(in.data());  // zlib only reads it
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return WireErrc::bad_value;
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, status == Z_STREAM_END};
  }

 private:
  z_stream stream_{};
};

class Unzstd final : public Unpacker {
 public:
  Unzstd() : stream_(::ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc{};
    // No frame holds more than 16 MB, so no window needs to be larger.
    ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 24);
  }
  ~Unzstd() override { ::ZSTD_freeDStream(stream_); }

  void begin() override { ::ZSTD_DCtx_reset(stream_, ZSTD_reset_session_only); }
  result<Step> unpack(Bytes in, std::span<std::uint8_t> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const auto status = ::ZSTD_decompressStream(stream_, &to, &from);
    if (::ZSTD_isError(status) != 0) return WireErrc::bad_value;
    return Step{from.pos, to.pos, status == 0};
  }

 private:
  ZSTD_DStream* stream_;
};

std::unique_ptr<Unpacker> make_unpacker(Compression algorithm) {
  switch (algorithm) {
    case Compression::zlib:
      return std::make_unique<Inflate>();
    case Compression::zstd:
      break;
  }
  return std::make_unique<Unzstd>();
}

}  // namespace

FrameReader::FrameReader(Compression algorithm) : unpacker_(make_unpacker(algorithm)) {}

result<FrameReader::Step> FrameReader::read(Bytes in, std::span<std::uint8_t> out) {
  Step all;
  while (true) {
    if (header_seen_ < header_.size()) {
      if (in.empty()) return all;
      header_[header_seen_++] = in.front();
      in = in.subspan(1);
      ++all.consumed;
      if (header_seen_ < header_.size()) continue;
      begin_frame();
    }
    Step step;
    if (is_packed_) {
      const auto unpacked = read_packed(in.first(std::min(in.size(), in_left_)), out);
      if (!unpacked) return unpacked.error();
      step = *unpacked;
    } else {
      step.consumed = step.produced = std::min({in.size(), in_left_, out.size()});
      std::copy_n(in.begin(), step.produced, out.begin());
      out_left_ -= step.produced;
    }
    in = in.subspan(step.consumed);
    out = out.subspan(step.produced);
    in_left_ -= step.consumed;
    all.consumed += step.consumed;
    all.produced += step.produced;
    const bool is_complete = in_left_ == 0 && out_left_ == 0 && (!is_packed_ || stream_ended_);
    if (is_complete) {
      header_seen_ = 0;
      continue;
    }
    if (step.consumed == 0 && step.produced == 0) return all;
  }
}

void FrameReader::begin_frame() {
  const auto frame = read_frame_header(header_);
  in_left_ = frame.packed_bytes;
  out_left_ = frame.unpacked_bytes;
  is_packed_ = frame.is_packed;
  stream_ended_ = false;
  if (is_packed_) unpacker_->begin();
}

result<FrameReader::Step> FrameReader::read_packed(Bytes in, std::span<std::uint8_t> out) {
  // Behind the last byte that was announced comes the stream's own end, and nothing else.
  std::array<std::uint8_t, 1> beyond{};
  const bool all_there = out_left_ == 0;
  const auto room = all_there ? std::span<std::uint8_t>{beyond} : out.first(std::min(out.size(), out_left_));
  if (room.empty() || stream_ended_) return stream_ended_ && in_left_ > 0 ? result<Step>{WireErrc::bad_value} : Step{};
  const auto step = unpacker_->unpack(in, room);
  if (!step) return step.error();
  if (all_there && step->produced != 0) return WireErrc::bad_value;
  out_left_ -= step->produced;
  stream_ended_ = step->is_end;
  const bool ends_too_early = stream_ended_ && (out_left_ != 0 || step->consumed != in_left_);
  const bool is_cut_off = in_left_ == step->consumed && step->produced == 0 && !stream_ended_ && out_left_ != 0;
  const bool has_no_end = in_left_ == step->consumed && all_there && !stream_ended_;
  if (ends_too_early || is_cut_off || has_no_end) return WireErrc::bad_value;
  return Step{step->consumed, step->produced};
}

}  // namespace sluice::protocol
