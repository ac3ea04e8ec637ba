// What a migration that is ready waits for before its cut-over, told in the status and in the journal.
#include <utility>

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
    case MigrationFsm::Wait::incompatible:
      return {incompatible_.text, incompatible_.text, incompatible_.logged};
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

void Migration::look_at_compatibility(const Options& options, TimePoint now) {
  const std::vector<CompatibilityQuery>& queries = options.compatibility_queries;
  if (queries == tried_queries_ && (incompatible_.empty() || now - tried_at_ < kTriedAgainAfter)) return;
  bool paused = false;
  {
    const std::scoped_lock lock(mutex_);
    paused = fsm_.paused();
  }
  // Nothing is swapped then, and the queries are a burden.
  const bool throttled = !brakes_.throttled_by.empty() || !guards_.throttled_by().empty();
  if (!queries.empty() && (paused || throttled || is_to_end())) return;
  (void)passes_compatibility();
}

bool Migration::passes_compatibility() {
  const auto queries = options().compatibility_queries;
  tried_queries_ = queries;
  tried_at_ = gate::Clock::now();
  passed_at_.reset();
  if (queries.empty()) {
    incompatible_ = {};
    return true;
  }
  auto compatibility = Compatibility::connect(parts_.primary, *plan_);
  const auto give_up = [this] { return is_to_end() || flag_is_set(options().panic_flag_file); };
  auto problem = compatibility.has_value() ? compatibility->problem_of(queries, give_up)
                                           : SqlResult<Objection>(compatibility.error());
  const std::string what = "compatibility queries could not be tried: ";
  incompatible_ = problem.has_value()
                      ? std::move(*problem)
                      : Objection{what + describe(problem.error()), what + describe_without_values(problem.error())};
  const TimePoint now = gate::Clock::now();
  if (incompatible_.empty() && now - tried_at_ >= kHooksMoment) passed_at_ = now;
  return incompatible_.empty();
}

bool Migration::is_compatible() {
  const bool is_known = passed_at_ && gate::Clock::now() - *passed_at_ < kHooksHold;
  if (is_known && options().compatibility_queries == tried_queries_) return true;
  const bool passes = passes_compatibility();
  if (passes && !passed_at_) return true;
  const std::string& objection = incompatible_.logged.empty() ? incompatible_.text : incompatible_.logged;
  checkpoint_.cut_over.last_error =
      passes ? "the compatibility queries took their time; what has changed meanwhile is applied first" : objection;
  return false;
}

void Migration::tell_state() {
  bool ready = false;
  bool paused = false;
  {
    const std::scoped_lock lock(mutex_);
    ready = fsm_.state() == State::ready || fsm_.state() == State::cutting_over;
    paused = fsm_.paused();
  }
  if (ready && !std::exchange(told_ready_, true)) note("ready", "{}");
  if (std::exchange(told_paused_, paused) == paused) return;
  note(paused ? "paused" : "unpaused", "{}");
  (void)save();  // after a crash it must not go on, and cut over, by itself
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
