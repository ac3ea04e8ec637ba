// DECIMAL as the servers store it (strings/decimal.cc, decimal2bin): groups of nine digits in four bytes, big-endian,
// the remainders at both ends in fewer bytes; the first bit is flipped, negative numbers have all bits flipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/binlog/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol::binlog {

struct DecimalShape {
  std::size_t integer_digits = 0;
  std::size_t fraction_digits = 0;

  // bad_value: more digits than a DECIMAL can have.
  [[nodiscard]] static result<DecimalShape> of(std::size_t precision, std::size_t scale) noexcept;
  [[nodiscard]] std::size_t total_bytes() const noexcept;
};

// "-12.340": all digits of the scale. `value` has shape.total_bytes(). bad_value.
[[nodiscard]] result<std::string> decimal_text(const DecimalShape& shape, Bytes value);

}  // namespace sluice::protocol::binlog
