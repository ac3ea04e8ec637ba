#include "migrator/rows/compare.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "migrator/rows/chunk_copier.hpp"
#include "migrator/rows/key_names.hpp"

namespace sluice::migrator {

namespace {

// The key of a row of RowSql::hashes().
KeyLiterals key_of(const Row& row) {
  KeyLiterals key;
  for (std::size_t i = 1; i < row.size(); ++i) key.push_back(row[i].value_or("NULL"));
  return key;
}

// Which rows are on one side only; a hash of NULL equals nothing.
std::vector<KeyLiterals> unequal_rows(const Rows& source, const Rows& shadow) {
  std::unordered_multimap<std::string, const Row*> unmatched;
  std::set<KeyLiterals> unequal;
  for (const Row& row : source.rows) {
    if (row[0]) {
      unmatched.emplace(*row[0], &row);
    } else {
      unequal.insert(key_of(row));
    }
  }
  for (const Row& row : shadow.rows) {
    const auto match = row[0] ? unmatched.find(*row[0]) : unmatched.end();
    if (match == unmatched.end()) {
      unequal.insert(key_of(row));
    } else {
      unmatched.erase(match);
    }
  }
  for (const auto& [hash, row] : unmatched) unequal.insert(key_of(*row));
  return {unequal.begin(), unequal.end()};
}

SqlResult<Comparison> compare_hashes(Connection& connection, const std::string& hashes_of_source,
                                     const std::string& hashes_of_shadow) {
  const auto source = connection.query(hashes_of_source);
  if (!source) return source.error();
  const auto shadow = connection.query(hashes_of_shadow);
  if (!shadow) return shadow.error();
  return Comparison{source->rows.size(), unequal_rows(*source, *shadow)};
}

// The two checksums; the rows one by one only where these differ.
SqlResult<Comparison> compare_in_snapshot(Connection& connection, const RowSql& sql, const KeyRange& range) {
  const auto source = connection.query(sql.checksum_in(Side::source, range));
  if (!source) return source.error();
  const auto shadow = connection.query(sql.checksum_in(Side::shadow, range));
  if (!shadow) return shadow.error();
  const Row& a = source->rows.at(0);
  const Row& b = shadow->rows.at(0);
  if (a == b) return Comparison{std::stoull(a[0].value_or("0")), {}};
  return compare_hashes(connection, sql.hashes_in(Side::source, range), sql.hashes_in(Side::shadow, range));
}

}  // namespace

SqlResult<Comparison> compare_range(Connection& connection, const RowSql& sql, const KeyRange& range) {
  for (const char* begin :
       {"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"}) {
    if (auto begun = connection.execute(begin); !begun) return begun.error();
  }
  auto comparison = compare_in_snapshot(connection, sql, range);
  const auto ended = connection.execute("ROLLBACK");
  if (comparison && !ended) return ended.error();
  return comparison;
}

SqlResult<Strays> find_strays(Connection& connection, const RowSql& sql, const std::optional<KeyLiterals>& above,
                              std::uint64_t rows) {
  const auto range = next_range(connection, sql.of_shadow_alone(), above, rows);
  if (!range) return range.error();
  const auto answer = connection.query(sql.strays_in(*range));
  if (!answer) return answer.error();
  return Strays{.up_to = range->up_to, .keys = keys_of(*answer)};
}

SqlResult<Comparison> compare_keys(Connection& connection, const RowSql& sql, Keys keys, SourceLock lock) {
  Comparison all;
  for (std::size_t at = 0; at < keys.size(); at += max_keys_per_batch) {
    const Keys batch = keys.subspan(at, std::min(max_keys_per_batch, keys.size() - at));
    auto part = compare_hashes(connection, sql.hashes(Side::source, sql.where_keys(Side::source, batch), lock),
                               sql.hashes(Side::shadow, sql.where_keys(Side::shadow, batch), SourceLock::none));
    if (!part) return part.error();
    all.rows += part->rows;
    all.unequal.insert(all.unequal.end(), part->unequal.begin(), part->unequal.end());
  }
  return all;
}

}  // namespace sluice::migrator
