// Bytes that are overwritten before their memory is given back: passwords, and packets that hold one.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

class Secret {
 public:
  Secret() noexcept = default;
  explicit Secret(std::vector<std::uint8_t> bytes) noexcept : bytes_(std::move(bytes)) {}
  explicit Secret(std::string_view text) : bytes_(text.begin(), text.end()) {}
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  void wipe() noexcept;

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace sluice::protocol
