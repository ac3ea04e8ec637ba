#include "migrator/rows/copy_frontier.hpp"

#include <charconv>
#include <cstdint>
#include <string>

#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {
namespace {

struct Integer {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

std::optional<Integer> parse(const std::string& literal) {
  Integer value{.negative = literal.starts_with('-')};
  const char* const end = literal.data() + literal.size();
  const auto [at, error] = std::from_chars(literal.data() + (value.negative ? 1 : 0), end, value.magnitude);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

bool less(const Integer& left, const Integer& right) {
  if (left.negative != right.negative) return left.negative;
  return left.negative ? right.magnitude < left.magnitude : left.magnitude < right.magnitude;
}

}  // namespace

CopyFrontier::CopyFrontier(const SharedKey& key, const std::optional<KeyLiterals>& copied_to) {
  // Where a chunk is no range of the shadow's key, it clears only the keys that the source still has.
  if (key.order != KeyOrder::same) return;
  if (!copied_to) {
    ahead_ = Ahead::all;
  } else if (key.columns.size() == 1 && kind_of(key.columns.front().source) == ColumnKind::integer) {
    ahead_ = Ahead::greater;
    copied_to_ = *copied_to;
  }
}

bool CopyFrontier::is_ahead(const KeyLiterals& key) const {
  switch (ahead_) {
    case Ahead::none:
      return false;
    case Ahead::all:
      return true;
    case Ahead::greater:
      break;
  }
  const auto here = parse(copied_to_.front());
  const auto there = parse(key.front());
  return here && there && less(*here, *there);
}

}  // namespace sluice::migrator
