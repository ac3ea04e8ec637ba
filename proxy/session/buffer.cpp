#include "proxy/session/buffer.hpp"

#include <cstring>
#include <utility>

namespace sluice::proxy {

BlockPool::Block BlockPool::take() {
  if (free_.empty()) return std::make_unique_for_overwrite<std::uint8_t[]>(BLOCK_BYTES);
  Block block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void BlockPool::give(Block block) {
  if (free_.size() < KEPT_BLOCKS_MAX) free_.push_back(std::move(block));
}

std::span<std::uint8_t> Buffer::room() {
  if (end_ == capacity_) compact();
  if (end_ == capacity_) reserve(is_grown() ? 2 * capacity_ : BlockPool::BLOCK_BYTES);
  return {data_ + end_, capacity_ - end_};
}

void Buffer::take_block() {
  auto block = pool_.take();
  const auto held = bytes();
  if (!held.empty()) std::memcpy(block.get(), held.data(), held.size());
  release();
  block_ = std::move(block);
  data_ = block_.get();
  capacity_ = BlockPool::BLOCK_BYTES;
  end_ = held.size();
}

void Buffer::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Buffer::replace(std::size_t bytes, std::span<const std::uint8_t> with) {
  const auto held = this->bytes().subspan(bytes);
  std::vector<std::uint8_t> all{with.begin(), with.end()};
  all.insert(all.end(), held.begin(), held.end());
  consume(this->bytes().size());
  reserve(all.size());
  std::memcpy(data_ + end_, all.data(), all.size());
  add(all.size());
}

void Buffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_) {
    if (begin_ + bytes > capacity_) compact();
    return;
  }
  if (bytes <= BlockPool::BLOCK_BYTES) return take_block();
  std::vector<std::uint8_t> larger(bytes);
  const auto held = this->bytes();
  if (!held.empty()) std::memcpy(larger.data(), held.data(), held.size());
  release();
  large_ = std::move(larger);
  data_ = large_.data();
  capacity_ = large_.size();
  end_ = held.size();
}

void Buffer::release() noexcept {
  if (block_) pool_.give(std::move(block_));
  large_ = {};
  data_ = own_.data();
  capacity_ = OWN_BYTES;
  begin_ = end_ = 0;
}

void Buffer::compact() noexcept {
  if (begin_ == 0) return;
  std::memmove(data_, data_ + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

}  // namespace sluice::proxy
