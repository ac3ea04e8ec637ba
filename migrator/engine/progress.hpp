// How much of a migration is done, and how long the rest will take. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "migrator/options.hpp"
#include "migrator/rows/key_literals.hpp"

namespace sluice::migrator {

// How the rows of a table lie in the range of its integer key: slices, of which the heaviest are the narrowest. Within
// one the rows count as evenly spread.
class KeySpread {
 public:
  using Position = long double;  // exact for 64 bits
  static constexpr std::size_t kSlicesMax = 64;

  struct Slice {  // of the keys in (above, up_to]
    Position above = 0;
    Position up_to = 0;
    double rows = 0;
  };

  // Between the first and the last key; nothing where they are not integers.
  [[nodiscard]] static std::optional<KeySpread> between(const KeyLiterals& first, const KeyLiterals& last);

  // The halves of the heaviest slice, whose rows are to be counted next; nothing where it is fine enough.
  [[nodiscard]] std::optional<std::pair<Slice, Slice>> next() const;
  // With their counts, which may be rough.
  void refine(const Slice& lower, const Slice& upper);

  // Of the rows: how many lie up to this key, 0 to 1. Keys beyond the last count as the last.
  [[nodiscard]] double share_up_to(const KeyLiterals& key) const;

 private:
  std::vector<Slice> slices_;  // in order, not empty
};

[[nodiscard]] KeyLiterals as_key(KeySpread::Position position);

// One pass over the table, from 0 to 1: by `up_to` where the spread is known, else by rows.
struct Pass {
  bool done = false;
  std::optional<KeyLiterals> up_to;
  std::uint64_t rows = 0;
};
[[nodiscard]] double share_of(const Pass& pass, const std::optional<KeySpread>& spread, std::uint64_t rows_estimated);

// Both passes, from 0 to 1. Copying a row is three times the work of comparing it.
[[nodiscard]] double share_of_both(double copied, double compared, Verify verify);

// From how fast it went lately.
class Eta {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kLately{30};
  static constexpr Millis kStep{500};

  // `done`: 0 to 1.
  void note(double done, TimePoint now);
  // Nothing: it has not moved yet. While it stands still the time it stood counts.
  [[nodiscard]] std::optional<std::chrono::seconds> left(TimePoint now) const;

 private:
  struct Seen {
    double done;
    TimePoint at;
  };
  std::deque<Seen> seen_;
};

}  // namespace sluice::migrator
