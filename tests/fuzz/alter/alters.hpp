// What follows ALTER TABLE t, drawn at random for a table. Pure.
#pragma once

#include <set>
#include <string>

#include "tests/fuzz/alter/tables.hpp"

namespace sluice::alters {

enum class Scope : std::uint8_t {
  anything,
  harmless  // each write means the same before and after it
};

struct Alter {
  std::string text;
  std::set<std::string> unpredictable;  // columns of the new shape whose values depend on the moment
};

[[nodiscard]] Alter draw_alter(const Table& table, Scope scope, Dice& dice);

}  // namespace sluice::alters
