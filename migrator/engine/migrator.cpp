#include "migrator/engine/migrator.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/back_up_leftovers.hpp"
#include "migrator/engine/unavailable.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {

std::map<std::string, std::shared_ptr<SwapGroup>> groups_of(const std::vector<StoredMigration>& stored) {
  std::map<std::string, std::vector<const StoredMigration*>> by_group;
  for (const StoredMigration& one : stored) by_group[one.swap_group].push_back(&one);
  std::map<std::string, std::shared_ptr<SwapGroup>> groups;
  for (const auto& [name, members] : by_group) {
    const auto member = [](const StoredMigration& one) {
      return SwapGroup::Member{one.id, {one.specification.database, one.specification.table}};
    };
    std::vector<SwapGroup::Member> all;
    for (const StoredMigration* one : members) all.push_back(member(*one));
    auto group = std::make_shared<SwapGroup>(std::move(all));
    std::size_t interrupted = 0;  // in their cut-over
    for (const StoredMigration* one : members) {
      interrupted += one->state == State::cutting_over ? 1 : 0;
      if (!has_ended(one->state)) continue;
      (void)group->leave(one->id);
      if (one->state == State::completed) continue;
      group->fail(member(*one), one->error.value_or(Problem{"ended", std::string("it was ") + to_string(one->state)}));
    }
    if (interrupted > 0) group->expect(interrupted);
    groups.emplace(name, std::move(group));
  }
  return groups;
}

Migrator::Migrator(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer)
    : config_(std::move(config)),
      notifier_(config_.notifier,
                [&observer](NoticeChannel channel, NoticeOutcome outcome, const std::string& to,
                            const std::string& why) { observer.notified(channel, outcome, to, why); }),
      parts_{config_.primary,
             gate,
             observer,
             config_.watch_latency,
             config_.guard_actions,
             notifier_,
             config_.backup,
             [this](const MigrationId& but, const std::string& file) { return is_flag_of_others(but, file); }},
      store_(config_.primary),
      rollbacks_(config_.primary, config_.backup) {}

std::optional<Problem> Migrator::recover() {
  const std::scoped_lock creating(creating_);
  const auto problem = [](const SqlError& error) {
    return Problem{"state_unavailable", "schema _sluice: " + describe(error)};
  };
  if (auto prepared = store_.prepare(); prepared.has_error()) return problem(prepared.error());
  auto stored = store_.load();
  if (stored.has_error()) return problem(stored.error());
  auto rollbacks = rollbacks_.open();
  if (rollbacks.has_error()) return problem(rollbacks.error());
  const auto groups = groups_of(*stored);
  for (const auto& [name, group] : groups) take_up_deferred(*group, *rollbacks);
  for (StoredMigration& one : *stored) {
    auto journal = store_.journal(one.id);
    if (journal.has_error()) return problem(journal.error());
    auto migration = std::make_shared<Migration>(parts_, one, groups.at(one.swap_group));
    if (const auto rollback = rollbacks->find(one.id); rollback != rollbacks->end()) migration->know(rollback->second);
    migration->resume(std::move(*journal));
    const std::scoped_lock lock(mutex_);
    migrations_.emplace(order_of(one.id), std::move(migration));
  }
  const std::scoped_lock lock(mutex_);
  recovered_ = true;
  return std::nullopt;
}

void Migrator::shut_down() {
  shutting_down_ = true;
  {
    const std::scoped_lock creating(creating_);
    const std::scoped_lock lock(mutex_);
    recovered_ = false;  // nothing is started any more
  }
  const std::vector<Handle> all = handles();
  ask_all_to_end();
  for (const Handle& migration : all) migration->shut_down();
}

void Migrator::ask_all_to_end() {
  for (const Handle& migration : handles()) migration->ask_to_end();
}

std::vector<Migrator::Handle> Migrator::handles() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Handle> all;
  for (const auto& [order, migration] : migrations_) all.push_back(migration);
  return all;
}

std::optional<Problem> Migrator::busy(const TableRef& table, std::size_t more) const {
  for (const TableRef& other : being_backed_up_) {
    if (other.database == table.database && same_name(other.table, table.table))
      return Problem{"table_busy", "what an earlier migration left is being backed up for a new one; wait for that"};
  }
  std::size_t running = 0;
  for (const Handle& migration : handles()) {
    const bool same =
        migration->source().database == table.database && same_name(migration->source().table, table.table);
    // Who reads that a migration has ended may go on with its table at once.
    // Those that swapped together share a gate, which goes with the last of them.
    const bool over = std::ranges::all_of(group_of(*migration), [&](const Handle& member) {
      return member->has_let_go(same ? kLetsGoWithin : Millis{0});
    });
    if (over) continue;
    ++running;
    if (!same) continue;
    const Status status = migration->status();
    if (!migration->ended())
      return Problem{"table_busy", "the table has a migration already: " + status.id + "; stop it or wait for its end"};
    if (status.rollback && status.rollback->phase == RollbackPhase::running)
      return Problem{"table_busy", status.id + " is being rolled back; wait for its end"};
    if (migration->takes_away())
      return Problem{"table_busy", "the tables that " + status.id + " left are being taken away; wait for that"};
    if (status.cut_over.audit == kAuditPending)
      return Problem{"table_busy", "the swap of " + status.id + " is still being audited; ask again in a moment"};
    return Problem{"table_busy", "transactions that began before the swap of " + status.id +
                                     " are still open, and would read wrong rows after another; wait for them"};
  }
  if (running + more <= config_.migrations_max) return std::nullopt;
  return Problem{"too_many_migrations",
                 std::to_string(running) + " migrations are running, which is the limit; wait for one to end"};
}

