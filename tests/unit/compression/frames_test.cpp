// Frames of the compressed protocol: whatever the pieces, what goes in comes out; and what they say of themselves is
// not believed.
#include <gmock/gmock.h>

#include "protocol/compression/frame_reader.hpp"
#include "protocol/compression/frame_writer.hpp"
#include "tests/unit/compression/noise.hpp"

namespace sluice::protocol {
namespace {

Stream letters(std::size_t size) {
  Stream text(size);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<std::uint8_t>('a' + i % 7);
  return text;
}

class Frames : public testing::TestWithParam<Compression> {
 protected:
  Stream frames_of(Bytes bytes, std::uint8_t sequence = 0) {
    Stream frames;
    writer.write(GetParam(), bytes, sequence, frames);
    return frames;
  }
  // All that a reader makes of `frames`, fed with so many bytes at once; nothing for an error.
  static std::optional<Stream> unpacked(Bytes frames, std::size_t in_bytes, std::size_t out_bytes) {
    FrameReader reader{GetParam()};
    Stream all;
    Stream room(out_bytes);
    while (true) {
      const auto piece = frames.first(std::min(frames.size(), in_bytes));
      const auto step = reader.read(piece, room);
      if (!step) return std::nullopt;
      EXPECT_LE(step->produced, room.size());
      all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step->produced));
      frames = frames.subspan(step->consumed);
      if (step->produced == 0 && step->consumed == 0) return all;
    }
  }
  FrameWriter writer;
};
INSTANTIATE_TEST_SUITE_P(With, Frames, testing::Values(Compression::zlib, Compression::zstd), [](const auto& info) {
  return std::string{info.param == Compression::zlib ? "zlib" : "zstd"};
});

TEST_P(Frames, give_back_what_was_put_in) {
  for (const std::size_t size : {1U, 49U, 50U, 51U, 1000U, 100'000U, 1'000'000U}) {
    for (const auto& bytes : {letters(size), noise(size)}) {
      EXPECT_EQ(unpacked(frames_of(bytes), 32 * 1024, 32 * 1024), bytes) << size;
    }
  }
}

TEST_P(Frames, may_be_cut_at_every_byte_and_read_into_any_room) {
  Stream bytes = letters(700);
  const auto more = noise(60);
  bytes.insert(bytes.end(), more.begin(), more.end());
  Stream frames;
  Stream both;
  for (int i = 0; i < 2; ++i) {
    const auto each = frames_of(bytes);
    frames.insert(frames.end(), each.begin(), each.end());
    both.insert(both.end(), bytes.begin(), bytes.end());
  }
  for (std::size_t in = 1; in <= frames.size(); ++in) EXPECT_EQ(unpacked(frames, in, 100), both) << in;
  for (std::size_t out = 1; out <= 64; ++out) EXPECT_EQ(unpacked(frames, frames.size(), out), both) << out;
  EXPECT_EQ(unpacked(frames, 1, 1), both);
}

TEST_P(Frames, are_numbered_and_bounded_and_small_ones_stay_as_they_are) {
  std::uint8_t sequence = 254;
  Stream frames;
  writer.write(GetParam(), letters(3 * FrameWriter::FRAME_MAX_BYTES), sequence, frames);
  EXPECT_EQ(sequence, 1);
  EXPECT_EQ(frames[3], 254);
  EXPECT_LT(frames.size(), 20'000U);
  const auto small = frames_of(letters(49), 9);
  EXPECT_EQ(small.size(), 49 + FRAME_HEADER_BYTES);
  EXPECT_THAT(Stream(small.begin(), small.begin() + 7), testing::ElementsAre(49, 0, 0, 9, 0, 0, 0));
  const auto random = frames_of(noise(500));
  EXPECT_EQ(random.size(), 500 + FRAME_HEADER_BYTES);
  FrameReader reader{GetParam()};
  Stream room(100);
  ASSERT_TRUE(reader.read(small, room));
  EXPECT_EQ(reader.sequence(), 9);
}

TEST_P(Frames, made_by_others_are_numbered_anew_and_stay_what_they_are) {
  const auto first = frames_of(letters(1000), 7);
  const auto second = frames_of(letters(10), 9);
  Stream both = first;
  both.insert(both.end(), second.begin(), second.end());
  Stream expected = both;
  expected[3] = 255;
  expected[first.size() + 3] = 0;
  std::uint8_t sequence = 255;
  FrameWriter::number(both, sequence);
  EXPECT_EQ(both, expected);
  EXPECT_EQ(sequence, 1);
}

TEST_P(Frames, whose_lengths_lie_are_refused) {
  const auto good = frames_of(letters(1000));
  ASSERT_LT(good.size(), 500U);
  const auto with = [&](std::size_t at, int change) {
    auto bad = good;
    bad[at] = static_cast<std::uint8_t>(bad[at] + change);
    return unpacked(bad, 4096, 4096);
  };
  for (const int change : {-1, 1, 10}) {
    SCOPED_TRACE(change);
    EXPECT_FALSE(with(4, change)) << "the length before compression";
  }
  for (const int change : {-1, -10}) {
    SCOPED_TRACE(change);
    EXPECT_FALSE(with(0, change)) << "the length after it is too small";
  }
  auto longer = good;
  longer[0] = static_cast<std::uint8_t>(longer[0] + 3);
  longer.insert(longer.end(), {1, 2, 3});
  EXPECT_FALSE(unpacked(longer, 4096, 4096)) << "more bytes than the stream has";
  auto huge = good;
  huge[6] = 0xFF;
  EXPECT_FALSE(unpacked(huge, 4096, 4096)) << "16 MB announced";
}

TEST_P(Frames, that_are_damaged_never_give_more_than_they_announce) {
  const auto good = frames_of(letters(2000));
  for (std::size_t at = FRAME_HEADER_BYTES; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= 0x55;
    const auto got = unpacked(bad, 4096, 4096);
    if (got) EXPECT_LE(got->size(), 2000U);
  }
}

TEST_P(Frames, without_bytes_are_passed_over) {
  Stream frames{0, 0, 0, 0, 0, 0, 0};
  const auto good = frames_of(letters(100), 1);
  frames.insert(frames.end(), good.begin(), good.end());
  EXPECT_EQ(unpacked(frames, 3, 10), letters(100));
}

}  // namespace
}  // namespace sluice::protocol
