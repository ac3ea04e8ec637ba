#include "proxy/session/buffer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace sluice::proxy {
namespace {

void put(Buffer& buffer, std::string_view text) {
  const auto room = buffer.room();
  ASSERT_GE(room.size(), text.size());
  std::ranges::copy(text, room.begin());
  buffer.add(text.size());
}

std::string text_of(const Buffer& buffer) {
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

TEST(BufferOfOneDirection, gives_back_in_order_what_was_put_in) {
  BlockPool pool;
  Buffer buffer{pool};
  put(buffer, "hello ");
  put(buffer, "world");
  buffer.consume(3);
  EXPECT_EQ(text_of(buffer), "lo world");
  buffer.consume(8);
  EXPECT_TRUE(buffer.empty());
}

TEST(BufferOfOneDirection, moves_its_bytes_to_the_front_before_it_grows) {
  BlockPool pool;
  Buffer buffer{pool};
  buffer.reserve(BlockPool::BLOCK_BYTES);
  put(buffer, std::string(BlockPool::BLOCK_BYTES, 'a'));
  buffer.consume(BlockPool::BLOCK_BYTES - 2);
  EXPECT_EQ(buffer.room().size(), BlockPool::BLOCK_BYTES - 2);
  EXPECT_EQ(text_of(buffer), "aa");
}

TEST(BufferOfOneDirection, keeps_its_bytes_when_more_is_reserved) {
  BlockPool pool;
  Buffer buffer{pool};
  put(buffer, "command");
  buffer.reserve(4 * BlockPool::BLOCK_BYTES);
  EXPECT_EQ(text_of(buffer), "command");
  EXPECT_GE(buffer.room().size(), 4 * BlockPool::BLOCK_BYTES - 7);
}

TEST(BufferOfOneDirection, takes_a_block_when_its_own_room_is_full_and_gives_it_back) {
  BlockPool pool;
  Buffer buffer{pool};
  const std::string full(Buffer::OWN_BYTES, 'a');
  put(buffer, full);
  EXPECT_TRUE(buffer.is_full());
  EXPECT_FALSE(buffer.is_grown());
  EXPECT_EQ(buffer.room().size(), BlockPool::BLOCK_BYTES - Buffer::OWN_BYTES);
  EXPECT_TRUE(buffer.is_grown());
  EXPECT_EQ(text_of(buffer), full);
  buffer.release();
  EXPECT_EQ(buffer.room().size(), Buffer::OWN_BYTES);
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace sluice::proxy
