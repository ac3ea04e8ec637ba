// What had changed when nobody could change any more, brought over within the hold.
#include <algorithm>

#include "migrator/engine/cut_over.hpp"

namespace sluice::migrator {

using Clock = gate::Clock;

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

}  // namespace sluice::migrator
