// Rows on their way: applying, copying, comparing.
#include <algorithm>
#include <utility>

#include "migrator/engine/chunk_size.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/rows/chunk_copier.hpp"
#include "migrator/rows/compare.hpp"

namespace sluice::migrator {

void Migration::apply() {
  // As long a turn as a chunk takes, so that changes and copy share the time evenly.
  const auto began = gate::Clock::now();
  const auto until = began + options().chunk_time_ms;
  const std::uint64_t before = applier_->applied();
  Applier::Result result;
  do {
    result = applier_->apply_some(*connection_, *sql_, ResyncMode::no_wait);
  } while (result.status == Applier::Status::progress && gate::Clock::now() < until && inbox_->progress().pending > 0);
  const std::chrono::duration<double, std::milli> took = gate::Clock::now() - began;
  const double rate = static_cast<double>(applier_->applied() - before) / std::max(took.count(), 1.0);
  constexpr double kShareOfTheLast = 0.3;
  applied_per_ms_ = applied_per_ms_ == 0 ? rate : (1 - kShareOfTheLast) * applied_per_ms_ + kShareOfTheLast * rate;
  switch (result.status) {
    case Applier::Status::progress:
      return;
    case Applier::Status::stuck:
      return rest(kIdle);
    case Applier::Status::lost:
      connection_.reset();
      return;
    case Applier::Status::failed:
      return fail(*result.problem);
  }
}

void Migration::read_failed(const std::string& what, const SqlError& error) {
  if (error.outcome == Outcome::unknown) return connection_lost(error);
  // Somebody has locked the table, or killed the statement: that passes.
  if (is_lock_conflict(error) || error.code == server_error::query_interrupted) return rest(kReconnectAfter);
  fail({what, describe(error)});
}

void Migration::refused(const std::string& what, const SqlError& error, const KeyRange& range) {
  // The chunk is halved until only the row itself is left, so that it can be named.
  if (chunk_rows_ > 1) {
    chunk_rows_ /= 2;
    return;
  }
  fail({what, "the new table refuses the row with the key " +
                  (range.up_to ? describe(*range.up_to) : std::string("after the last")) + ": " + describe(error)});
}

void Migration::copy() {
  auto range = next_range(*connection_, *sql_, checkpoint_.copied_to, chunk_rows_);
  if (range.has_error()) return read_failed("copy_failed", range.error());
  if (!*range) {
    checkpoint_.copied = true;
    note("copied", Details().add("rows", checkpoint_.rows_copied).text());
    return;
  }
  ChunkResult chunk = copy_range(*connection_, *sql_, **range);
  switch (chunk.status) {
    case ResyncStatus::done:
      break;
    case ResyncStatus::busy:
    case ResyncStatus::mismatch:
      return rest(kIdle);
    case ResyncStatus::conflict: {
      // A row that changed since may hold the value in the shadow: its own change is pending, or on its way.
      const auto now = gate::Clock::now();
      if (conflict_since_ == TimePoint{}) conflict_since_ = now;
      if (now - conflict_since_ < Applier::kConflictPatience) return rest(kIdle);
      return refused("duplicate_key", chunk.error, **range);
    }
    case ResyncStatus::failed:
      return refused("row_refused", chunk.error, **range);
    case ResyncStatus::lost:
      return connection_lost(chunk.error);
  }
  conflict_since_ = {};
  checkpoint_.copied_to = (*range)->up_to;
  checkpoint_.rows_copied += chunk.rows;
  parts_.observer.rows_copied(chunk.rows);
  inbox_->add_found(std::move(chunk.skipped));
  const Options now = options();
  chunk_rows_ = next_chunk_rows(chunk_rows_, chunk.duration, now.chunk_time_ms);
  if (now.nice_ratio > 0) {
    rest(std::chrono::duration_cast<Millis>(chunk.duration * now.nice_ratio));
  }
}

void Migration::verify() {
  auto range = next_range(*connection_, *sql_, checkpoint_.verified_to, chunk_rows_);
  if (range.has_error()) return read_failed("compare_failed", range.error());
  const bool last = !*range;
  // Behind the source's last key there must be nothing in the shadow either.
  const KeyRange chunk = last ? KeyRange{.above = checkpoint_.verified_to, .up_to = std::nullopt} : **range;
  const auto began = gate::Clock::now();
  auto compared = compare_range(*connection_, *sql_, chunk);
  if (compared.has_error()) return read_failed("compare_failed", compared.error());
  // Unequal may mean: changed, and not applied yet. Written again, they are compared again, with the row locked.
  inbox_->add_found(std::move(compared->unequal));
  checkpoint_.verified_rows += compared->rows;
  parts_.observer.rows_verified(compared->rows);
  chunk_rows_ = next_chunk_rows(chunk_rows_, gate::Clock::now() - began, options().chunk_time_ms);
  if (!last) {
    checkpoint_.verified_to = chunk.up_to;
    return;
  }
  checkpoint_.verified = true;
  note("verified", Details().add("rows", checkpoint_.verified_rows).text());
}

}  // namespace sluice::migrator
