#include <algorithm>

#include "protocol/sql/scan.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

// What makes a statement worth reading though it names no target: it may run hidden text, drop whole databases, or lock
// all tables. Each compound statement has an END. CALL is one of them only while not all routines are known.
constexpr std::array<std::string_view, 8> telling_words{"execute", "prepare",  "binlog", "end",
                                                        "handler", "database", "schema", "flush"};
constexpr std::string_view call_word = "call";

std::string folded(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return static_cast<char>(sql::fold(c)); });
  return result;
}

bool is_word(std::string_view name) noexcept {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return sql::is(c, sql::word_byte) && !sql::is(c, sql::high_byte); });
}

}  // namespace

TargetIndex::TargetIndex(const std::vector<ScanTargets>& tables, RoutinesKnown routines)
    : table_count_(tables.size()), routines_(routines) {
  for (std::size_t table = 0; table < tables.size(); ++table) {
    for (const ScanTarget& target : tables[table]) {
      entries_.push_back({.database = folded(target.database),
                          .name = folded(target.name),
                          .table = table,
                          .kind = target.kind,
                          .word = is_word(target.name)});
      if (entries_.back().word) {
        note(entries_.back().name);
      } else {
        irregular_ = true;
      }
    }
  }
  for (const std::string_view word : telling_words) note(word);
  if (routines_ == RoutinesKnown::some) note(call_word);
}

void TargetIndex::note(std::string_view word) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << std::min(word.size(), length_bits - 1);
  const unsigned char first = sql::fold(word[0]);
  lengths_by_first_[first] |= bit;
  if (first >= 'a' && first <= 'z') lengths_by_first_[static_cast<std::size_t>(first - 'a' + 'A')] |= bit;
}

bool TargetIndex::matters(std::string_view word) const noexcept {
  const auto same = [word](std::string_view other) { return sql::equals_folded(word, other); };
  return std::ranges::any_of(entries_, same, &Entry::name) || std::ranges::any_of(telling_words, same) ||
         (routines_ == RoutinesKnown::some && same(call_word));
}

}  // namespace sluice::protocol
