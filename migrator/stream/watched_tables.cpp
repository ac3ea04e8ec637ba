#include "migrator/stream/watched_tables.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::migrator {
namespace {

char lower(char c) noexcept {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool names(std::string_view statement, std::string_view table) noexcept {
  return !std::ranges::search(statement, table, {}, lower, lower).empty();
}

// A function's effects are logged as a call of it, which names no table.
bool is_call(std::string_view statement) noexcept {
  constexpr std::array<std::string_view, 3> verbs{"select", "do", "call"};
  const auto start = statement.find_first_not_of(" \t\r\n(");
  if (start == std::string_view::npos) return false;
  const auto rest = statement.substr(start);
  return std::ranges::any_of(verbs, [rest](std::string_view verb) {
    return rest.size() >= verb.size() && std::ranges::equal(rest.substr(0, verb.size()), verb, {}, lower);
  });
}

}  // namespace

std::optional<WatchedIndex> WatchedTables::find(std::string_view database, std::string_view table) const {
  const auto found = std::ranges::find_if(
      tables_, [&](const WatchedTable& watched) { return watched.table == table && watched.database == database; });
  if (found == tables_.end()) return std::nullopt;
  return WatchedIndex{list_, static_cast<std::size_t>(found - tables_.begin())};
}

std::vector<WatchedIndex> WatchedTables::concerned_by(std::string_view statement) const {
  std::vector<WatchedIndex> concerned;
  const bool may_reach_all = is_call(statement);
  for (std::size_t at = 0; at < tables_.size(); ++at) {
    if (may_reach_all || names(statement, tables_[at].table)) concerned.push_back({list_, at});
  }
  return concerned;
}

std::string WatchedTables::mismatch(WatchedIndex index, const protocol::binlog::TableMap& map) const {
  using protocol::binlog::KeyType;
  using protocol::binlog::Sign;
  const auto& watched = (*this)[index];
  if (map.columns.size() != watched.columns) {
    return "the table has " + std::to_string(map.columns.size()) + " columns, not " + std::to_string(watched.columns);
  }
  for (const auto& key : watched.keys) {
    if (key.ordinal >= map.columns.size()) return "the table has no column for the key's " + key.name;
    if (!map.names.empty() && map.names[key.ordinal] != key.name) {
      return "the key column " + key.name + " is now called " + map.names[key.ordinal];
    }
    if (!fits(key, map.columns[key.ordinal])) return "the key column " + key.name + " has another type";
    if (key.type != KeyType::integer || map.unsigned_columns.empty()) continue;
    const auto is_unsigned = map.unsigned_columns[key.ordinal];
    if (is_unsigned && *is_unsigned != (key.sign == Sign::without_sign)) {
      return "the key column " + key.name + " has another sign";
    }
  }
  return {};
}

}  // namespace sluice::migrator
