// The cut-over and every other end of a migration.
#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/read_table.hpp"
#include "migrator/table/shadow.hpp"
#include "migrator/table/shadow_triggers.hpp"

namespace sluice::migrator {
namespace {

const char* name(CutOverFsm::Result result) {
  switch (result) {
    case CutOverFsm::Result::pending:
      return "pending";
    case CutOverFsm::Result::completed:
      return "completed";
    case CutOverFsm::Result::again:
      return "again";
    case CutOverFsm::Result::failed:
      return "failed";
    case CutOverFsm::Result::strange:
      return "strange";
    case CutOverFsm::Result::panicked:
      return "panicked";
  }
  return "unknown";
}

}  // namespace

void Migration::count(CutOverFsm::Result result, const CutOverStatus& cut_over) {
  const auto duration = [](double ms) { return std::chrono::microseconds(static_cast<std::int64_t>(ms * 1000)); };
  parts_.observer.cut_over_attempted(name(result), duration(cut_over.hold_ms));
  for (const TimedPart& part : cut_over.parts) parts_.observer.hold_part(part.part, duration(part.ms));
  if (cut_over.stragglers > 0) parts_.observer.stragglers(cut_over.stragglers);
}

bool Migration::held_from_outside() {
  if (!has_metadata_lock_instruments(connection_->flavor())) return false;
  std::string names;
  const auto add = [&](const TableRef& table) {
    names += (names.empty() ? "(" : ", (") + quote_string(table.database) + ", " + quote_string(table.table) + ")";
  };
  add(source());
  add(shadow_table(source()));
  // The RENAME of a child needs them as well.
  for (const TableRef& parent : checkpoint_.attachments.parents) add(parent);
  auto rows = connection_->query(
      "SELECT DISTINCT t.processlist_id, t.processlist_user, t.processlist_host, t.processlist_time FROM "
      "performance_schema.metadata_locks AS l"
      " JOIN performance_schema.threads AS t ON t.thread_id = l.owner_thread_id"
      " WHERE l.object_type = 'TABLE' AND l.lock_status = 'GRANTED' AND (l.object_schema, l.object_name) IN (" +
      names +
      ") AND t.processlist_id <> CONNECTION_ID() AND (t.processlist_command = 'Sleep' OR t.processlist_time >= 1)");
  if (rows.has_error()) return false;  // not allowed to look: the fence's own time-out finds them
  std::vector<BlockerStatus> holders;
  for (const Row& row : rows->rows) {
    const std::uint64_t id = std::strtoull(row.at(0).value_or("0").c_str(), nullptr, 10);
    if (parts_.gate.knows(gate::ConnectionId{id})) continue;
    constexpr std::int64_t kMillisPerSecond = 1000;
    holders.push_back({.connection_id = id,
                       .user = row.at(1).value_or(""),
                       .host = row.at(2).value_or(""),
                       .statement = "",  // it came past the proxy
                       .since_ms = std::strtoll(row.at(3).value_or("0").c_str(), nullptr, 10) * kMillisPerSecond});
  }
  // Between two statements of a short transaction everybody sleeps; who does so twice in a row may do so for long.
  std::erase_if(holders_, [&](const BlockerStatus& before) {
    return std::ranges::none_of(holders,
                                [&](const BlockerStatus& now) { return now.connection_id == before.connection_id; });
  });
  const bool still = !holders_.empty();
  {
    const std::scoped_lock lock(mutex_);
    outside_ = holders_;
  }
  holders_ = std::move(holders);
  return still;
}

bool Migration::is_related_as_before() {
  const Attachments& attachments = checkpoint_.attachments;
  auto names = trigger_names(*connection_, source());
  if (names.has_error()) {
    connection_lost(names.error());
    return false;
  }
  // Whoever makes one is seen in the binlog; who drops one is not.
  if (!std::ranges::equal(*names, attachments.triggers, {}, {}, &Trigger::name)) {
    fail({"table_changed", "the table's triggers are not those of the migration's start; start again"});
    return false;
  }
  // One that was made meanwhile would follow the old table through the RENAME.
  auto children = foreign_keys_to(*connection_, source());
  if (children.has_error()) {
    connection_lost(children.error());
    return false;
  }
  if (children->empty() || is_instant()) return true;
  fail({"table_changed", "a foreign key to the table was made while the migration ran: " + children->front() +
                             "; drop it, then start again"});
  return false;
}

void Migration::abandon_cut_over() {
  // What is held looks after it by itself.
  if (!fsm_.ended() && fsm_.abort_asked()) parts_.gate.abandon(group_->gate_of());
}

bool Migration::hooks_agree() {
  const TimePoint began = gate::Clock::now();
  if (hooks_agreed_at_ && began - *std::exchange(hooks_agreed_at_, std::nullopt) < kHooksHold) return true;
  const JournalEntry entry{.at = now_as_text(), .event = "cut_over.begun", .details = "{}"};
  checkpoint_.cut_over.last_error = parts_.notifier.ask_before_cut_over(
      {.status = status(), .entry = entry, .webhooks = {}}, [this] { return is_to_end(); });
  if (!checkpoint_.cut_over.last_error.empty()) return false;
  if (gate::Clock::now() - began < kHooksMoment) return true;
  hooks_agreed_at_ = gate::Clock::now();
  checkpoint_.cut_over.last_error = "the hooks took their time; what has changed meanwhile is applied first";
  return false;
}

SwapGroup::Party Migration::party() {
  return {.table = {.inbox = *inbox_,
                    .applier = *applier_,
                    .plan = *plan_,
                    .old_table = old_table(source()),
                    .attachments = checkpoint_.attachments},
          .record =
              [this](const Position& caught_up) {
                checkpoint_.caught_up = caught_up;
                return save().has_value();
              },
          .journal = [this](std::string_view event, std::string details) { note(event, std::move(details)); },
          .panicked =
              [this] {
                const std::scoped_lock lock(mutex_);
                return fsm_.abort_asked();
              }};
}

CutOver::Parts Migration::cut_over_parts(const std::vector<SwapGroup::Party*>& parties) {
  std::vector<CutOver::Table> tables;
  for (const SwapGroup::Party* party : parties) tables.push_back(party->table);
  return {.hand_over_tag = group_->hand_over_tag(),
          .tag = group_->tag(),
          .primary = parts_.primary,
          .gate = parts_.gate,
          .gate_of = group_->gate_of(),
          .tables = std::move(tables),
          .options = options(),
          .instant = is_instant() ? std::optional(CutOver::Instant{instant_alter(source(), specification_.alter),
                                                                   checkpoint_.altered_from})
                                  : std::nullopt,
          .record =
              [&parties](const Position& caught_up) {
                return std::ranges::all_of(parties, [&](const auto* party) { return party->record(caught_up); });
              },
          .journal =
              [&parties](std::string_view event, const std::string& details) {
                for (const SwapGroup::Party* party : parties) party->journal(event, details);
              },
          .panicked =
              [&parties] { return std::ranges::any_of(parties, [](const auto* party) { return party->panicked(); }); },
          .arm_after_swap = [this] { parts_.gate.arm(group_->gate_of(), after_swap_, group_->members().front().id); },
          .shutting_down = [this] { return stopping(); }};
}

SwapGroup::Swapped Migration::drive(const std::vector<SwapGroup::Party*>& parties,
                                    CutOverFsm::Result (CutOver::*how)()) {
  SwapGroup::Swapped swapped{.status = checkpoint_.cut_over};
  CutOver attempt(cut_over_parts(parties), swapped.status);
  swapped.result = (attempt.*how)();
  instant_refused_ = attempt.instant_refused();
  return swapped;
}

void Migration::cut_over() {
  const auto back = [this] {
    after_cut_over({.result = CutOverFsm::Result::again, .status = checkpoint_.cut_over, .drove = true});
  };
  checkpoint_.cut_over.hold_ms = 0;
  checkpoint_.cut_over.parts.clear();
  if (row_counts_ && !row_counts_->give_up(*connection_)) {
    checkpoint_.cut_over.last_error = "rows are being counted for a guard";
    return back();
  }
  if (!is_compatible()) return back();
  if (!is_related_as_before() || ended() || !connection_) return ended() ? void() : back();
  arm();  // views, routines and triggers may have been made since
  if (!connection_ || !hooks_agree()) return back();
  ++checkpoint_.cut_over.attempts;
  note("cut_over.begun", Details().add("attempt", checkpoint_.cut_over.attempts).text());
  if (auto kept = keep_auto_increment(*connection_, plan_->source, plan_->shadow); kept.has_error()) {
    checkpoint_.cut_over.last_error = "auto_increment: " + describe_without_values(kept.error());
    if (kept.error().outcome == Outcome::unknown) connection_lost(kept.error());
    return back();
  }
  if (is_instant() && !is_as_it_was()) return ended() ? void() : back();
  // From here on a crash is followed by a look at the tables' names.
  if (auto saved = save(); saved.has_error()) {
    checkpoint_.cut_over.last_error = "the checkpoint can't be saved: " + describe_without_values(saved.error());
    const bool refused = saved.error().outcome == Outcome::refused;
    if (refused && ++unsaved_cut_overs_ >= kUnsavedCutOversMax)
      return fail({"not_saved", checkpoint_.cut_over.last_error});
    return back();
  }
  unsaved_cut_overs_ = 0;
  const auto swapped = group_->meet(
      party(), [this](const auto& parties) { return drive(parties, &CutOver::run); },
      gate::Clock::now() + kOthersComeWithin);
  if (swapped) return after_cut_over(*swapped);
  checkpoint_.cut_over.last_error = "the migrations of the other tables were not ready any more";
  back();
}

void Migration::after_cut_over(const SwapGroup::Swapped& swapped) {
  const CutOverFsm::Result result = swapped.result;
  if (result == CutOverFsm::Result::pending) {  // shutting down: whoever starts next looks at the names
    stopping_ = true;
    return;
  }
  const std::uint64_t attempts = checkpoint_.cut_over.attempts;
  checkpoint_.cut_over = swapped.status;
  checkpoint_.cut_over.attempts = attempts;
  const CutOverStatus& cut_over = checkpoint_.cut_over;
  if (swapped.drove) count(result, cut_over);
  if (result == CutOverFsm::Result::completed && !is_instant()) {
    checkpoint_.cut_over.audit = kAuditPending;
    checkpoint_.renamed = inbox_->progress().renamed;
  }
  if (result == CutOverFsm::Result::failed) {
    error_ = Problem{.code = "cut_over_failed",
                     .message = cut_over.last_error,
                     .logged = "the cut-over failed, for the reason told by the entries before"};
  }
  if (result == CutOverFsm::Result::strange) {
    error_ = Problem{kNamesStrange,
                     "the tables' names are neither those before nor those after the swap; look at them by hand"};
  }
  {
    // Who sees the new state sees what belongs to it.
    const std::scoped_lock lock(mutex_);
    const TimePoint now = gate::Clock::now();
    status_.cut_over = cut_over;
    status_.error = error_;
    fsm_.cut_over_ended(result, now);
    stamp_end();
    back_off_until_ =
        as_text(std::chrono::system_clock::now() + std::chrono::duration_cast<Millis>(fsm_.next_attempt() - now));
  }
  Details details;
  details.add("attempt", cut_over.attempts)
      .add("hold_ms", cut_over.hold_ms)
      .add("held_statements", cut_over.held_statements)
      .add("stragglers", cut_over.stragglers)
      .add("conflicts", cut_over.conflicts)
      .add("fence", cut_over.fence);
  if (result == CutOverFsm::Result::again) {
    details.add("problem", cut_over.last_error).add("not_before", back_off_until_);
  }
  note(std::string("cut_over.") + name(result), details.text());
  if (instant_refused_) refuse_instant();
  if (is_instant() && result == CutOverFsm::Result::completed) drop_pattern();
  (void)save();
}

void Migration::clean_up() {
  index_build_.reset();
  stream_.reset();
  // Before the state says that it has stopped: from then on clients may alter the table again. A gate that is shared
  // goes in finish(), with the last of its group: had this member left here, two would be the last there, and the
  // slower one would disarm what a later migration may have armed by then.
  if (group_->members().size() == 1 && is_done_with(group_->gate_of())) parts_.gate.disarm(group_->gate_of());
  // A revert's goes back in finish(), once it is written down that it has ended.
  const auto dropped = reverts_ ? Affected{} : drop_table(*connection_, shadow_table(source()));
  if (dropped.has_error()) {
    if (dropped.error().outcome == Outcome::unknown) return connection_lost(dropped.error());
    if (is_lock_conflict(dropped.error())) return rest(kReconnectAfter);
    if (dropped.error().code != server_error::bad_table)
      return fail({"not_dropped", describe_without_values(dropped.error())});
  }
  const std::scoped_lock lock(mutex_);
  fsm_.cleaned_up();
  stamp_end();
}

bool Migration::is_done_with(const gate::TableName& gate) const {
  const gate::GateStatus status = parts_.gate.status(gate);
  return status.stale == 0 && status.waiting == 0;
}

// Who sees that it has ended sees when.
void Migration::stamp_end() {
  if (fsm_.ended() && status_.ended_at.empty()) status_.ended_at = now_as_text();
}

void Migration::fail(Problem problem) {
  const std::scoped_lock lock(mutex_);
  if (fsm_.ended()) return;
  error_ = std::move(problem);
  status_.error = error_;
  fsm_.failed();
  stamp_end();
  group_->fail({id_, source()}, *error_);
}

void Migration::finish() {
  latency_.reset();
  index_build_.reset();
  if (!ended()) {  // a restart goes on from here
    (void)save();
    if (stream_) stream_->stop();
    return;
  }
  if (const State state = status().state; state != State::completed) {
    group_->fail({id_, source()},
                 error_.value_or(Problem{to_string(state), std::string("it was ") + to_string(state)}));
  }
  const gate::TableName gate = group_->gate_of();
  const bool last = group_->leave(id_);
  if (last) parts_.gate.open(gate);
  // What follows, the audit too, holds nobody up: not even those who want to alter the table now.
  if (last && is_done_with(gate)) parts_.gate.disarm(gate);
  if (stream_) stream_->stop();
  settle_rollback();
  brakes_ = {};
  slowed_by_.clear();
  throttle_.stop();
  if (row_counts_) retired_.take(std::move(row_counts_));
  guards_.stop();
  if (error_) {
    note("failed", Details().add("code", error_->code).add("message", error_->to_be_logged()).text());
  } else {
    note(to_string(fsm_.state()), "{}");
  }
  publish({});
  save_in_the_end();
  if (is_given_up_revert()) give_old_table_back_in_the_end();
  audit();
  // Transactions with an older snapshot must be refused until the last of them has ended.
  // And those who waited go on in turn as long as the gate is there.
  while (last && !stopping() && !is_done_with(gate)) rest(kIdle);
  if (last) parts_.gate.disarm(gate);
  drop_shadow_after_failure();
  let_go();
  keep_old_table();
  store_.disconnect();
}

void Migration::save_in_the_end() {
  unsigned refused = 0;
  while (!stopping()) {
    const auto saved = save();
    if (saved.has_value()) return;
    // Else the next start would go on with it.
    if (saved.error().outcome == Outcome::refused && ++refused >= kUnsavedEndsMax) return;
    rest(kReconnectAfter);
  }
}

void Migration::let_go() {
  connection_.reset();
  crew_.reset();
  store_.disconnect();
  {
    const std::scoped_lock lock(mutex_);
    has_let_go_ = true;
    way_back_ = checkpoint_;
  }
  nudged_.notify_all();
}

}  // namespace sluice::migrator
