#include "migrator/rows/chunk_copier.hpp"

#include <algorithm>
#include <vector>

#include "migrator/rows/key_names.hpp"
#include "migrator/rows/transaction.hpp"

namespace sluice::migrator {

namespace {

RangeResult failure(const SqlError& error) {
  return {.status = classify(error), .error = error};
}

// Deletes what the shadow has of the range. Where that is not a range there: the rows whose keys the source has. Others
// were named by the change stream when they went out of the source.
SqlResult<void> clear(Connection& connection, const RowSql& sql, const KeyRange& range) {
  if (sql.plan().key.order == KeyOrder::same) {
    const auto removed = connection.execute(sql.remove(sql.where_range(Side::shadow, range)));
    if (!removed) return removed.error();
    return {};
  }
  const auto present = connection.query(sql.keys_in(Side::shadow, range));
  if (!present) return present.error();
  const std::vector<KeyLiterals> keys = keys_of(*present);
  for (std::size_t at = 0; at < keys.size(); at += max_keys_per_batch) {
    const Keys batch = Keys(keys).subspan(at, std::min(max_keys_per_batch, keys.size() - at));
    const auto removed = connection.execute(sql.remove(sql.where_keys(Side::shadow, batch)));
    if (!removed) return removed.error();
  }
  return {};
}

RangeResult rewrite(Connection& connection, const RowSql& sql, const KeyRange& range) {
  if (auto cleared = clear(connection, sql, range); !cleared) return failure(cleared.error());
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
  if (!answer->rows.empty()) range.up_to = keys_of(*answer).front();
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
