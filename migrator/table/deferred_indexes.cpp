#include "migrator/table/deferred_indexes.hpp"

#include <algorithm>

namespace sluice::migrator {

namespace {

// The name in back-ticks that follows, with doubled ones undone.
std::string quoted_name(std::string_view text) {
  std::string name;
  for (std::size_t at = text.find('`') + 1; at < text.size(); ++at) {
    if (text[at] == '`') {
      if (at + 1 >= text.size() || text[at + 1] != '`') break;
      ++at;
    }
    name += text[at];
  }
  return name;
}

const Key* find_key(const TableDefinition& table, std::string_view name) {
  const auto key = std::ranges::find_if(table.keys, [&](const Key& each) { return same_name(each.name, name); });
  return key == table.keys.end() ? nullptr : &*key;
}

bool serves_auto_increment(const TableDefinition& table, const Key& key) {
  const Column* first = find_column(table, key.parts.front().column);
  return first != nullptr && first->auto_increment;
}

}  // namespace

std::vector<DeferredIndex> deferrable_indexes(std::string_view show_create, const TableDefinition& table) {
  constexpr std::string_view key = "  KEY `";
  std::vector<DeferredIndex> indexes;
  // The server writes each column and each key on a line of its own, and line breaks in texts as \n.
  while (!show_create.empty()) {
    const auto end = std::min(show_create.find('\n'), show_create.size());
    std::string_view line = show_create.substr(0, end);
    show_create.remove_prefix(std::min(end + 1, show_create.size()));
    if (!line.starts_with(key)) continue;
    if (line.ends_with(',')) line.remove_suffix(1);
    std::string name = quoted_name(line);
    const Key* found = find_key(table, name);
    if (found == nullptr || serves_auto_increment(table, *found)) continue;
    indexes.push_back({std::move(name), std::string(line.substr(2))});
  }
  return indexes;
}

std::string drop_indexes(const TableRef& table, const std::vector<DeferredIndex>& indexes) {
  std::string sql;
  for (const DeferredIndex& index : indexes) {
    sql +=
        (sql.empty() ? "ALTER TABLE " + quote(table) + " DROP INDEX " : ", DROP INDEX ") + quote_identifier(index.name);
  }
  return sql;
}

std::string add_missing_indexes(const TableDefinition& table, const std::vector<DeferredIndex>& indexes) {
  std::string sql;
  for (const DeferredIndex& index : indexes) {
    if (find_key(table, index.name) != nullptr) continue;
    sql += (sql.empty() ? "ALTER TABLE " + quote(table.name) + " ADD " : ", ADD ") + index.clause;
  }
  return sql;
}

}  // namespace sluice::migrator
