// How far the copy has come: which keys it will still meet, as far as that can be told without asking the server. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "migrator/rows/key_literals.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

class CopyFrontier {
 public:
  // Everything has been copied: nothing is ahead.
  CopyFrontier() = default;
  // `copied_to`: the last key of what was copied without a gap; nullopt: nothing was. Both are copied, not referred to.
  CopyFrontier(const SharedKey& key, const std::optional<KeyLiterals>& copied_to);

  // The copy will come to the row of this key. The shadow may have something of it already: chunks behind a gap, and
  // what was copied after the last checkpoint before a crash. Told of clustered keys; of integers, which need no
  // collation to be compared, and of others before the first chunk.
  [[nodiscard]] bool is_ahead(const KeyLiterals& key) const;

 private:
  struct Integer {
    bool negative = false;
    std::uint64_t magnitude = 0;
  };
  [[nodiscard]] static std::optional<Integer> parse(const KeyLiterals& key);

  enum class Ahead : std::uint8_t { none, all, greater };
  Ahead ahead_ = Ahead::none;
  Integer copied_to_;
};

}  // namespace sluice::migrator
