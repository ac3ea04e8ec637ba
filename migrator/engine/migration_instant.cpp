// What the server can alter in an instant: the source itself is altered, at a held gate. The shadow, which was made to
// try the alter, is only the pattern.
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

void Migration::prepare_instant() {
  if (!is_instant()) {
    auto before = definition_but_for_counters(*connection_, source());
    if (before.has_error()) return connection_lost(before.error());
    checkpoint_.altered_from = std::move(*before);
  }
  // Nothing ever comes into them.
  inbox_ = std::make_unique<Inbox>(Position{}, source(), [](gate::ConnectionId) { return true; }, parts_.observer);
  applier_ = std::make_unique<Applier>(*inbox_, parts_.observer);
  {
    const std::scoped_lock lock(mutex_);
    fsm_.prepared();
  }
  note("started", Details().add("algorithm", "instant").text());
  (void)save();
}

void Migration::recover_instant() {
  // The plan that was made before the crash can't be made again from a table that is altered, and is not needed.
  plan_ = CopyPlan{.source = source(), .shadow = shadow_table(source())};
  inbox_ = std::make_unique<Inbox>(Position{}, source(), [](gate::ConnectionId) { return true; }, parts_.observer);
  applier_ = std::make_unique<Applier>(*inbox_, parts_.observer);
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
  checkpoint_.altered_from.clear();
  checkpoint_.cut_over = {};
  instant_possible_ = instant_refused_ = false;
  inbox_.reset();
  applier_.reset();
  const std::scoped_lock lock(mutex_);
  fsm_.start_over();
}

void Migration::drop_pattern() {
  if (connect()) (void)drop_table(*connection_, shadow_table(source()));
}

}  // namespace sluice::migrator
