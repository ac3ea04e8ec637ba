#include "migrator/engine/cut_over.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <future>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "migrator/engine/details.hpp"
#include "migrator/engine/waiting.hpp"
#include "migrator/engine/watchdog.hpp"

namespace sluice::migrator {
namespace {

using Clock = gate::Clock;

// What is timed by the step itself, or is none: nothing.
std::optional<HoldPart> part_of(CutOverFsm::Step step) {
  using Step = CutOverFsm::Step;
  switch (step) {
    case Step::close_gate:
      return HoldPart::drain;
    case Step::fence:
    case Step::pin:
      return HoldPart::fence;
    case Step::record:
      return HoldPart::record;
    case Step::extend_gate:
      return HoldPart::extend;
    case Step::rename:
      return HoldPart::rename;
    case Step::look_at_names:
      return HoldPart::names;
    case Step::hand_over:
      return HoldPart::hand_over;
    case Step::mark_swapped:
      return HoldPart::mark;
    case Step::unfence:
      return HoldPart::unfence;
    case Step::reconcile:
      return HoldPart::stragglers;
    case Step::open_gate:
      return HoldPart::release;
    case Step::catch_up:
    case Step::end:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string details_of(const std::vector<TimedPart>& parts) {
  Details details;
  for (const TimedPart& part : parts) details.add(std::string(to_string(part.part)) + "_ms", part.ms);
  return details.text();
}

double millis_since(gate::TimePoint start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

std::string rename_tag(const MigrationId& id) {
  return "sluice:" + id + ":rename";
}

std::string hand_over_tag(const MigrationId& id) {
  return "sluice:" + id + ":hand_over";
}

SqlResult<Position> binlog_head(Connection& connection) {
  auto rows = connection.query(binlog_head_statement(connection.flavor()));
  if (rows.has_error()) return rows.error();
  if (rows->rows.empty()) return SqlError{.code = 0, .sqlstate = "HY000", .text = "the server has no binlog"};
  Position position{.file = rows->rows[0].at(0).value_or("")};
  const std::string offset = rows->rows[0].at(1).value_or("0");
  std::from_chars(offset.data(), offset.data() + offset.size(), position.offset);
  return position;
}

CutOver::CutOver(Parts parts, CutOverStatus& status) : parts_(std::move(parts)), status_(status) {}

CutOver::~CutOver() = default;

bool CutOver::connect() {
  SessionSettings settings = settings_for(parts_.tables.front().plan);
  settings.autocommit = Autocommit::off;
  settings.lock_wait_timeout = kLockWaitMax;
  settings.innodb_lock_wait_timeout = kLockWaitMax;
  // Its text is meant as the server's own ALTER takes it.
  if (parts_.instant) {
    settings.time_zone = server_time_zone;
    settings.foreign_key_checks = ForeignKeyChecks::on;
  }
  auto main = Connection::connect(parts_.primary, settings);
  auto side = Connection::connect(parts_.primary);
  if (main.has_error() || side.has_error()) {
    note("connect", main.has_error() ? main.error() : side.error());
    return false;
  }
  main_ = std::make_unique<Connection>(std::move(*main));
  side_ = std::make_unique<Connection>(std::move(*side));
  return true;
}

bool CutOver::prepare_pins() {
  for (const Table& table : parts_.tables) {
    auto pin = DefinitionPin::prepare(parts_.primary, table.plan.source, kLockWaitMax);
    if (pin.has_error()) {
      note("connect", pin.error());
      return false;
    }
    if (*pin) pins_.push_back(std::move(*pin));
  }
  return true;
}

CutOverFsm::Fencing CutOver::fencing() const {
  using Fencing = CutOverFsm::Fencing;
  // The server's own lock is all the fence that an instant alter needs.
  if (parts_.instant) return Fencing::none;
  const bool locks = parts_.options.fence != Fence::gate && can_rename_under_lock_tables(main_->flavor());
  return locks ? Fencing::lock_tables : Fencing::pin;
}

CutOverFsm::Result CutOver::run() {
  status_.last_error.clear();
  status_.parts.clear();
  if (!connect()) return CutOverFsm::Result::again;  // with the gate open
  const CutOverFsm::Fencing how = fencing();
  if (how == CutOverFsm::Fencing::pin && !prepare_pins()) return CutOverFsm::Result::again;
  status_.fence = parts_.instant ? kInstantFence : how == CutOverFsm::Fencing::lock_tables ? "lock" : "gate";
  return drive(CutOverFsm(how));
}

CutOverFsm::Result CutOver::recover() {
  closed_at_ = held_at_ = Clock::now();
  return drive(CutOverFsm::after_crash());
}

CutOverFsm::Result CutOver::drive(CutOverFsm fsm) {
  while (fsm.step() != Step::end) {
    const Step step = fsm.step();
    const bool renamed_or_unknown = step == Step::look_at_names || step == Step::reconcile || step == Step::hand_over;
    // Whoever starts next finds the names and what was recorded, and goes on from there.
    if (renamed_or_unknown && parts_.shutting_down()) return CutOverFsm::Result::pending;
    const bool may_panic = CutOverFsm::is_before_rename(step);
    const TimePoint began = Clock::now();
    if (step == Step::reconcile || step == Step::hand_over) keep_shut();
    const Outcome outcome = may_panic && parts_.panicked() ? Outcome::panic : perform(step);
    if (const auto part = part_of(step)) took(*part, began);
    // Until it is known and reconciled what became of the swap, nobody may get at the table.
    if (outcome == Outcome::unknown) keep_shut();
    fsm.done(outcome);
  }
  parts_.journal("cut_over.parts", details_of(status_.parts));
  return fsm.result();
}

void CutOver::took(HoldPart part, TimePoint since) {
  const double ms = millis_since(since);
  const auto known = std::ranges::find(status_.parts, part, &TimedPart::part);
  if (known != status_.parts.end()) {
    known->ms += ms;  // asked again
  } else {
    status_.parts.push_back({part, ms});
  }
}

CutOver::Outcome CutOver::perform(Step step) {
  switch (step) {
    case Step::close_gate:
      return close_gate();
    case Step::fence:
      return fence();
    case Step::pin:
      return pin();
    case Step::catch_up:
      return catch_up();
    case Step::record:
      return record();
    case Step::extend_gate:
      return extend_gate();
    case Step::rename:
      return rename();
    case Step::look_at_names:
      return look_at_names();
    case Step::hand_over:
      return hand_over();
    case Step::mark_swapped:
      return mark_swapped();
    case Step::unfence:
      return unfence();
    case Step::reconcile:
      return reconcile();
    case Step::open_gate:
      return open_gate();
    case Step::end:
      break;
  }
  std::abort();
}

void CutOver::note(const std::string& what, const std::string& why) {
  status_.last_error = what + ": " + why;
  parts_.journal("cut_over." + what, Details().add("problem", why).text());
}

void CutOver::note(const std::string& what, const SqlError& error) {
  note(what, describe_without_values(error));
}

void CutOver::kill_blockers() {
  for (const gate::Blocker& blocker : parts_.gate.status(parts_.gate_of).busy) {
    // Those who came in since the gate opened again are not in anybody's way.
    if (blocker.since < parts_.options.drain_timeout_ms / 2) continue;
    const auto id = static_cast<std::uint64_t>(blocker.connection);
    parts_.journal("cut_over.killed", Details()
                                          .add("connection_id", id)
                                          .add("user", blocker.user)
                                          .add("host", blocker.host)
                                          .add("statement", blocker.statement)
                                          .add("since_ms", static_cast<std::uint64_t>(blocker.since.count()))
                                          .text());
    (void)side_->execute("KILL " + std::to_string(id));
  }
}

std::chrono::milliseconds CutOver::drain_patience() const {
  const auto whole = parts_.options.drain_timeout_ms;
  switch (parts_.options.on_blocker) {
    case OnBlocker::wait:
      return status_.attempts <= kQuickAttempts ? std::min(whole, kQuickDrain) : whole;
    case OnBlocker::kill:
      return whole / 2;
    case OnBlocker::abort:
      return whole;
  }
  return whole;
}

CutOver::Outcome CutOver::close_gate() {
  closed_at_ = Clock::now();
  const bool kills = parts_.options.on_blocker == OnBlocker::kill;
  const auto close = [&] {
    const TimePoint drained_by = Clock::now() + drain_patience();
    return parts_.gate.close(parts_.gate_of, drained_by, drained_by + parts_.options.hold_timeout_ms);
  };
  gate::CloseResult result = close();
  if (kills && result == gate::CloseResult::drain_expired && !parts_.panicked()) {
    kill_blockers();
    result = close();
  }
  if (result != gate::CloseResult::held) {
    if (parts_.panicked()) return Outcome::panic;
    const auto busy = parts_.gate.status(parts_.gate_of).busy;  // the oldest first
    note("drain", "transactions on the table did not end in time" +
                      (busy.empty() ? "" : ", that of " + describe(status_of(busy.front())) + " among them"));
    return parts_.options.on_blocker == OnBlocker::abort ? Outcome::unequal : Outcome::expired;
  }
  held_at_ = Clock::now();
  if (!parts_.gate.extend(parts_.gate_of, held_at_ + parts_.options.hold_timeout_ms)) return Outcome::expired;
  return Outcome::ok;
}

CutOver::Outcome CutOver::fence() {
  const Watchdog watchdog(*side_, main_->connection_id(), parts_.options.hold_timeout_ms / 2);
  std::set<std::string> names;
  for (const Table& table : parts_.tables) {
    names.insert({quote(table.plan.source), quote(table.plan.shadow)});
    // They can't be in the way of the hand-over then. One that refers to itself is there already.
    for (const TableRef& parent : table.attachments.parents) names.insert(quote(parent));
  }
  std::string locks;
  for (const std::string& name : names) locks += (locks.empty() ? "" : ", ") + name + " WRITE";
  auto locked = main_->execute("LOCK TABLES " + locks);
  if (locked.has_error()) {
    note("fence", locked.error());
    return Outcome::failed;
  }
  fenced_ = true;
  return Outcome::ok;
}

CutOver::Outcome CutOver::pin() {
  std::vector<std::unique_ptr<DefinitionPin>> held;
  for (auto& pin : pins_) {
    auto taken = pin->take();
    if (taken.has_error()) {
      note("pin", taken.error());
      return Outcome::failed;
    }
    if (*taken) held.push_back(std::move(pin));
  }
  pins_ = std::move(held);
  return Outcome::ok;
}

bool CutOver::is_pin_in_the_way() {
  return std::ranges::any_of(pins_, [](const auto& pin) {
    const auto waited_for = pin->is_waited_for();
    return waited_for.has_value() && *waited_for;
  });
}

CutOver::Outcome CutOver::apply_all_before(const Position& head, Table& table) {
  const RowSql sql(table.plan, main_->flavor());
  // Each table's keys and values are right in its own plan's time zone only.
  if (auto set = main_->execute("SET SESSION time_zone = " + time_zone_value(table.plan.time_zone)); set.has_error()) {
    note("catch_up", set.error());
    return Outcome::failed;
  }
  const TimePoint deadline = held_at_ + parts_.options.hold_timeout_ms;
  while (Clock::now() < deadline && !parts_.panicked()) {
    const Inbox::Progress progress = table.inbox.progress();
    if (progress.trouble) {
      note("catch_up", progress.trouble->to_be_logged());
      return Outcome::failed;  // which fails the migration, by the trouble's own name, once the gate is open
    }
    if (!progress.has_found_keys && progress.applied >= head) return Outcome::ok;
    // Who waits for the pin would be waited for by our own statements, and by everybody's.
    if (is_pin_in_the_way()) {
      note("catch_up", "DDL past the proxy waits for the table");
      return Outcome::failed;
    }
    const auto applied =
        table.applier.apply_some(*main_, sql, {.mode = fenced_ ? ResyncMode::tables_locked : ResyncMode::no_wait});
    if (applied.status == Applier::Status::failed) {
      note("catch_up", applied.problem->to_be_logged());
      status_.last_error = "catch_up: " + applied.problem->message;  // which the status tells in full
      return Outcome::unequal;
    }
    if (applied.status == Applier::Status::lost) break;
  }
  note("catch_up", "not all changes could be brought over within hold_timeout_ms");
  return Outcome::failed;
}

CutOver::Outcome CutOver::keep_numbers(const Table& table) {
  const auto counts = [](const SharedColumn& column) { return column.shadow.auto_increment; };
  if (std::ranges::none_of(table.plan.columns, counts)) return Outcome::ok;
  // Rows that were refused, rolled back or deleted while the gate was still open have used numbers up, too.
  auto kept = keep_auto_increment(*main_, table.plan.source, table.plan.shadow);
  if (kept.has_value()) return Outcome::ok;
  note("auto_increment", kept.error());
  return Outcome::failed;
}

bool CutOver::reach(const Position& head) {
  return std::ranges::all_of(parts_.tables, [&](const Table& table) {
    return table.inbox.wait_until_reached(head, held_at_ + parts_.options.hold_timeout_ms);
  });
}

CutOver::Outcome CutOver::catch_up() {
  if (parts_.instant) return Outcome::ok;  // the rows stay where they are
  const TimePoint began = Clock::now();
  auto head = binlog_head(*main_);
  if (head.has_error()) {
    note("catch_up", head.error());
    return Outcome::failed;
  }
  const bool reached = reach(*head);
  took(HoldPart::head, began);
  if (!reached) {
    note("catch_up", "the binlog could not be read to its end within hold_timeout_ms");
    return Outcome::failed;
  }
  caught_up_ = *head;
  const TimePoint read_at = Clock::now();
  Outcome outcome = Outcome::ok;
  for (Table& table : parts_.tables) {
    if (outcome == Outcome::ok) outcome = apply_all_before(*head, table);
    if (outcome == Outcome::ok) outcome = keep_numbers(table);
  }
  took(HoldPart::resync, read_at);
  return outcome;
}

CutOver::Outcome CutOver::record() {
  return parts_.record(caught_up_) ? Outcome::ok : Outcome::failed;
}

CutOver::Outcome CutOver::extend_gate() {
  const TimePoint now = Clock::now();
  if (now >= held_at_ + parts_.options.hold_timeout_ms ||
      !parts_.gate.extend(parts_.gate_of, now + kRenameMax + kAftermathMax)) {
    note("hold", "hold_timeout_ms was over before the rename");
    return Outcome::gate_lost;
  }
  return Outcome::ok;
}

CutOver::Outcome CutOver::alter_instantly() {
  const Watchdog watchdog(*side_, main_->connection_id(), kRenameMax);
  const auto altered = main_->execute(parts_.instant->alter + " /* " + parts_.tag + " */");
  if (altered.has_value()) return Outcome::ok;
  note("instant_alter", altered.error());
  if (altered.error().outcome == migrator::Outcome::unknown) return Outcome::unknown;
  // DDL is atomic: refused means that nothing was altered.
  instant_refused_ = !is_lock_conflict(altered.error()) && altered.error().code != server_error::query_interrupted;
  return Outcome::failed;
}

std::optional<std::string> CutOver::let_pass(const std::function<bool()>& has_ended, TimePoint until) {
  while (!pins_.empty()) {
    for (const auto& pin : pins_) {
      auto is_next = pin->is_waited_for();
      if (is_next.has_error()) return describe_without_values(is_next.error());
      if (!*is_next) continue;
      auto other = definition_changed_by(*side_, main_->connection_id(), pin->table());
      if (other.has_error()) return describe_without_values(other.error());
      if (*other) return "DDL of " + **other + " on " + pin->table().table + " would come first";
      pin->release();
      std::erase(pins_, pin);
      break;
    }
    if (has_ended()) return std::nullopt;
    if (Clock::now() >= until) return "somebody reads one of the tables, or the new one";
    std::this_thread::sleep_for(kLookAgain);
  }
  return std::nullopt;
}

CutOver::Outcome CutOver::rename() {
  if (parts_.instant) return alter_instantly();
  std::string names;
  for (const Table& table : parts_.tables) {
    names += (names.empty() ? "" : ", ") + quote(table.plan.source) + " TO " + quote(table.old_table) + ", " +
             quote(table.plan.shadow) + " TO " + quote(table.plan.source);
  }
  const TimePoint until = Clock::now() + kRenameMax;
  auto answer =
      std::async(std::launch::async, [main = main_.get(), statement = "RENAME TABLE " + names + " /* " + parts_.tag +
                                                                      " */"] { return main->execute(statement); });
  const auto has_ended = [&] { return answer.wait_for(std::chrono::seconds{0}) == std::future_status::ready; };
  const auto in_its_way = let_pass(has_ended, until);
  if (in_its_way || answer.wait_until(until) != std::future_status::ready) {
    (void)side_->execute("KILL QUERY " + std::to_string(main_->connection_id()));
  }
  const auto renamed = answer.get();
  pins_.clear();  // not before: what is pinned is not renamed
  if (renamed.has_value()) return Outcome::ok;
  note("rename", in_its_way ? *in_its_way : describe_without_values(renamed.error()));
  // Only what still waited is sure to have renamed nothing; after anything else the names are looked at.
  const bool waited = renamed.error().code == server_error::lock_wait_timeout ||
                      (in_its_way && renamed.error().code == server_error::query_interrupted);
  return waited ? Outcome::failed : Outcome::unknown;
}

CutOver::Outcome CutOver::open_gate() {
  // A parent's rows are in no way new: an older snapshot may read them.
  if (swapped_) parts_.arm_after_swap();
  parts_.gate.open(parts_.gate_of);
  status_.hold_ms = millis_since(closed_at_);
  status_.held_statements = parts_.gate.status(parts_.gate_of).held_statements;
  return Outcome::ok;
}

}  // namespace sluice::migrator
