#include "migrator/engine/applier.hpp"

#include <iterator>
#include <utility>

#include "migrator/rows/duplicate.hpp"

namespace sluice::migrator {
namespace {

std::vector<KeyLiterals> keys_of(const std::vector<PendingKeys::Entry>& entries) {
  std::vector<KeyLiterals> keys;
  keys.reserve(entries.size());
  for (const PendingKeys::Entry& entry : entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace

Problem refused_row(const std::string& key, const SqlError& error) {
  if (error.code == server_error::no_such_table) {
    return {"tables_missing", "the source or the new table is gone: " + describe(error)};
  }
  return {"row_refused", "the new table refuses the row with the key " + key + ": " + describe(error)};
}

Applier::Result Applier::apply_some(Connection& connection, const RowSql& sql, ResyncMode mode) {
  Entries entries = inbox_.take(max_keys_per_batch);
  if (entries.empty()) return {};
  Result result{.status = Status::stuck};
  run(connection, sql, std::move(entries), mode, result);
  return result;
}

void Applier::finish(const Entries& entries, Result& result) {
  {
    const std::scoped_lock lock(mutex_);
    for (auto entry = entries.begin(); entry != entries.end() && !conflicts_.empty(); ++entry)
      conflicts_.erase(entry->key);
  }
  inbox_.done(entries);
  applied_ += entries.size();
  observer_.changes_applied(entries.size());
  if (result.status == Status::stuck) result.status = Status::progress;
}

void Applier::halve(Connection& connection, const RowSql& sql, Entries entries, ResyncMode mode, Result& result) {
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
  Entries second(std::make_move_iterator(middle), std::make_move_iterator(entries.end()));
  entries.erase(middle, entries.end());
  run(connection, sql, std::move(entries), mode, result);
  run(connection, sql, std::move(second), mode, result);
}

void Applier::run(Connection& connection, const RowSql& sql, Entries entries, ResyncMode mode, Result& result) {
  if (result.status == Status::lost || result.status == Status::failed) return inbox_.again(std::move(entries));
  const ResyncResult resynced = resync(connection, sql, keys_of(entries), mode);
  switch (resynced.status) {
    case ResyncStatus::done:
      return finish(entries, result);
    case ResyncStatus::busy:
      if (entries.size() > 1) return halve(connection, sql, std::move(entries), mode, result);
      // Alone, it may wait in line for the row: it holds nothing that anybody could wait for.
      if (mode == ResyncMode::no_wait && !std::exchange(result.has_waited, true)) {
        return run(connection, sql, std::move(entries), ResyncMode::wait, result);
      }
      return inbox_.again(std::move(entries));
    case ResyncStatus::conflict:
      if (entries.size() > 1) return halve(connection, sql, std::move(entries), mode, result);
      return after_conflict(connection, sql, std::move(entries), mode, resynced.error, result);
    case ResyncStatus::mismatch:
      if (entries.size() > 1) return halve(connection, sql, std::move(entries), mode, result);
      return after_mismatch(std::move(entries), result);
    case ResyncStatus::failed:
      if (entries.size() > 1) return halve(connection, sql, std::move(entries), mode, result);
      result.status = Status::failed;
      result.problem = refused_row(describe(entries[0].key), resynced.error);
      return inbox_.again(std::move(entries));
    case ResyncStatus::lost:
      result.status = Status::lost;
      return inbox_.again(std::move(entries));
  }
}

void Applier::after_conflict(Connection& connection, const RowSql& sql, Entries entry, ResyncMode mode,
                             const SqlError& error, Result& result) {
  const auto now = std::chrono::steady_clock::now();
  auto since = now;
  {
    const std::scoped_lock lock(mutex_);
    since = conflicts_.try_emplace(entry[0].key, now).first->second;
  }
  if (++entry[0].attempts >= kAttemptsMax && now - since >= kConflictPatience) {
    const Duplicate duplicate = find_duplicate(connection, sql, entry[0].key, error);
    if (duplicate.kind != Duplicate::Kind::passing || now - since >= kPassingConflictMax) {
      result.status = Status::failed;
      result.problem = Problem{"duplicate_key", describe(duplicate, entry[0].key, error)};
      return inbox_.again(std::move(entry));
    }
  }
  // Evicted, its values are free for the rows that took them over; it stays pending itself.
  if (evict(connection, sql, keys_of(entry), mode).status == ResyncStatus::lost) result.status = Status::lost;
  inbox_.again(std::move(entry));
}

void Applier::after_mismatch(Entries entries, Result& result) {
  if (++entries[0].attempts >= kAttemptsMax) {
    ++mismatches_;
    observer_.mismatched(1);
    result.status = Status::failed;
    result.problem = Problem{"mismatch", "the row with the key " + describe(entries[0].key) +
                                             " is not the same in the new table, however often it is written"};
  }
  inbox_.again(std::move(entries));
}

}  // namespace sluice::migrator
