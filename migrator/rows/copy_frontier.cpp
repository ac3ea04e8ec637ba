#include "migrator/rows/copy_frontier.hpp"

#include <charconv>
#include <string>

#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {
namespace {

bool less(const auto& left, const auto& right) {
  if (left.negative != right.negative) return left.negative;
  return left.negative ? right.magnitude < left.magnitude : left.magnitude < right.magnitude;
}

}  // namespace

std::optional<CopyFrontier::Integer> CopyFrontier::parse(const KeyLiterals& key) {
  const std::string& literal = key.front();
  Integer value{.negative = literal.starts_with('-')};
  const char* const end = literal.data() + literal.size();
  const auto [at, error] = std::from_chars(literal.data() + (value.negative ? 1 : 0), end, value.magnitude);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

CopyFrontier::CopyFrontier(const SharedKey& key, const std::optional<KeyLiterals>& copied_to) {
  // Where a chunk is no range of the shadow's key, it clears only the keys that the source still has.
  if (key.order != KeyOrder::same || key.storage != KeyStorage::clustered) return;
  if (!copied_to) {
    ahead_ = Ahead::all;
  } else if (key.columns.size() == 1 && kind_of(key.columns.front().source) == ColumnKind::integer) {
    const auto last = parse(*copied_to);
    if (!last) return;
    ahead_ = Ahead::greater;
    copied_to_ = *last;
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
  const auto here = parse(key);
  return here && less(copied_to_, *here);
}

}  // namespace sluice::migrator
