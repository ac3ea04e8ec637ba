// What a migration that is ready waits for before its cut-over, told in the status and in the journal.
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"

namespace sluice::migrator {

bool Migration::is_outside_window(const Options& options) const {
  const CutOverWindow& window = options.cut_over_window;
  return !is_within(window, week_minute(window.clock, std::chrono::system_clock::now()));
}

std::optional<BlockerStatus> Migration::blocker_ahead(const Options& options) const {
  if (held_from_outside_) {
    const std::scoped_lock lock(mutex_);
    if (!outside_.empty()) return outside_.front();
  }
  if (options.on_blocker != OnBlocker::wait) return std::nullopt;
  const gate::GateStatus gate = parts_.gate.status(group_->gate_of());
  if (gate.busy.empty() || gate.busy.front().since <= kShortTransaction) return std::nullopt;
  return status_of(gate.busy.front());
}

WaitReason Migration::reason_of(MigrationFsm::Wait wait) const {
  const Options now = options();
  switch (wait) {
    case MigrationFsm::Wait::nothing:
      return {};
    case MigrationFsm::Wait::postponed: {
      const std::string text = now.postpone_cut_over ? "postpone_cut_over"
                                                     : "postpone_cut_over_flag_file " + now.postpone_cut_over_flag_file;
      return {text, text};
    }
    case MigrationFsm::Wait::outside_window: {
      const CutOverWindow& window = now.cut_over_window;
      const std::string text =
          "cut_over_window until " + opens_at(window, week_minute(window.clock, std::chrono::system_clock::now()));
      return {text, text};
    }
    case MigrationFsm::Wait::behind:
      return {"behind", "changes that are still to be applied"};
    case MigrationFsm::Wait::blocked:
      if (!blocker_) return {};
      return {"connection " + std::to_string(blocker_->connection_id), "a transaction of " + describe(*blocker_)};
    case MigrationFsm::Wait::others:
      return {"others", "the migrations of the tables that swap together with this one"};
    case MigrationFsm::Wait::back_off:
      return {"back-off " + back_off_until_, "back-off until " + back_off_until_};
  }
  return {};
}

void Migration::tell_wait(MigrationFsm::Wait wait) {
  const WaitReason reason = reason_of(wait);
  {
    const std::scoped_lock lock(mutex_);
    status_.waiting_for = reason.text;
  }
  if (const auto worth = wait_journal_.tell(reason, gate::Clock::now())) {
    note("cut_over.waiting", Details().add("for", *worth).text());
  }
}

}  // namespace sluice::migrator
