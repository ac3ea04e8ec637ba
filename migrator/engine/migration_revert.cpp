// A revert is a migration whose shadow is the old table of another: what it does otherwise than others.
#include <algorithm>
#include <array>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/follow.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/revert.hpp"

namespace sluice::migrator {

std::optional<Migration::WayBack> Migration::way_back() const {
  const std::scoped_lock lock(mutex_);
  if (!has_let_go_ || fsm_.state() != State::completed || !way_back_.renamed) return std::nullopt;
  Specification specification = specification_;
  specification.options = options_;
  return WayBack{std::move(specification), way_back_};
}

RevertLink Migration::revert_link() const {
  const std::scoped_lock lock(mutex_);
  return {id_, reverts_, fsm_.state()};
}

std::string Migration::revertible_until() const {
  if (fsm_.state() != State::completed || !checkpoint_.renamed) return {};
  const auto ended_at = time_from(status_.ended_at);
  return ended_at ? as_text(*ended_at + options_.old_table_retention) : std::string();
}

boost::system::result<CopyPlan, Problems> Migration::plan() const {
  if (!checkpoint_.revert) return plan_for(specification_, *source_definition_, *shadow_definition_);
  return plan_of_revert(specification_, checkpoint_.revert->direction, *source_definition_, *shadow_definition_);
}

bool Migration::take_old_table() {
  auto taken = migrator::take_old_table(*connection_, source());
  if (taken.has_value() && checkpoint_.revert->taken.file.empty()) {
    auto head = binlog_head(*connection_);
    if (head.has_error()) return connection_lost(head.error()), false;
    checkpoint_.revert->taken = std::move(*head);
  }
  if (taken.has_value()) return true;
  if (taken.error().outcome == Outcome::unknown) {
    connection_lost(taken.error());
  } else if (is_lock_conflict(taken.error())) {
    rest(kReconnectAfter);
  } else {
    fail({"old_table_refused", "the old table can't be taken: " + describe_without_values(taken.error())});
  }
  return false;
}

bool Migration::is_given_up_revert() const {
  return reverts_ && (fsm_.state() == State::failed || fsm_.state() == State::stopped);
}

void Migration::give_old_table_back_in_the_end() {
  while (!stopping()) {
    // After a restart a later migration may have tables of these names.
    const auto latest = store_.is_latest(id_);
    if (latest.has_value() && !*latest) return;
    if (latest.has_value() && connect()) {
      const auto given = give_old_table_back(*connection_, source());
      if (given.has_value()) return;
      if (!may_succeed_later(given.error()))
        return note("old_table.not_given_back", Details().add("why", describe_without_values(given.error())).text());
      if (given.error().outcome == Outcome::unknown) connection_.reset();
    }
    rest(kReconnectAfter);
  }
}

bool Migration::has_read_what_was_pending() {
  if (head_of_revert_.file.empty()) head_of_revert_ = head_seen_;
  return !head_of_revert_.file.empty() && inbox_->progress().reached >= head_of_revert_;
}

bool Migration::has_written_what_was_pending() {
  if (!has_read_what_was_pending()) return false;
  const Inbox::Progress progress = inbox_->progress();
  return !progress.has_found_keys && progress.applied >= head_of_revert_;
}

Problem Migration::with_all_refused(Problem first) {
  if (first.code != "row_refused") return first;
  const auto until = gate::Clock::now() + kRefusedSoughtFor;
  std::string rows;
  std::size_t refused = 0;
  bool all = false;
  crew_->run(1, [&](Crew::Hand& hand) {
    while (refused < kRefusedListedMax && gate::Clock::now() < until) {
      const std::vector<PendingKeys::Entry> entries = inbox_->take(1);
      all = entries.empty() && has_read_what_was_pending();
      if (entries.empty()) return;
      const auto resynced =
          resync(hand.connection, hand.sql, std::array{entries.front().key}, ResyncMode::no_wait, RowCheck::compared);
      if (resynced.status == ResyncStatus::lost) return;
      if (resynced.status != ResyncStatus::failed) continue;
      ++refused;
      rows += (rows.empty() ? "" : "; ") + describe(entries.front().key) + ": " + describe(resynced.error);
    }
  });
  if (refused == 0) return first;
  const std::string what = "the old table can't hold rows that were written since the swap";
  return {.code = "row_refused",
          .message = what + ": " + rows + (all ? "" : "; there may be more") +
                     ". Change them so that they fit, then revert again",
          .logged = what};
}

}  // namespace sluice::migrator
