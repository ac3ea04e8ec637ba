// The bytes of one direction of a session: read from one side, not yet written to the other.
//
// A buffer has a little room of its own, in which a session waits for what comes next, and borrows a block from its
// thread's pool while there is more, so that an idle session costs none. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::proxy {

class BlockPool {
 public:
  static constexpr std::size_t BLOCK_BYTES = 64 * 1024;

  using Block = std::unique_ptr<std::uint8_t[]>;
  [[nodiscard]] Block take();
  void give(Block block);

 private:
  static constexpr std::size_t KEPT_BLOCKS_MAX = 128;
  std::vector<Block> free_;
};

class Buffer {
 public:
  static constexpr std::size_t OWN_BYTES = 1024;  // most commands, and the answers to them

  explicit Buffer(BlockPool& pool) noexcept : pool_(pool) {}
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {data_ + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

  // Free room behind the bytes, never empty: a full buffer takes a block, then doubles. The caller bounds what it keeps
  // here.
  [[nodiscard]] std::span<std::uint8_t> room();
  [[nodiscard]] bool is_full() const noexcept { return end_ == capacity_; }
  // Holds memory beyond its own room.
  [[nodiscard]] bool is_grown() const noexcept { return capacity_ > OWN_BYTES; }
  void add(std::size_t bytes) noexcept { end_ += bytes; }
  void consume(std::size_t bytes) noexcept;

  // Puts `with`, which is none of these bytes, in the place of the first `bytes`.
  void replace(std::size_t bytes, std::span<const std::uint8_t> with);
  // Makes room for `bytes` in all, in one piece.
  void reserve(std::size_t bytes);
  // Gives the memory back, down to its own room; what it held is forgotten.
  void release() noexcept;

 private:
  void compact() noexcept;
  void take_block();

  BlockPool& pool_;
  std::array<std::uint8_t, OWN_BYTES> own_;
  BlockPool::Block block_;
  std::vector<std::uint8_t> large_;  // instead of the block, for a command that is read whole
  std::uint8_t* data_ = own_.data();
  std::size_t capacity_ = OWN_BYTES;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sluice::proxy
