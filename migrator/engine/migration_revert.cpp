// A revert is a migration whose shadow is the old table of another: what it does otherwise than others.
#include <algorithm>
#include <array>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/revert.hpp"

namespace sluice::migrator {

std::optional<Migration::WayBack> Migration::way_back() const {
  const std::scoped_lock lock(mutex_);
  // Since it has let go, its thread leaves the checkpoint alone.
  if (!has_let_go_ || fsm_.state() != State::completed || !checkpoint_.renamed) return std::nullopt;
  Specification specification = specification_;
  specification.options = options_;
  return WayBack{std::move(specification), checkpoint_};
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
  const auto taken = migrator::take_old_table(*connection_, source());
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

SqlResult<void> Migration::give_shadow_up() {
  if (reverts_) return give_old_table_back(*connection_, source());
  auto dropped = drop_table(*connection_, shadow_table(source()));
  if (dropped.has_error()) return dropped.error();
  return {};
}

void Migration::give_old_table_back_in_the_end() {
  const State state = fsm_.state();
  if (state != State::failed) return;  // panicked: it is kept for study; stopped: it has been done
  while (!stopping()) {
    if (!connect()) continue;
    const auto given = give_old_table_back(*connection_, source());
    if (given.has_value() || given.error().outcome == Outcome::refused) return;
    connection_lost(given.error());
  }
}

bool Migration::has_written_what_was_pending() {
  if (head_of_revert_.file.empty()) head_of_revert_ = head_seen_;
  const Inbox::Progress progress = inbox_->progress();
  return !head_of_revert_.file.empty() && !progress.has_found_keys && progress.applied >= head_of_revert_;
}

Problem Migration::with_all_refused(Problem first) {
  if (first.code != "row_refused") return first;
  const RowSql sql(*plan_, connection_->flavor());
  const auto until = gate::Clock::now() + kRefusedSoughtFor;
  std::string rows;
  std::size_t refused = 0;
  while (refused < kRefusedListedMax && gate::Clock::now() < until) {
    const std::vector<PendingKeys::Entry> entries = inbox_->take(1);
    if (entries.empty()) break;
    const auto resynced =
        resync(*connection_, sql, std::array{entries.front().key}, ResyncMode::no_wait, RowCheck::compared);
    if (resynced.status == ResyncStatus::lost) break;
    if (resynced.status != ResyncStatus::failed) continue;
    ++refused;
    rows += (rows.empty() ? "" : "; ") + describe(entries.front().key) + ": " + describe(resynced.error);
  }
  if (refused == 0) return first;
  const bool more = !inbox_->take(1).empty();
  const std::string what = "the old table can't hold rows that were written since the swap";
  return {.code = "row_refused",
          .message = what + ": " + rows + (more ? "; there may be more" : "") +
                     ". Change them so that they fit, then revert again",
          .logged = what};
}

}  // namespace sluice::migrator
