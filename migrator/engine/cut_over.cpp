#include "migrator/engine/cut_over.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "migrator/engine/details.hpp"

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

CutOver::Outcome CutOver::open_gate() {
  // A parent's rows are in no way new: an older snapshot may read them.
  if (swapped_) parts_.arm_after_swap();
  parts_.gate.open(parts_.gate_of);
  status_.hold_ms = millis_since(closed_at_);
  status_.held_statements = parts_.gate.status(parts_.gate_of).held_statements;
  return Outcome::ok;
}

}  // namespace sluice::migrator
