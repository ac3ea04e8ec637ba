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

TEST(BufferOfOneDirection, has_room_again_after_release) {
  BlockPool pool;
  Buffer buffer{pool};
  put(buffer, "x");
  buffer.consume(1);
  buffer.release();
  EXPECT_EQ(buffer.room().size(), BlockPool::BLOCK_BYTES);
}

}  // namespace
}  // namespace sluice::proxy
