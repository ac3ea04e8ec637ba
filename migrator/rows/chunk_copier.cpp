#include "migrator/rows/chunk_copier.hpp"

#include <algorithm>
#include <set>

#include "migrator/rows/transaction.hpp"

namespace sluice::migrator {

namespace {

KeyLiterals key_of(const Row& row) {
  KeyLiterals key;
  for (const Value& literal : row) key.push_back(literal.value_or("NULL"));
  return key;
}

SqlResult<std::set<KeyLiterals>> keys_in(Connection& connection, const RowSql& sql, Side side, const KeyRange& range) {
  const auto answer = connection.query(sql.key_list(side, sql.where_range(side, range)));
  if (!answer) return answer.error();
  std::set<KeyLiterals> keys;
  for (const Row& row : answer->rows) keys.insert(key_of(row));
  return keys;
}

// What a plain read of the source shows and the shadow has not got: rows that were passed over for their locks. Rows
// that only appear later are told by the change stream.
SqlResult<std::vector<KeyLiterals>> skipped_keys(Connection& connection, const RowSql& sql, const KeyRange& range) {
  const auto source = keys_in(connection, sql, Side::source, range);
  if (!source) return source.error();
  const auto shadow = keys_in(connection, sql, Side::shadow, range);
  if (!shadow) return shadow.error();
  std::vector<KeyLiterals> skipped;
  std::ranges::set_difference(*source, *shadow, std::back_inserter(skipped));
  return skipped;
}

ChunkResult failure(const SqlError& error) {
  return {.status = classify(error), .error = error};
}

ChunkResult rewrite(Connection& connection, const RowSql& sql, const KeyRange& range, SourceLock lock) {
  if (auto removed = connection.execute(sql.remove(sql.where_range(Side::shadow, range))); !removed) {
    return failure(removed.error());
  }
  const auto written = connection.execute(sql.insert(sql.where_range(Side::source, range), lock));
  if (!written) return failure(written.error());
  ChunkResult result{.rows = written->rows};
  if (lock == SourceLock::skip) {
    auto skipped = skipped_keys(connection, sql, range);
    if (!skipped) return failure(skipped.error());
    result.skipped = std::move(*skipped);
  }
  return result;
}

ChunkResult attempt(Connection& connection, const RowSql& sql, const KeyRange& range, SourceLock lock) {
  if (auto begun = begin(connection, TransactionStart::statement); !begun) return failure(begun.error());
  ChunkResult result = rewrite(connection, sql, range, lock);
  const End end = result.status == ResyncStatus::done ? End::commit : End::rollback;
  if (auto ended = finish(connection, end); !ended && result.status != ResyncStatus::lost)
    return failure(ended.error());
  return result;
}

}  // namespace

SqlResult<std::optional<KeyRange>> next_range(Connection& connection, const RowSql& sql,
                                              const std::optional<KeyLiterals>& above, std::uint64_t rows) {
  for (const std::string& statement : {sql.nth_key_above(above, rows), sql.last_key_above(above)}) {
    const auto answer = connection.query(statement);
    if (!answer) return answer.error();
    if (!answer->rows.empty()) return std::optional{KeyRange{above, key_of(answer->rows.front())}};
  }
  return std::optional<KeyRange>{};
}

ChunkResult copy_range(Connection& connection, const RowSql& sql, const KeyRange& range) {
  const auto begun = std::chrono::steady_clock::now();
  ChunkResult result = attempt(connection, sql, range, SourceLock::fail);
  if (result.status == ResyncStatus::busy) result = attempt(connection, sql, range, SourceLock::skip);
  result.duration = std::chrono::steady_clock::now() - begun;
  return result;
}

}  // namespace sluice::migrator
