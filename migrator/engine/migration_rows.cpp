// Rows on their way: applying, copying, comparing.
#include <algorithm>
#include <mutex>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/rows/chunk_copier.hpp"
#include "migrator/rows/compare.hpp"
#include "migrator/rows/duplicate.hpp"

namespace sluice::migrator {

bool Migration::gather() {
  if (!crew_) crew_ = std::make_unique<Crew>(parts_.primary, row_settings(), *plan_);
  const auto gathered = crew_->gather(options().copy_threads);
  if (gathered.has_error()) hands_lost(gathered.error());
  return gathered.has_value();
}

void Migration::hands_lost(const SqlError& error) {
  crew_->dismiss();
  connection_lost(error);
}

void Migration::apply() {
  if (!gather()) return;
  // As long a turn as a chunk takes, so that changes and copy share the time evenly.
  const auto began = gate::Clock::now();
  const auto until = began + options().chunk_time_ms;
  const std::uint64_t before = applier_->applied();
  const std::size_t batches = 1 + (inbox_->progress().pending / max_keys_per_batch);
  // What is applied before the comparison of the whole table begins is compared then.
  const bool compared_later = !checkpoint_.copied && options().verify == Verify::full;
  const Applier::Manner manner{
      .check = compared_later ? RowCheck::left : RowCheck::compared,
      .frontier = checkpoint_.copied ? CopyFrontier() : CopyFrontier(plan_->key, checkpoint_.copied_to)};
  std::mutex mutex;
  Applier::Result worst;
  crew_->run(std::min(crew_->size(), batches), [&](Crew::Hand& hand) {
    Applier::Result result;
    do {
      result = applier_->apply_some(hand.connection, hand.sql, manner);
    } while (result.status == Applier::Status::progress && gate::Clock::now() < until &&
             inbox_->progress().waiting > 0);
    const std::scoped_lock lock(mutex);
    if (result.status > worst.status) worst = std::move(result);
  });
  const std::chrono::duration<double, std::milli> took = gate::Clock::now() - began;
  const double rate = static_cast<double>(applier_->applied() - before) / std::max(took.count(), 1.0);
  constexpr double kShareOfTheLast = 0.3;
  applied_per_ms_ = applied_per_ms_ == 0 ? rate : (1 - kShareOfTheLast) * applied_per_ms_ + kShareOfTheLast * rate;
  switch (worst.status) {
    case Applier::Status::progress:
      return;
    case Applier::Status::stuck:
      if (applier_->applied() == before) rest(kIdle);
      return;
    case Applier::Status::lost:
      return crew_->dismiss();
    case Applier::Status::failed:
      return fail(reverts_ ? with_all_refused(*worst.problem) : *worst.problem);
  }
}

void Migration::read_failed(const std::string& what, const SqlError& error) {
  if (error.outcome == Outcome::unknown) return hands_lost(error);
  // Somebody has locked the table, or killed the statement: that passes.
  if (is_lock_conflict(error) || error.code == server_error::query_interrupted) return rest(kReconnectAfter);
  // An index was added to it since the snapshot was opened.
  if (error.code == server_error::table_definition_changed) return rest(kIdle);
  // The key that a chunk ends with, or is named by, is a date that this sql_mode lets nobody look for (MySQL).
  if (error.code == server_error::wrong_value) return fail(refused_row("that the error names", error));
  fail({.code = what, .message = describe(error), .logged = describe_without_values(error)});
}

void Migration::refused(const SqlError& error, const KeyRange& range) {
  if (in_the_way_since_ == TimePoint{}) in_the_way_since_ = gate::Clock::now();
  // The chunk is halved until only the row itself is left, so that it can be named.
  if (chunk_rows_ > 1) {
    chunk_rows_ /= 2;
    return;
  }
  fail(refused_row(range.up_to ? describe(*range.up_to) : "after the last", error));
}

void Migration::after_duplicate(const SqlError& error, const KeyRange& range) {
  const auto now = gate::Clock::now();
  if (in_the_way_since_ == TimePoint{}) in_the_way_since_ = now;
  // Until only the row itself is left. What is in its way may have changed since: its own change is pending, or on its
  // way.
  if (chunk_rows_ > 1) {
    chunk_rows_ /= 2;
    return rest(kIdle);
  }
  const auto in_the_way = now - in_the_way_since_;
  if (in_the_way < Applier::kRealConflictPatience || !range.up_to) return rest(kIdle);
  const RowSql sql(*plan_, connection_->flavor());
  const Duplicate duplicate = find_duplicate(*connection_, sql, *range.up_to, error);
  if (!is_to_stay(duplicate.kind, in_the_way)) return rest(kIdle);
  fail(duplicate_key(duplicate, *range.up_to, error));
}

RangeOutcome Migration::work_through(const std::optional<KeyLiterals>& above, std::size_t hands,
                                     const RangeWork& work) {
  const auto began = gate::Clock::now();
  const Options now = options();
  const bool rests = pause_after(kTurnMax) > Millis{0};
  const auto nudges = [this] {
    const std::scoped_lock lock(mutex_);
    return nudges_;
  };
  // Else clients who append rows could for ever be quicker than chunks that a busy server makes small.
  const std::uint64_t changed = applier_->applied() - std::exchange(applied_at_turn_, applier_->applied());
  const bool may_grow = in_the_way_since_ == TimePoint{} && !rests;
  const std::uint64_t rows_min = may_grow ? std::min(2 * changed, kChunkStretchMax * chunk_rows_) : 1;
  const RangeTurn turn{.above = above,
                       .chunk_rows = std::max(chunk_rows_, rows_min),
                       .chunk_time = now.chunk_time_ms,
                       .is_over = [&, before = nudges()] {
                         const auto took = gate::Clock::now() - began;
                         return took >= kTurnMax || stopping() || nudges() != before ||
                                (took >= now.chunk_time_ms && (rests || inbox_->progress().pending > 0));
                       }};
  RangeOutcome outcome = run_ranges(*crew_, hands, turn, work);
  chunk_rows_ = outcome.chunk_rows;
  return outcome;
}

void Migration::write_again(std::vector<KeyLiterals> keys) {
  if (keys.empty()) return;
  // Most were changed in the source and wait for their turn, or are in the binlog that is still to be read. What nobody
  // has changed there is another matter.
  const auto head = binlog_head(*connection_);
  const bool read = head.has_value() && inbox_->wait_until_reached(*head, gate::Clock::now() + kChangesToldWithin);
  const std::size_t unexplained = inbox_->add_found(std::move(keys));
  if (!read || unexplained == 0) return;
  mismatches_before_ += unexplained;
  parts_.observer.mismatched(unexplained);
  note("mismatches", Details().add("rows", static_cast<std::uint64_t>(unexplained)).text());
}

void Migration::count_changed_in_shadow() {
  const std::uint64_t keys = inbox_->progress().changed_in_shadow;
  const std::uint64_t more = keys - std::exchange(changed_in_shadow_, keys);
  if (more == 0) return;
  mismatches_before_ += more;
  parts_.observer.mismatched(more);
  note("shadow_changed", Details().add("rows", more).text());
}

bool Migration::sees_what_was_applied() {
  const std::uint64_t applied = applier_->applied();
  if (applied == applied_at_beat_) return true;
  if (auto beaten = store_.beat(id_); beaten.has_error()) {
    connection_lost(beaten.error());
    return false;
  }
  applied_at_beat_ = applied;
  return true;
}

void Migration::copy() {
  if (!gather() || !sees_what_was_applied()) return;
  const auto began = gate::Clock::now();
  // One after the other while a row is in the way, so that what is behind it is neither copied again and again nor lets
  // the chunks grow, which are to be halved.
  const std::size_t hands = in_the_way_since_ == TimePoint{} ? hands_now() : 1;
  RangeOutcome outcome = work_through(checkpoint_.copied_to, hands, [](Crew::Hand& hand, const KeyRange& range) {
    return copy_range(hand.connection, hand.sql, range);
  });
  checkpoint_.copied_to = std::move(outcome.done_to);
  checkpoint_.rows_copied += outcome.rows;
  parts_.observer.rows_copied(outcome.rows);
  if (outcome.unreadable) return read_failed("copy_failed", *outcome.unreadable);
  if (outcome.gap) return copy_failed(*outcome.gap);
  in_the_way_since_ = {};
  if (outcome.complete) {
    checkpoint_.copied = true;
    note("copied", Details().add("rows", checkpoint_.rows_copied).text());
  }
  worked_for(gate::Clock::now() - began);
}

void Migration::copy_failed(const RangeOutcome::Gap& gap) {
  const SqlError& error = gap.result.error;
  switch (gap.result.status) {
    case ResyncStatus::done:
    case ResyncStatus::busy:
    case ResyncStatus::mismatch:
      return rest(kIdle);
    case ResyncStatus::conflict:
      return after_duplicate(error, gap.range);
    case ResyncStatus::failed:
      return refused(error, gap.range);
    case ResyncStatus::lost:
      return hands_lost(error);
  }
}

bool Migration::has_no_strays() {
  if (plan_->key.order == KeyOrder::same) return true;
  const RowSql sql(*plan_, connection_->flavor());
  auto strays = find_strays(*connection_, sql, strays_sought_to_, chunk_rows_);
  if (strays.has_error()) {
    read_failed("compare_failed", strays.error());
    return false;
  }
  write_again(std::move(strays->keys));
  strays_sought_to_ = strays->up_to;
  return !strays_sought_to_;
}

void Migration::verify() {
  if (!gather()) return;
  const auto began = gate::Clock::now();
  RangeOutcome outcome =
      work_through(checkpoint_.verified_to, hands_now(), [](Crew::Hand& hand, const KeyRange& range) -> RangeResult {
        auto compared = compare_range(hand.connection, hand.sql, range);
        if (compared.has_error()) return {.status = classify(compared.error()), .error = compared.error()};
        return {.rows = compared->rows, .unequal = std::move(compared->unequal)};
      });
  checkpoint_.verified_to = std::move(outcome.done_to);
  checkpoint_.verified_rows += outcome.rows;
  checkpoint_.verified_at = now_as_text();
  // Unequal may mean: changed, and not applied yet. Written again, they are compared again, with the row locked.
  write_again(std::move(outcome.unequal));
  parts_.observer.rows_verified(outcome.rows);
  if (outcome.unreadable) return read_failed("compare_failed", *outcome.unreadable);
  if (outcome.gap) return read_failed("compare_failed", outcome.gap->result.error);
  worked_for(gate::Clock::now() - began);
  if (!outcome.complete) return;
  if (!has_no_strays()) return;
  checkpoint_.verified = true;
  note("verified", Details().add("rows", checkpoint_.verified_rows).text());
}

}  // namespace sluice::migrator
