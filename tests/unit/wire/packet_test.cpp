#include "protocol/wire/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using Buffer = std::vector<std::uint8_t>;

constexpr std::size_t LIMIT_BYTES = 64 * 1024 * 1024;

Buffer counting_bytes(std::size_t size) {
  Buffer bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

Buffer copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(Framing, WritesLengthSequenceAndPayload) {
  const Buffer payload{0x03, 'x'};
  EXPECT_THAT(frame(payload, 7), ElementsAre(2, 0, 0, 7, 0x03, 'x'));
  EXPECT_THAT(frame({}, 255), ElementsAre(0, 0, 0, 255));
}

TEST(Framing, SplitsAtSixteenMegabytesLessOne) {
  const auto framed = frame(counting_bytes(PACKET_PAYLOAD_MAX_BYTES + 1), 255);
  ASSERT_EQ(framed.size(), PACKET_PAYLOAD_MAX_BYTES + 1 + 2 * PACKET_HEADER_BYTES);
  const auto second = read_packet_header(Bytes{framed}.subspan(PACKET_HEADER_BYTES + PACKET_PAYLOAD_MAX_BYTES));
  EXPECT_EQ(second.length_bytes, 1U);
  EXPECT_EQ(second.sequence, 0U);
}

TEST(Framing, EndsAnExactlyFullPacketWithAnEmptyOne) {
  const auto framed = frame(counting_bytes(PACKET_PAYLOAD_MAX_BYTES), 0);
  ASSERT_EQ(framed.size(), PACKET_PAYLOAD_MAX_BYTES + 2 * PACKET_HEADER_BYTES);
  EXPECT_THAT(Buffer(framed.end() - 4, framed.end()), ElementsAre(0, 0, 0, 1));
}

TEST(Assembler, TakesPacketsByteByByte) {
  PacketAssembler assembler{LIMIT_BYTES};
  auto stream = frame(counting_bytes(5), 3);
  const auto second = frame({}, 4);
  stream.insert(stream.end(), second.begin(), second.end());
  std::vector<std::pair<Buffer, int>> packets;
  for (const auto byte : stream) {
    assembler.feed(Bytes{&byte, 1});
    const auto packet = assembler.next();
    ASSERT_TRUE(packet.has_value());
    if (*packet) packets.emplace_back(copy((*packet)->payload), (*packet)->sequence);
  }
  EXPECT_THAT(packets, ElementsAre(std::pair{counting_bytes(5), 3}, std::pair{Buffer{}, 4}));
  EXPECT_EQ(assembler.buffered_bytes(), 0U);
}

TEST(Assembler, TakesSeveralPacketsAndABitFromOneRead) {
  PacketAssembler assembler{LIMIT_BYTES};
  auto stream = frame(counting_bytes(2), 0);
  for (const auto& more : {frame(counting_bytes(3), 1), Buffer{9, 0}}) {
    stream.insert(stream.end(), more.begin(), more.end());
  }
  assembler.feed(stream);
  EXPECT_EQ(assembler.next().value()->payload.size(), 2U);
  EXPECT_EQ(assembler.next().value()->payload.size(), 3U);
  EXPECT_FALSE(assembler.next().value().has_value());
  EXPECT_EQ(assembler.buffered_bytes(), 2U);
}

TEST(Assembler, JoinsWhatFrameHasSplit) {
  for (const auto size : {PACKET_PAYLOAD_MAX_BYTES - 1, PACKET_PAYLOAD_MAX_BYTES, 2 * PACKET_PAYLOAD_MAX_BYTES + 5}) {
    PacketAssembler assembler{LIMIT_BYTES};
    const auto payload = counting_bytes(size);
    const auto framed = frame(payload, 250);
    constexpr std::size_t PIECE_BYTES = 1000003;
    for (std::size_t at = 0; at < framed.size(); at += PIECE_BYTES) {
      EXPECT_FALSE(assembler.next().value().has_value());
      assembler.feed(Bytes{framed}.subspan(at, std::min(PIECE_BYTES, framed.size() - at)));
    }
    const auto packet = assembler.next().value();
    ASSERT_TRUE(packet.has_value());
    EXPECT_TRUE(std::ranges::equal(packet->payload, payload));
    EXPECT_EQ(packet->sequence, static_cast<std::uint8_t>(250 + size / PACKET_PAYLOAD_MAX_BYTES));
    EXPECT_FALSE(assembler.next().value().has_value());
    EXPECT_EQ(assembler.buffered_bytes(), 0U);
  }
}

TEST(Assembler, RefusesAnOversizedPacketByItsHeader) {
  PacketAssembler assembler{100};
  assembler.feed(frame(counting_bytes(100), 0));
  EXPECT_EQ(assembler.next().value()->payload.size(), 100U);
  assembler.feed(Buffer{101, 0, 0, 0});
  EXPECT_EQ(assembler.next().error(), WireErrc::packet_too_large);
}

TEST(Assembler, CountsContinuationsAgainstTheLimit) {
  PacketAssembler assembler{PACKET_PAYLOAD_MAX_BYTES + 1};
  assembler.feed(frame(counting_bytes(PACKET_PAYLOAD_MAX_BYTES + 2), 0));
  EXPECT_EQ(assembler.next().error(), WireErrc::packet_too_large);
}

TEST(Assembler, RefusesAContinuationWithAWrongNumber) {
  PacketAssembler assembler{LIMIT_BYTES};
  auto framed = frame(counting_bytes(PACKET_PAYLOAD_MAX_BYTES), 0);
  framed.back() = 5;
  assembler.feed(framed);
  EXPECT_EQ(assembler.next().error(), WireErrc::out_of_order);
}

TEST(Payload, ReadsBackTheNumbersThatItWrote) {
  for (const std::uint64_t value : {0ULL, 250ULL, 251ULL, 0xFFFFULL, 0x10000ULL, 0xFFFFFFULL, 0x1000000ULL, ~0ULL}) {
    Buffer bytes;
    Writer{bytes}.length_encoded(value);
    Reader reader{bytes};
    EXPECT_EQ(reader.length_encoded(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Reader cut{Bytes{bytes}.first(size)};
      EXPECT_EQ(cut.length_encoded(), 0U);
      EXPECT_FALSE(cut.ok());
    }
  }
}

TEST(Payload, ReadsNothingMoreAfterTheFirstMissingField) {
  const Buffer bytes{1, 2, 3};
  Reader reader{bytes};
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_TRUE(reader.take_rest().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Payload, TakesNeitherNullNorErrForALength) {
  for (const auto first : {std::uint8_t{0xFB}, std::uint8_t{0xFF}}) {
    const Buffer bytes{first, 1, 1, 1, 1, 1, 1, 1, 1};
    Reader reader{bytes};
    EXPECT_EQ(reader.length_encoded(), 0U);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(Payload, WantsTheZeroOfATextUnlessTheEndServesAsWell) {
  const Buffer bytes{'a', 'b'};
  Reader strict{bytes};
  EXPECT_EQ(strict.zero_terminated(), "");
  EXPECT_FALSE(strict.ok());
  Reader lenient{bytes};
  EXPECT_EQ(lenient.zero_terminated_or_rest(), "ab");
  EXPECT_TRUE(lenient.ok());
}

}  // namespace
}  // namespace sluice::protocol
