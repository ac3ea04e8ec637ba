// Its thread: looks at the facts, asks the machine what comes next, and has it done.
#include <algorithm>
#include <utility>

#include "migrator/engine/migration.hpp"

namespace sluice::migrator {

void Migration::run() {
  if (fsm_.state() == State::cutting_over) recover_cut_over();
  while (!stopping()) {
    const MigrationFsm::Facts now = facts();
    Work work{};
    MigrationFsm::Wait wait{};
    {
      const std::scoped_lock lock(mutex_);
      work = fsm_.next(now, gate::Clock::now());
      stamp_end();
      wait = fsm_.wait();
      group_->tell_willing(id_, fsm_.willing());
    }
    publish(now);
    tell_state();
    tell_wait(wait);
    if (work == Work::end) break;
    perform(work);
    checkpoint();
  }
  finish();
}

void Migration::perform(Work work) {
  if (work != Work::wait && !connect()) return;
  switch (work) {
    case Work::prepare:
      return prepare();
    case Work::apply:
      return apply();
    case Work::copy:
      return copy();
    case Work::index:
      return index();
    case Work::verify:
      return verify();
    case Work::cut_over:
      return cut_over();
    case Work::wait: {
      const Millis left = rest_left(gate::Clock::now());
      return rest(left > Millis{0} ? std::min(left, kIdle) : kIdle);
    }
    case Work::clean_up:
      return clean_up();
    case Work::roll_back:
      return roll_back_some();
    case Work::end:
      return;
  }
}

SessionSettings Migration::row_settings() const {
  return plan_ ? settings_for(*plan_) : SessionSettings{};
}

bool Migration::connect() {
  if (connection_) return true;
  SessionSettings settings = row_settings();
  settings.foreign_key_checks = ForeignKeyChecks::on;  // it drops tables
  auto made = Connection::connect(parts_.primary, settings);
  if (made.has_error()) {
    connection_lost(made.error());
    return false;
  }
  connection_ = std::move(*made);
  return true;
}

void Migration::connection_lost(const SqlError& error) {
  connection_.reset();
  brakes_.throttled_by = "the primary can't be reached: " + describe(error);
  publish({});
  rest(kReconnectAfter);
  brakes_.throttled_by.clear();
}

MigrationFsm::Facts Migration::facts() {
  MigrationFsm::Facts facts;
  const Options now_options = options();
  auto now = gate::Clock::now();
  if (flag_is_set(now_options.panic_flag_file)) (void)act(Action::panic);
  facts.copied = checkpoint_.copied || is_instant();
  facts.indexed = checkpoint_.deferred_indexes.empty();
  facts.index_alone = index_alone_;
  facts.verified = checkpoint_.verified || now_options.verify == Verify::off || is_instant();
  bool asked = false;
  {
    const std::scoped_lock lock(mutex_);
    asked = fsm_.cut_over_asked();
  }
  if (asked && !checkpoint_.cut_over_asked) {
    checkpoint_.cut_over_asked = true;
    // Where the server refuses to store the wish, the attempt tells the client so; nobody else would.
    const auto saved = save();
    checkpoint_.cut_over_asked = saved.has_value() || saved.error().outcome == Outcome::refused;
  }
  facts.postponed = !checkpoint_.cut_over_asked &&
                    (now_options.postpone_cut_over || flag_is_set(now_options.postpone_cut_over_flag_file));
  facts.others_ready = group_->others_are_willing(id_);
  facts.outside_window = !checkpoint_.cut_over_asked && is_outside_window(now_options);
  facts.lag = Millis::max();
  look_at_guards(now_options, facts, now);
  facts.throttled = !guards_.throttled_by().empty();
  look_at_rollback(now_options, now);
  // Behind that: whose others have turned back together with it has not failed, but turns back itself.
  if (auto problem = group_->failure(); problem && !is_to_end()) fail(*problem);
  // What a rollback has stopped has no progress any more.
  if (!inbox_ || rolls_back()) return facts;
  if (facts.copied && facts.indexed && facts.verified && plan_) {
    look_at_compatibility(now_options, now);
    now = gate::Clock::now();  // they may have taken their time
  }
  const Inbox::Progress progress = inbox_->progress();
  if (progress.trouble) fail(*progress.trouble);
  if (!is_instant()) {
    audit_marks_.note(progress.reached, now);
    checkpoint_.audit_from = audit_marks_.oldest();
  }
  facts.pending = progress.pending;
  facts.pending_is_urgent = progress.urgent;
  // Rows move on other connections: who does not ask here would never learn that this one is lost.
  if (now - looked_at_ >= kLooksApart && connect()) look_around(facts, now_options, progress.reached, now);
  facts.throttled = facts.throttled || !brakes_.throttled_by.empty();
  facts.resting = rest_left(now) > Millis{0};
  facts.incompatible = !incompatible_.empty();
  facts.lag = progress.reached >= head_seen_ ? Millis{0} : std::chrono::duration_cast<Millis>(now - behind_since_);
  blocker_ = blocker_ahead(now_options);
  facts.blocked = blocker_.has_value();
  if (is_instant()) facts.lag = {};  // no stream is followed
  // What the old table can't hold must be known before anybody is held.
  facts.catching_up = reverts_ && !has_written_what_was_pending();
  if (applied_per_ms_ > 0) {
    constexpr double kForeverMs = 1e12;  // what is more than that is no number of milliseconds, or none that counts
    const double backlog = static_cast<double>(facts.pending) / applied_per_ms_;
    facts.backlog = Millis(static_cast<std::int64_t>(std::min(backlog, kForeverMs)));
  }
  return facts;
}

void Migration::look_around(const MigrationFsm::Facts& facts, const Options& options, const Position& reached,
                            TimePoint now) {
  looked_at_ = now;
  count_changed_in_shadow();
  const auto head = binlog_head(*connection_);
  if (head.has_value() && reached >= head_seen_) {
    head_seen_ = *head;
    behind_since_ = now;
  }
  if (head.has_error() && head.error().outcome == Outcome::unknown) return connection_.reset();
  look_at_brakes(options, now);
  held_from_outside_ = connection_ && facts.copied && facts.verified && held_from_outside();
}

void Migration::rest(Millis time) {
  const auto began = gate::Clock::now();
  {
    std::unique_lock lock(mutex_);
    nudged_.wait_for(lock, time, [&, seen = nudges_] { return stopping() || nudges_ != seen; });
  }
  if (!throttled_by().empty()) parts_.observer.throttled_for(std::chrono::round<Millis>(gate::Clock::now() - began));
}

}  // namespace sluice::migrator
