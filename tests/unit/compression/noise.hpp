// Bytes that no algorithm makes shorter, the same each time.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace sluice::protocol {

using Stream = std::vector<std::uint8_t>;

inline Stream noise(std::size_t size) {
  std::mt19937 dice{7};
  Stream bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(dice());
  return bytes;
}

}  // namespace sluice::protocol
