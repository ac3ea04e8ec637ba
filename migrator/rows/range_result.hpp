// What became of one range of keys that was copied or compared.
#pragma once

#include <cstdint>
#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/rows/resync.hpp"

namespace sluice::migrator {

struct RangeResult {
  ResyncStatus status = ResyncStatus::done;
  std::uint64_t rows = 0;            // copied, or compared
  std::vector<KeyLiterals> unequal;  // compared: different, or in one table only
  SqlError error;                    // where the status is neither done nor mismatch
};

}  // namespace sluice::migrator
