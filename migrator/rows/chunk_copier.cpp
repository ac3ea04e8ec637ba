#include "migrator/rows/chunk_copier.hpp"

#include "migrator/rows/transaction.hpp"

namespace sluice::migrator {

namespace {

RangeResult failure(const SqlError& error) {
  return {.status = classify(error), .error = error};
}

RangeResult rewrite(Connection& connection, const RowSql& sql, const KeyRange& range) {
  if (auto removed = connection.execute(sql.remove(sql.where_range(Side::shadow, range))); !removed) {
    return failure(removed.error());
  }
  const auto written = connection.execute(sql.insert(sql.where_range(Side::source, range), SourceLock::none));
  if (!written) return failure(written.error());
  return {.rows = written->rows};
}

}  // namespace

SqlResult<KeyRange> next_range(Connection& connection, const RowSql& sql, const std::optional<KeyLiterals>& above,
                               std::uint64_t rows) {
  const auto answer = connection.query(sql.nth_key_above(above, rows));
  if (!answer) return answer.error();
  KeyRange range{.above = above, .up_to = std::nullopt};
  if (answer->rows.empty()) return range;
  range.up_to.emplace();
  for (const Value& literal : answer->rows.front()) range.up_to->push_back(literal.value_or("NULL"));
  return range;
}

RangeResult copy_range(Connection& connection, const RowSql& sql, const KeyRange& range) {
  if (auto begun = begin(connection, TransactionStart::statement); !begun) return failure(begun.error());
  RangeResult result = rewrite(connection, sql, range);
  const End end = result.status == ResyncStatus::done ? End::commit : End::rollback;
  if (auto ended = finish(connection, end); !ended && result.status != ResyncStatus::lost)
    return failure(ended.error());
  return result;
}

}  // namespace sluice::migrator
