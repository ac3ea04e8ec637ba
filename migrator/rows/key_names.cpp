#include "migrator/rows/key_names.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::migrator {

std::vector<KeyLiterals> keys_of(const Rows& rows) {
  std::vector<KeyLiterals> keys;
  for (const Row& row : rows.rows) {
    KeyLiterals& key = keys.emplace_back();
    for (const Value& literal : row) key.push_back(literal.value_or("NULL"));
  }
  return keys;
}

SqlResult<std::vector<KeyLiterals>> named_by_shadow(Connection& connection, const RowSql& sql, Keys keys) {
  std::vector<KeyLiterals> named(keys.size());
  for (std::size_t at = 0; at < keys.size(); at += max_keys_per_batch) {
    const Keys batch = keys.subspan(at, std::min(max_keys_per_batch, keys.size() - at));
    const auto answer = connection.query(sql.in_shadows_terms(batch));
    if (!answer) return answer.error();
    for (const Row& row : answer->rows) {
      KeyLiterals& key = named.at(at + std::strtoull(row.at(0).value_or("").c_str(), nullptr, 10));
      for (std::size_t i = 1; i < row.size(); ++i) key.push_back(row[i].value_or("NULL"));
    }
  }
  return named;
}

}  // namespace sluice::migrator
