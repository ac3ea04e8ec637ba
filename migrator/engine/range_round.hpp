// One turn of copying or comparing: the hands of a crew take range after range of the keys, in the key's order, until
// the turn is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "migrator/engine/crew.hpp"
#include "migrator/rows/range_result.hpp"

namespace sluice::migrator {

struct RangeTurn {
  std::optional<KeyLiterals> above;  // begins behind this key
  std::uint64_t chunk_rows = 0;      // of the first range; then steered by
  std::chrono::milliseconds chunk_time{0};
  std::function<bool()> is_over;  // asked before each range but the first; on several threads
};

struct RangeOutcome {
  // Up to here without a gap. What was done behind a gap does not count, and is done again.
  std::optional<KeyLiterals> done_to;
  bool complete = false;  // to the end of the keys
  std::uint64_t rows = 0;
  std::uint64_t chunk_rows = 0;      // for the next turn
  std::vector<KeyLiterals> unequal;  // of all ranges that were looked at
  // The first gap, and why.
  struct Gap {
    KeyRange range;
    RangeResult result;
  };
  std::optional<Gap> gap;
  std::optional<SqlError> unreadable;  // where the next range begins could not be read
};

using RangeWork = std::function<RangeResult(Crew::Hand&, const KeyRange&)>;

// At least one range, by `hands` hands, which have been gathered. Blocks.
[[nodiscard]] RangeOutcome run_ranges(Crew& crew, std::size_t hands, const RangeTurn& turn, const RangeWork& work);

}  // namespace sluice::migrator
