// Who is kept out of the tables for the swap: the clients by the gate, all others by locks or pins.
#include <algorithm>
#include <set>
#include <utility>

#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/waiting.hpp"
#include "migrator/engine/watchdog.hpp"

namespace sluice::migrator {

using Clock = gate::Clock;

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

CutOver::Outcome CutOver::extend_gate() {
  const TimePoint now = Clock::now();
  if (now >= held_at_ + parts_.options.hold_timeout_ms ||
      !parts_.gate.extend(parts_.gate_of, now + kRenameMax + kAftermathMax)) {
    note("hold", "hold_timeout_ms was over before the rename");
    return Outcome::gate_lost;
  }
  return Outcome::ok;
}

}  // namespace sluice::migrator
