#include "migrator/rows/resync.hpp"

#include <functional>

#include "migrator/rows/compare.hpp"
#include "migrator/rows/transaction.hpp"

namespace sluice::migrator {

namespace {

// A secondary key's row is two locks: waiting for the second would hold the first.
SourceLock lock_for(const RowSql& sql, Keys keys, ResyncMode mode) {
  switch (mode) {
    case ResyncMode::no_wait:
      return SourceLock::fail;
    case ResyncMode::wait:
      return keys.size() == 1 && sql.plan().key.storage == KeyStorage::clustered ? SourceLock::wait : SourceLock::fail;
    case ResyncMode::tables_locked:
      return SourceLock::none;
  }
  return SourceLock::fail;
}

TransactionStart start_for(ResyncMode mode) {
  return mode == ResyncMode::tables_locked ? TransactionStart::implicit : TransactionStart::statement;
}

ResyncResult check_rows(Connection& connection, const RowSql& sql, Keys keys, SourceLock lock, RowCheck check,
                        ResyncResult result) {
  if (check == RowCheck::left) return result;
  auto compared = compare_keys(connection, sql, keys, lock);
  if (!compared) return {.status = classify(compared.error()), .error = compared.error()};
  if (!compared->unequal.empty()) {
    result.status = ResyncStatus::mismatch;
    result.keys = std::move(compared->unequal);
  }
  return result;
}

// All of resync but the transaction around it.
ResyncResult rewrite(Connection& connection, const RowSql& sql, Keys keys, SourceLock lock, RowCheck check) {
  ResyncResult result;
  if (lock == SourceLock::wait) {
    // While it waits it must hold nothing, not even in the shadow, that another connection of ours could wait for with
    // locks of the source's in hand: a client's transaction would be a link of that chain.
    const auto locked = connection.query(sql.lock_rows(sql.where_keys(Side::source, keys), lock));
    if (!locked) return {.status = classify(locked.error()), .error = locked.error()};
  }
  const std::string where_shadow = sql.where_keys(Side::shadow, keys);
  std::string where_source = sql.where_keys(Side::source, keys);
  const bool keeps = !sql.plan().kept_columns.empty();
  std::vector<std::string> before;
  if (keeps) before = sql.put_by(where_shadow);
  before.push_back(sql.remove(where_shadow));
  for (const std::string& statement : before) {
    if (auto done = connection.execute(statement); !done) {
      return {.status = classify(done.error()), .error = done.error()};
    }
  }
  if (keeps) {
    auto written = connection.execute(sql.insert_as_put_by(where_source, lock));
    if (!written) return {.status = classify(written.error()), .error = written.error()};
    result.rows = written->rows;
    where_source += sql.not_put_by();
    // MariaDB misses a column's default also where there is no row to insert.
    const auto left = connection.query(sql.lock_rows(where_source, lock));
    if (!left) return {.status = classify(left.error()), .error = left.error()};
    if (left->rows.empty()) return check_rows(connection, sql, keys, lock, check, std::move(result));
  }
  auto written = connection.execute(sql.insert(where_source, lock));
  if (!written) return {.status = classify(written.error()), .error = written.error()};
  result.rows += written->rows;
  return check_rows(connection, sql, keys, lock, check, std::move(result));
}

ResyncResult in_transaction(Connection& connection, TransactionStart start,
                            const std::function<ResyncResult()>& statements) {
  if (auto begun = begin(connection, start); !begun) {
    return {.status = classify(begun.error()), .error = begun.error()};
  }
  ResyncResult result = statements();
  const End end = result.status == ResyncStatus::done ? End::commit : End::rollback;
  if (auto ended = finish(connection, end); !ended && result.status != ResyncStatus::lost) {
    return {.status = classify(ended.error()), .error = ended.error()};
  }
  return result;
}

}  // namespace

ResyncStatus classify(const SqlError& error) noexcept {
  if (error.outcome == Outcome::unknown) return ResyncStatus::lost;
  if (is_lock_conflict(error)) return ResyncStatus::busy;
  if (error.code == server_error::duplicate_entry) return ResyncStatus::conflict;
  return ResyncStatus::failed;
}

ResyncResult resync(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode, RowCheck check) {
  return in_transaction(connection, start_for(mode),
                        [&] { return rewrite(connection, sql, keys, lock_for(sql, keys, mode), check); });
}

ResyncResult leave_to_copy(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode) {
  const auto locked = connection.query(sql.lock_rows(sql.where_keys(Side::source, keys), lock_for(sql, keys, mode)));
  if (!locked) return {.status = classify(locked.error()), .error = locked.error()};
  const auto removed = connection.execute(sql.remove(sql.where_keys(Side::shadow, keys)));
  if (!removed) return {.status = classify(removed.error()), .error = removed.error()};
  return {};
}

ResyncResult evict(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode) {
  return in_transaction(connection, start_for(mode), [&]() -> ResyncResult {
    const auto removed = connection.execute(sql.remove(sql.where_keys(Side::shadow, keys)));
    if (!removed) return {.status = classify(removed.error()), .error = removed.error()};
    return {.rows = removed->rows};
  });
}

}  // namespace sluice::migrator
