// What is read of a compressed stream is unpacked, and goes on in the very frames that it came in, where it is all that
// they hold.
#include <gmock/gmock.h>

#include <algorithm>

#include "protocol/compression/frame_batch.hpp"
#include "protocol/compression/frame_writer.hpp"
#include "tests/unit/compression/noise.hpp"

namespace sluice::protocol {
namespace {

Stream text(std::size_t size, unsigned seed) {
  Stream letters(size);
  for (std::size_t i = 0; i < size; ++i) letters[i] = static_cast<std::uint8_t>('a' + (i * (seed + 1) + i / 9) % 13);
  return letters;
}
Stream operator+(Stream left, const Stream& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class Batches : public testing::TestWithParam<Compression> {
 protected:
  Stream frame_of(Bytes bytes, std::uint8_t sequence = 0) {
    Stream frames;
    writer.write(GetParam(), bytes, sequence, frames);
    return frames;
  }
  static void hand(FrameBatch& batch, Bytes bytes) {
    const auto room = batch.room();
    ASSERT_GE(room.size(), bytes.size());
    std::ranges::copy(bytes, room.begin());
    batch.add(bytes.size());
  }
  static std::size_t unpacked(FrameBatch& batch, std::size_t room_bytes = 64 * 1024) {
    Stream room(room_bytes);
    const auto got = batch.unpack(room);
    return got && *got ? **got : 0;
  }
  static Stream frames(const FrameBatch::Piece& piece) { return {piece.frames.begin(), piece.frames.end()}; }

  FrameWriter writer;
  const Stream first = frame_of(text(1000, 1), 3);
  const Stream second = frame_of(text(20, 2), 4);  // not packed
  const Stream third = frame_of(text(3000, 3), 5);
};
INSTANTIATE_TEST_SUITE_P(With, Batches, testing::Values(Compression::zlib, Compression::zstd), [](const auto& info) {
  return std::string{info.param == Compression::zlib ? "zlib" : "zstd"};
});

TEST_P(Batches, of_whole_frames_go_on_as_they_came) {
  FrameBatch batch{GetParam(), first + second + third};
  EXPECT_EQ(unpacked(batch), 4020U);
  const auto piece = batch.next_piece(4020, 0);
  EXPECT_EQ(piece.bytes, 4020U);
  EXPECT_EQ(frames(piece), first + second + third);
}

TEST_P(Batches, pass_nothing_on_of_which_a_part_goes_elsewhere) {
  FrameBatch batch{GetParam(), first + second + third};
  ASSERT_EQ(unpacked(batch), 4020U);
  // The end of one answer, and the beginning of the next, in the first frame and in the third.
  auto piece = batch.next_piece(400, 3620);
  EXPECT_EQ(piece.bytes, 400U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
  piece = batch.next_piece(700, 2920);
  EXPECT_EQ(piece.bytes, 600U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
  piece = batch.next_piece(100, 2920);
  EXPECT_EQ(piece.bytes, 20U);
  EXPECT_EQ(frames(piece), second);
  piece = batch.next_piece(80, 2920);
  EXPECT_EQ(piece.bytes, 80U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
  piece = batch.next_piece(2920, 0);
  EXPECT_EQ(piece.bytes, 2920U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
}

TEST_P(Batches, pass_on_what_comes_behind_bytes_that_nobody_asked_for) {
  FrameBatch batch{GetParam(), first + second + third};
  ASSERT_EQ(unpacked(batch), 4020U);
  EXPECT_EQ(frames(batch.next_piece(20, 3000)), second);
  EXPECT_EQ(frames(batch.next_piece(3000, 0)), third);
}

TEST_P(Batches, leave_out_frames_that_hold_nothing) {
  const Stream nothing{0, 0, 0, 9, 0, 0, 0};
  FrameBatch batch{GetParam(), nothing + first + nothing + third + nothing};
  ASSERT_EQ(unpacked(batch), 4000U);
  auto piece = batch.next_piece(4000, 0);
  EXPECT_EQ(piece.bytes, 1000U);
  EXPECT_EQ(frames(piece), first);
  EXPECT_EQ(frames(batch.next_piece(3000, 0)), third);
}

TEST_P(Batches, unpack_a_frame_when_it_is_whole) {
  FrameBatch batch{GetParam(), {}};
  const auto both = first + third;
  for (std::size_t at = 0; at + 1 < first.size(); ++at) {
    hand(batch, Bytes{both}.subspan(at, 1));
    EXPECT_EQ(unpacked(batch), 0U);
  }
  hand(batch, Bytes{both}.subspan(first.size() - 1, 20));
  EXPECT_EQ(unpacked(batch), 1000U);
  EXPECT_EQ(batch.sequence(), 3);
  EXPECT_EQ(frames(batch.next_piece(1000, 0)), first);
  EXPECT_EQ(unpacked(batch), 0U);
  hand(batch, Bytes{both}.subspan(first.size() + 19));
  EXPECT_EQ(unpacked(batch), 3000U);
  EXPECT_EQ(frames(batch.next_piece(3000, 0)), third);
}

TEST_P(Batches, begin_no_frame_that_does_not_fit_behind_another) {
  FrameBatch batch{GetParam(), first + third};
  EXPECT_EQ(unpacked(batch, 1500), 1000U);
  EXPECT_EQ(frames(batch.next_piece(1000, 0)), first);
  EXPECT_EQ(unpacked(batch, 1024), 1024U) << "but they begin one that fits nowhere";
  EXPECT_EQ(unpacked(batch, 4096), 1976U);
  EXPECT_EQ(frames(batch.next_piece(3000, 0)), third) << "and it goes on, if it is asked for when it is there";
}

TEST_P(Batches, read_much_at_once_in_the_midst_of_a_long_frame) {
  const auto long_one = frame_of(noise(300'000));
  FrameBatch batch{GetParam(), {}};
  std::size_t at = 0;
  int reads = 0;
  while (at < long_one.size()) {
    const auto room = batch.room();
    const auto piece = Bytes{long_one}.subspan(at, std::min(room.size(), long_one.size() - at));
    std::ranges::copy(piece, room.begin());
    batch.add(piece.size());
    at += piece.size();
    ++reads;
    EXPECT_TRUE(at == long_one.size() || (unpacked(batch), batch.has_unread()));
    if (batch.can_shrink()) batch.shrink();
  }
  EXPECT_LE(reads, 2 + 300'000 / 16'000);
}

TEST_P(Batches, keep_no_frame_that_is_too_long) {
  const auto long_one = frame_of(noise(100'000));
  ASSERT_GT(long_one.size(), FrameBatch::KEPT_FRAME_MAX_BYTES);
  const auto all = long_one + first;
  FrameBatch batch{GetParam(), {}};
  std::size_t got = 0;
  std::size_t at = 0;
  while (at < all.size()) {
    const auto room = batch.room();
    EXPECT_LE(room.size(), FrameBatch::BATCH_BYTES);
    const auto size = std::min(room.size(), all.size() - at);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
    batch.add(size);
    at += size;
    while (const auto some = unpacked(batch)) got += some;
    if (got < 100'000) EXPECT_GE(got + 32, at) << "as it comes";
  }
  EXPECT_EQ(got, 101'000U);
  const auto piece = batch.next_piece(2000, 0);
  EXPECT_EQ(piece.bytes, 1000U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
  EXPECT_EQ(frames(batch.next_piece(1000, 0)), first);
}

TEST_P(Batches, hold_no_more_than_a_frame_needs_and_give_it_back) {
  FrameBatch batch{GetParam(), {}};
  const auto large = frame_of(noise(40'000));
  EXPECT_EQ(batch.room().size(), FrameBatch::WAITING_BYTES);
  EXPECT_FALSE(batch.can_shrink());
  hand(batch, Bytes{large}.first(1000));
  EXPECT_EQ(unpacked(batch), 0U);
  EXPECT_EQ(batch.room().size(), large.size() - 1000);
  EXPECT_FALSE(batch.can_shrink());
  hand(batch, Bytes{large}.subspan(1000));
  EXPECT_EQ(unpacked(batch), 40'000U);
  EXPECT_EQ(frames(batch.next_piece(40'000, 0)), large);
  ASSERT_TRUE(batch.can_shrink());
  batch.shrink();
  EXPECT_EQ(batch.room().size(), FrameBatch::WAITING_BYTES);
  hand(batch, first);
  EXPECT_EQ(unpacked(batch), 1000U);
  EXPECT_EQ(frames(batch.next_piece(1000, 0)), first);
}

TEST_P(Batches, pass_nothing_on_that_was_changed_since) {
  FrameBatch batch{GetParam(), first + third};
  ASSERT_EQ(unpacked(batch, 1024), 1000U);
  ASSERT_EQ(unpacked(batch, 1024), 1024U);
  batch.forget();  // in the midst of a frame
  ASSERT_EQ(unpacked(batch), 1976U);
  const auto piece = batch.next_piece(4000, 0);
  EXPECT_EQ(piece.bytes, 4000U);
  EXPECT_THAT(frames(piece), testing::IsEmpty());
  hand(batch, second);
  EXPECT_EQ(unpacked(batch), 20U);
  EXPECT_EQ(frames(batch.next_piece(20, 0)), second);
}

TEST_P(Batches, end_at_a_frame_that_lies) {
  for (const int change : {-1, 1}) {
    auto bad = first;
    bad[4] = static_cast<std::uint8_t>(bad[4] + change);
    FrameBatch batch{GetParam(), third + bad + second};
    EXPECT_EQ(unpacked(batch), 3000U) << "up to it";
    Stream room(4096);
    for (int i = 0; i < 3; ++i) {
      const auto got = batch.unpack(room);
      ASSERT_TRUE(got);
      EXPECT_EQ(got->error(), WireErrc::bad_value);
    }
    EXPECT_EQ(frames(batch.next_piece(3000, 0)), third);
  }
}

// Whatever comes in whatever pieces, and wherever what goes on is cut.
TEST_P(Batches, hand_on_exactly_what_came) {
  std::mt19937 dice{11};
  const auto below = [&](std::size_t limit) { return std::size_t{dice()} % limit; };
  std::size_t passed = 0;
  for (int round = 0; round < 100; ++round) {
    Stream in;
    Stream meant;
    for (int i = 0; i < 20; ++i) {
      const bool is_long = below(8) == 0;
      const auto bytes = is_long ? noise(below(90'000)) : text(below(below(2) == 0 ? 200 : 20'000), dice() % 9);
      meant = meant + bytes;
      in = in + (bytes.empty() ? Stream{0, 0, 0, 0, 0, 0, 0} : frame_of(bytes));
    }
    Bytes coming{in};
    const std::size_t ahead = below(200);
    FrameBatch batch{GetParam(), coming.first(ahead)};
    coming = coming.subspan(ahead);
    Stream held;  // unpacked, and not gone on yet
    Stream out;
    const auto go_on = [&](std::size_t size) {
      while (size != 0) {
        const auto piece = batch.next_piece(size, held.size() - size);
        ASSERT_TRUE(piece.bytes != 0 && piece.bytes <= size);
        out = out + (piece.frames.empty() ? frame_of(Bytes{held}.first(piece.bytes)) : frames(piece));
        if (!piece.frames.empty()) passed += piece.bytes;
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(piece.bytes));
        size -= piece.bytes;
      }
    };
    while (true) {
      Stream room(1 + below(below(2) == 0 ? 1'000 : 70'000));
      const auto got = batch.unpack(room);
      if (!got) {
        if (coming.empty()) break;
        const auto size = std::min({batch.room().size(), coming.size(), 1 + below(30'000)});
        hand(batch, coming.first(size));
        coming = coming.subspan(size);
        continue;
      }
      ASSERT_TRUE(*got);
      room.resize(**got);
      held = held + room;
      if (below(4) != 0) go_on(below(3) == 0 ? below(held.size() + 1) : held.size());
    }
    go_on(held.size());
    FrameReader reader{GetParam()};
    Stream heard(meant.size() + 1);
    const auto step = reader.read(out, heard);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->consumed, out.size());
    heard.resize(step->produced);
    ASSERT_EQ(heard, meant);
  }
  EXPECT_GT(passed, 1'000'000U);
}

}  // namespace
}  // namespace sluice::protocol
