// What the server can alter in an instant: the source itself is altered, at a held gate. The shadow, which was made to
// try the alter, is only the pattern.
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

void Migration::expect_no_changes() {
  inbox_ = std::make_unique<Inbox>(Position{}, source(), [](gate::ConnectionId) { return true; }, parts_.observer);
  applier_ = std::make_unique<Applier>(*inbox_, parts_.observer);
}

void Migration::prepare_instant() {
  if (!is_instant()) {
    auto before = present_definition();
    if (before.has_error()) return connection_lost(before.error());
    checkpoint_.altered_from = std::move(*before);
  }
  expect_no_changes();
  {
    const std::scoped_lock lock(mutex_);
    fsm_.prepared();
  }
  note("started", Details().add("algorithm", "instant").text());
  (void)save();
}

SqlResult<std::string> Migration::present_definition() {
  // Always by the same settings: defaults of TIMESTAMP columns are told in the session's time zone.
  auto connection = Connection::connect(parts_.primary);
  if (connection.has_error()) return connection.error();
  return definition_but_for_counters(*connection, source());
}

bool Migration::is_as_it_was() {
  auto now = present_definition();
  if (now.has_error()) {
    connection_lost(now.error());
    return false;
  }
  if (*now != checkpoint_.altered_from) {
    fail({"table_changed", "somebody changed the table's definition while the migration waited; start again"});
  }
  return !ended();
}

void Migration::recover_instant() {
  // The plan that was made before the crash can't be made again from a table that is altered, and is not needed.
  plan_ = CopyPlan{.source = source(), .shadow = shadow_table(source())};
  expect_no_changes();
  const auto alone = gate::Clock::now() + kOthersComeWithin;
  const auto looked =
      group_->meet(party(), [this](const auto& parties) { return drive(parties, &CutOver::recover); }, alone);
  if (looked) after_cut_over(*looked);
  if (ended() || stopping()) return;
  plan_.reset();
  const std::scoped_lock lock(mutex_);
  fsm_.start_over();
}

void Migration::refuse_instant() {
  // The rows are copied instead; the shadow is there already.
  note("not_instant", Details().add("why", checkpoint_.cut_over.last_error).text());
  while (!stopping() && !ended() && !is_as_it_was()) continue;
  if (stopping() || ended()) return;
  checkpoint_.altered_from.clear();
  checkpoint_.cut_over = {};
  checkpoint_.caught_up.reset();
  durable_ = checkpoint_;
  instant_possible_ = instant_refused_ = false;
  inbox_.reset();
  applier_.reset();
  const std::scoped_lock lock(mutex_);
  fsm_.start_over();
}

void Migration::drop_pattern() {
  if (!connect()) return;
  if (auto dropped = drop_table(*connection_, shadow_table(source())); dropped.has_error()) {
    note("shadow.not_dropped", Details().add("why", describe_without_values(dropped.error())).text());
  }
}

}  // namespace sluice::migrator
