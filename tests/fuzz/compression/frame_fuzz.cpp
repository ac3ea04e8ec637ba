// Frames of the compressed protocol, from whoever. The first byte chooses the algorithm and the pieces; the rest is
// read as frames, whole and in pieces, passed on as they came as far as they are whole, and then written as frames and
// read back.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "protocol/compression/frame_batch.hpp"
#include "protocol/compression/frame_reader.hpp"
#include "protocol/compression/frame_writer.hpp"

namespace {

using namespace sluice::protocol;
using Stream = std::vector<std::uint8_t>;

constexpr std::size_t UNPACKED_MAX = std::size_t{1} << 20;

void require(bool promise) {
  if (!promise) std::abort();
}

// Nothing: refused, or more than is looked at here.
std::optional<Stream> unpacked(Compression algorithm, Bytes frames, std::size_t in_bytes, std::size_t out_bytes) {
  FrameReader reader{algorithm};
  Stream all;
  Stream room(out_bytes);
  while (all.size() < UNPACKED_MAX) {
    const auto piece = frames.first(std::min(frames.size(), in_bytes));
    const auto step = reader.read(piece, room);
    if (!step) return std::nullopt;
    require(step->consumed <= piece.size() && step->produced <= room.size());
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step->produced));
    frames = frames.subspan(step->consumed);
    if (step->produced == 0 && step->consumed == 0) return all;
  }
  return std::nullopt;
}

// What `bytes` was unpacked to in a batch, told by the frames that went on.
Stream passed_on(Compression algorithm, Bytes frames, std::size_t in_bytes, std::size_t out_bytes) {
  FrameBatch batch{algorithm, {}};
  FrameWriter writer;
  Stream room(out_bytes);
  Stream out;
  std::size_t produced = 0;
  while (produced < UNPACKED_MAX) {
    if (const auto got = batch.unpack(room)) {
      if (!*got) break;
      require(**got != 0 && **got <= room.size());
      produced += **got;
      for (Bytes rest = Bytes{room}.first(**got); !rest.empty();) {
        const auto piece = batch.next_piece(rest.size(), 0);
        require(piece.bytes != 0 && piece.bytes <= rest.size());
        Stream packed;
        std::uint8_t sequence = 0;
        if (piece.frames.empty()) writer.write(algorithm, rest.first(piece.bytes), sequence, packed);
        out.insert(out.end(), packed.begin(), packed.end());
        out.insert(out.end(), piece.frames.begin(), piece.frames.end());
        rest = rest.subspan(piece.bytes);
      }
      continue;
    }
    if (frames.empty()) break;
    const auto into = batch.room();
    require(!into.empty());
    const auto piece = frames.first(std::min({frames.size(), into.size(), in_bytes}));
    std::ranges::copy(piece, into.begin());
    batch.add(piece.size());
    frames = frames.subspan(piece.size());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto algorithm = (data[0] & 1) != 0 ? Compression::zlib : Compression::zstd;
  const std::size_t piece_bytes = 1 + data[0] / 8U;
  const Bytes rest{data + 1, size - 1};
  const auto whole = unpacked(algorithm, rest, size, 32 * 1024);
  const auto pieces = unpacked(algorithm, rest, piece_bytes, 32 * 1024);
  require(whole == pieces);
  const auto passed = unpacked(algorithm, passed_on(algorithm, rest, piece_bytes, 1 + data[0]), size, 32 * 1024);
  require(!whole ||
          (passed && passed->size() <= whole->size() && std::equal(passed->begin(), passed->end(), whole->begin())));

  Stream frames;
  std::uint8_t sequence = data[0];
  FrameWriter writer;
  writer.write(algorithm, rest, sequence, frames);
  const auto back = unpacked(algorithm, frames, piece_bytes, 1 + data[0]);
  require(back && std::ranges::equal(*back, rest));
  return 0;
}
