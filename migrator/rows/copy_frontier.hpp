// How far the copy has come: which keys it will still meet, as far as that can be told without asking the server. Pure.
#pragma once

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

  // The copy will come to the row of this key, whatever is in the shadow now. True of integers only, which need no
  // collation to be compared; of other keys before the first chunk alone.
  [[nodiscard]] bool is_ahead(const KeyLiterals& key) const;

 private:
  enum class Ahead : std::uint8_t { none, all, greater };
  Ahead ahead_ = Ahead::none;
  KeyLiterals copied_to_;
};

}  // namespace sluice::migrator
