// What becomes of a column's values where its type changes: by ALTER TABLE, and by the INSERT ... SELECT that takes its
// place here. Pure.
#pragma once

#include <cstdint>

#include "migrator/table/definition.hpp"

namespace sluice::migrator {

enum class Conversion : std::uint8_t {
  plain,     // both do the same
  by_text,   // ALTER TABLE stores what the value looks like; an INSERT has to be given just that
  own_rules  // ALTER TABLE has rules of its own, which differ between servers
};

[[nodiscard]] Conversion conversion(const Column& source, const Column& shadow) noexcept;

}  // namespace sluice::migrator