std::vector<Migrator::Handle> Migrator::group_of(const Migration& migration) const {
  std::vector<Handle> group;
  for (const SwapGroup::Member& member : migration.group()->members()) {
    if (Handle handle = find(member.id)) group.push_back(std::move(handle));
  }
  return group;
}

std::vector<Status> Migrator::list() const {
  std::vector<Status> all;
  const std::vector<RevertLink> links = reverts();
  for (const Handle& migration : handles()) all.push_back(status_of(migration, links));
  return all;
}

Migrator::Handle Migrator::find(const MigrationId& id) const {
  const std::scoped_lock lock(mutex_);
  const auto entry = migrations_.find(order_of(id));
  return entry == migrations_.end() ? nullptr : entry->second;
}

std::optional<Status> Migrator::status(const MigrationId& id) const {
  const Handle migration = find(id);
  return migration ? std::optional(status_of(migration, reverts())) : std::nullopt;
}

std::optional<Problem> Migrator::drop_leftovers(Migration& migration) {
  const std::scoped_lock creating(creating_);
  if (auto problem = busy(migration.source(), 0); problem && problem->code == "table_busy") return problem;
  const Status status = migration.status();
  const bool swapped = status.state == State::completed && status.cut_over.fence != kInstantFence;
  if (swapped && status.cut_over.audit != kAuditPassed) {
    return Problem{"not_possible_now",
                   "the old table may hold the only copy of some rows, as the audit of the swap did not pass (" +
                       status.cut_over.audit + "); look at the journal, then drop it by hand"};
  }
  if (status.cut_over.conflicts > 0 || (status.error && status.error->code == Migration::kNamesStrange)) {
    return Problem{"not_possible_now",
                   "the old table may hold the only copy of some rows; look at the journal, then drop it by hand"};
  }
  auto latest = store_.is_latest(status.id);
  if (latest.has_error()) return unavailable(latest.error()).problem;
  if (!*latest) return Problem{"not_possible_now", Migration::kNamesAreOfALater};
  auto connection = Connection::connect(config_.primary);
  if (connection.has_error()) return unavailable(connection.error()).problem;
  if (migration.reverts() && status.state != State::completed) {
    // The old table is that of the migration that was to be undone, whose cleanup drops it.
    auto given = give_old_table_back(*connection, migration.source());
    return given.has_value() ? std::nullopt : std::optional(unavailable(given.error()).problem);
  }
  if (auto problem = problem_of(config_.backup, migration.options().backup)) return problem;
  if (!ready()) return Problem{"not_possible_now", "Sluice is shutting down"};
  // Most are small, and who asks likes to see it done.
  return migration.take_leftovers_away(kLetsGoWithin);
}

Acted Migrator::act(const MigrationId& id, Action action) {
  const Handle migration = find(id);
  if (!migration) return NotFound{};
  if (auto problem = migration->act(action)) return Conflict{*problem};
  if (action == Action::cleanup) {
    if (auto problem = drop_leftovers(*migration)) {
      return problem->code != "primary_unavailable" ? Acted(Conflict{*problem}) : Acted(Unavailable{*problem});
    }
    return migration->status();
  }
  for (const Handle& other : group_of(*migration)) {
    if (other != migration) (void)other->act(action);  // it may be so already, or have ended
  }
  return migration->status();
}

bool Migrator::is_flag_of_others(const MigrationId& but, const std::string& file) const {
  return std::ranges::any_of(
      handles(), [&](const Handle& other) { return other->status().id != but && other->names_flag_file(file); });
}

RolledBack Migrator::rollback_report(const MigrationId& id) {
  const Handle migration = find(id);
  if (!migration) return NotFound{};
  if (auto report = migration->rollback_report()) return *report;
  const std::scoped_lock creating(creating_);
  return rollbacks_.estimate_for(*migration);
}

RolledBack Migrator::roll_back(const MigrationId& id, const RollbackRequest& request) {
  const std::scoped_lock creating(creating_);
  const Handle migration = find(id);
  return migration ? rollbacks_.roll_back(migration, group_of(*migration), request) : NotFound{};
}

Acted Migrator::change(const MigrationId& id, const std::function<std::optional<Problem>(Options&)>& edit) {
  const Handle migration = find(id);
  if (!migration) return NotFound{};
  if (migration->ended()) return Conflict{{"not_possible_now", "the migration has ended"}};
  if (auto problem = migration->change(edit)) return Invalid{*problem};
  for (const Handle& other : group_of(*migration)) {
    if (other != migration) (void)other->change(edit);
  }
  return migration->status();
}

std::vector<JournalEntry> Migrator::journal(const MigrationId& id, std::uint64_t after) const {
  const Handle migration = find(id);
  return migration ? migration->journal(after) : std::vector<JournalEntry>{};
}

bool Migrator::ready() const {
  const std::scoped_lock lock(mutex_);
  return recovered_;
}

std::unique_ptr<Engine> make_engine(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer) {
  return std::make_unique<Migrator>(std::move(config), gate, observer);
}

}  // namespace sluice::migrator
