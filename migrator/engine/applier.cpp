#include "migrator/engine/applier.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::migrator {
namespace {

std::vector<KeyLiterals> keys_of(const std::vector<PendingKeys::Entry>& entries) {
  std::vector<KeyLiterals> keys;
  keys.reserve(entries.size());
  for (const PendingKeys::Entry& entry : entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace

bool is_to_stay(Duplicate::Kind kind, std::chrono::steady_clock::duration in_the_way) {
  switch (kind) {
    case Duplicate::Kind::real:
      return in_the_way >= Applier::kRealConflictPatience;
    case Duplicate::Kind::unknown:
      return in_the_way >= Applier::kConflictPatience;
    case Duplicate::Kind::passing:
      return in_the_way >= Applier::kPassingConflictMax;
  }
  return false;
}

Problem refused_row(const std::string& key, const SqlError& error) {
  if (error.code == server_error::no_such_table) {
    return {"tables_missing", "the source or the new table is gone: " + describe(error)};
  }
  return {.code = "row_refused",
          .message = "the new table refuses the row with the key " + key + ": " + describe(error),
          .server = ServerRefusal{error.code, error.sqlstate, error.text},
          .logged = "the new table refuses a row: " + describe_without_values(error)};
}

Problem duplicate_key(const Duplicate& duplicate, const KeyLiterals& key, const SqlError& error) {
  return {.code = "duplicate_key",
          .message = describe(duplicate, key, error),
          .server = ServerRefusal{error.code, error.sqlstate, error.text},
          .logged = "the new table takes two rows for the same: " + describe_without_values(error)};
}

Applier::Result Applier::apply_some(Connection& connection, const RowSql& sql, const Manner& manner) {
  Entries entries = inbox_.take(max_keys_per_batch);
  if (entries.empty()) return {};
  const auto ahead = std::ranges::partition(
      entries, [&](const PendingKeys::Entry& entry) { return !manner.frontier.is_ahead(entry.key); });
  Entries to_be_copied(std::make_move_iterator(ahead.begin()), std::make_move_iterator(ahead.end()));
  entries.erase(ahead.begin(), ahead.end());
  const Worker worker{connection, sql};
  Result result{.status = Status::stuck};
  if (!entries.empty()) {
    const Way rewrite = [&](Keys keys, ResyncMode mode) { return resync(connection, sql, keys, mode, manner.check); };
    run(worker, rewrite, std::move(entries), manner.mode, result);
  }
  if (!to_be_copied.empty()) {
    const Way leave = [&](Keys keys, ResyncMode mode) { return leave_to_copy(connection, sql, keys, mode); };
    run(worker, leave, std::move(to_be_copied), manner.mode, result);
  }
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

void Applier::halve(const Worker& worker, const Way& way, Entries entries, ResyncMode mode, Result& result) {
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
  Entries second(std::make_move_iterator(middle), std::make_move_iterator(entries.end()));
  entries.erase(middle, entries.end());
  run(worker, way, std::move(entries), mode, result);
  run(worker, way, std::move(second), mode, result);
}

void Applier::run(const Worker& worker, const Way& way, Entries entries, ResyncMode mode, Result& result) {
  if (result.status == Status::lost || result.status == Status::failed || result.is_shut_out)
    return inbox_.again(std::move(entries));
  const auto began = std::chrono::steady_clock::now();
  const ResyncResult resynced = way(keys_of(entries), mode);
  switch (resynced.status) {
    case ResyncStatus::done:
      return finish(entries, result);
    case ResyncStatus::busy:
      result.is_shut_out = std::chrono::steady_clock::now() - began > kRowsWaitedForMax;
      if (result.is_shut_out) return inbox_.again(std::move(entries));
      if (entries.size() > 1) return halve(worker, way, std::move(entries), mode, result);
      // Alone, it may wait in line for the row: it holds nothing that anybody could wait for.
      if (mode == ResyncMode::no_wait && !std::exchange(result.has_waited, true)) {
        return run(worker, way, std::move(entries), ResyncMode::wait, result);
      }
      return inbox_.again(std::move(entries));
    case ResyncStatus::conflict:
      if (entries.size() > 1) return halve(worker, way, std::move(entries), mode, result);
      return after_conflict(worker, std::move(entries), mode, resynced.error, result);
    case ResyncStatus::mismatch:
      if (entries.size() > 1) return halve(worker, way, std::move(entries), mode, result);
      return after_mismatch(std::move(entries), result);
    case ResyncStatus::failed:
      if (entries.size() > 1) return halve(worker, way, std::move(entries), mode, result);
      result.status = Status::failed;
      result.problem = refused_row(describe(entries[0].key), resynced.error);
      return inbox_.again(std::move(entries));
    case ResyncStatus::lost:
      result.status = Status::lost;
      return inbox_.again(std::move(entries));
  }
}

void Applier::after_conflict(const Worker& worker, Entries entry, ResyncMode mode, const SqlError& error,
                             Result& result) {
  const auto now = std::chrono::steady_clock::now();
  auto since = now;
  {
    const std::scoped_lock lock(mutex_);
    since = conflicts_.try_emplace(entry[0].key, now).first->second;
  }
  if (++entry[0].attempts >= kAttemptsMax && now - since >= kRealConflictPatience) {
    const Duplicate duplicate = find_duplicate(worker.connection, worker.sql, entry[0].key, error);
    if (is_to_stay(duplicate.kind, now - since)) {
      result.status = Status::failed;
      result.problem = duplicate_key(duplicate, entry[0].key, error);
      return inbox_.again(std::move(entry));
    }
  }
  // What only the shadow has of the row would be gone with it: those that exchange values meet in one batch.
  if (!worker.sql.plan().kept_columns.empty()) return inbox_.again(std::move(entry));
  // Evicted, its values are free for the rows that took them over; it stays pending itself.
  if (evict(worker.connection, worker.sql, keys_of(entry), mode).status == ResyncStatus::lost)
    result.status = Status::lost;
  inbox_.again(std::move(entry));
}

void Applier::after_mismatch(Entries entries, Result& result) {
  if (++entries[0].attempts >= kAttemptsMax) {
    ++mismatches_;
    observer_.mismatched(1);
    result.status = Status::failed;
    result.problem = Problem{.code = "mismatch",
                             .message = "the row with the key " + describe(entries[0].key) +
                                        " is not the same in the new table, however often it is written",
                             .logged = "a row is not the same in the new table, however often it is written"};
  }
  inbox_.again(std::move(entries));
}

}  // namespace sluice::migrator
