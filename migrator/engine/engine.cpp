#include "migrator/engine/engine.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "migrator/engine/back_up_leftovers.hpp"
#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/dry_run.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/engine/revert_chain.hpp"
#include "migrator/engine/rollback_desk.hpp"
#include "migrator/engine/store.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/preflight.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {
namespace {

class Migrator final : public Engine {
 public:
  Migrator(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer)
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

  ~Migrator() override { ask_all_to_end(); }

  std::optional<Problem> recover() override;
  void shut_down() override;

  Created create(std::vector<Specification> tables, Run run) override;
  std::vector<Status> list() const override;
  std::optional<Status> status(const MigrationId& id) const override;
  Acted act(const MigrationId& id, Action action) override;
  RolledBack roll_back(const MigrationId& id, const RollbackRequest& request) override;
  RolledBack rollback_report(const MigrationId& id) override;
  Reverted revert(const MigrationId& id) override;
  Acted change(const MigrationId& id, const std::function<std::optional<Problem>(Options&)>& edit) override;
  std::vector<JournalEntry> journal(const MigrationId& id, std::uint64_t after) const override;
  bool ready() const override;

 private:
  using Handle = std::shared_ptr<Migration>;
  // How long the end of a migration may be waited for by a call that needs its table.
  static constexpr Millis kLetsGoWithin{2000};
  // Clients queue up behind an ALTER that waits for them.
  static constexpr std::chrono::seconds kTriesLocksFor{1};

  [[nodiscard]] Handle find(const MigrationId& id) const;
  [[nodiscard]] std::vector<Handle> handles() const;
  void ask_all_to_end();
  // Backs up what the new ones are to drop, for up to kLeftoversBackedUpWithin and without keeping others from their
  // calls meanwhile. Why the tables must not be dropped, or migrated at all.
  [[nodiscard]] std::optional<Created> back_up(const std::vector<Specification>& tables);
  // Why no migration of them may begin now, as far as others are concerned.
  [[nodiscard]] std::optional<Created> not_now(const std::vector<Specification>& tables) const;
  [[nodiscard]] SqlResult<Connection> connect_for(const Specification& specification) const;
  // Why no migration of the table may begin, or `more` of them in all.
  [[nodiscard]] std::optional<Problem> busy(const TableRef& table, std::size_t more) const;
  [[nodiscard]] std::optional<Problem> drop_leftovers(Migration& migration);
  // The others that swap together with it, and itself.
  [[nodiscard]] std::vector<Handle> group_of(const Migration& migration) const;
  [[nodiscard]] bool is_flag_of_others(const MigrationId& but, const std::string& file) const;
  [[nodiscard]] std::optional<Created> refuse(Connection& connection, const std::vector<Specification>& tables) const;
  [[nodiscard]] SqlResult<Status> start(const std::vector<Store::Added>& tables, std::vector<Shadow> shadows);
  [[nodiscard]] std::vector<RevertLink> reverts() const;
  [[nodiscard]] Status status_of(const Handle& migration, const std::vector<RevertLink>& reverts) const;
  // Why not now; else with what it begins.
  using WayBack = std::variant<Migration::WayBack, Problem>;
  [[nodiscard]] WayBack way_back(const Migration& migration) const;

  EngineConfig config_;
  Notifier notifier_;
  Migration::Parts parts_;

  mutable std::mutex mutex_;                                          // of the map
  std::map<std::pair<std::size_t, MigrationId>, Handle> migrations_;  // in the order of their numbers
  bool recovered_ = false;
  std::atomic<bool> shutting_down_{false};

  std::mutex creating_;  // one preflight at a time; guards the stores, and
  std::vector<TableRef> being_backed_up_;
  Store store_;
  RollbackDesk rollbacks_;
};

Unavailable unavailable(const SqlError& error) {
  return {{"primary_unavailable", describe(error)}};
}

SqlResult<Plans> plans_of(Connection& connection, const ServerAddress& primary,
                          const std::vector<Specification>& tables, const std::vector<Shadow>& shadows) {
  Plans plans;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    auto plan = plan_of(connection, primary, tables[i], shadows[i], tables.size());
    if (plan.has_error()) return plan.error();
    plans.push_back(std::move(*plan));
  }
  return plans;
}

// Ids are "m" and digits: the longer, the later.
std::pair<std::size_t, MigrationId> order_of(const MigrationId& id) {
  return {id.size(), id};
}

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

// The migration that undoes one: its binlog is followed from behind the RENAME, and nothing is copied.
Store::Added revert_of(const MigrationId& id, Migration::WayBack way_back) {
  Store::Added added{.specification = std::move(way_back.specification)};
  const Checkpoint& undone = way_back.checkpoint;
  const bool back = !undone.revert || undone.revert->direction == AlterDirection::there;
  Specification& specification = added.specification;
  specification.alter = "/* revert of " + id + " */ " + specification.alter;
  Options& options = specification.options;
  options.verify = Verify::full;  // of the rows that are written again
  options.postpone_cut_over = false;
  options.postpone_cut_over_flag_file.clear();
  options.cut_over_window = {};
  options.attempt_instant_ddl = false;
  options.defer_secondary_indexes = false;
  options.initially_drop_ghost_table = false;
  options.initially_drop_old_table = false;
  options.compatibility_queries.clear();  // they are of an application that knows the new table
  added.checkpoint = {.server = undone.server,
                      .applied = *undone.renamed,
                      .copied = true,
                      .verified = true,
                      .revert = Revert{id, back ? AlterDirection::back : AlterDirection::there}};
  return added;
}

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

std::optional<Created> Migrator::refuse(Connection& connection, const std::vector<Specification>& tables) const {
  Problems all;
  for (const Specification& table : tables) {
    auto problems = preflight(connection, table);
    if (problems.has_error()) return unavailable(problems.error());
    if (table.options.fence == Fence::gate_and_lock && !can_rename_under_lock_tables(connection.flavor())) {
      problems->push_back(
          {"fence.unsupported", "this server can't rename a table that is locked; leave out fence, or set it to gate"});
    }
    for (Problem& problem : *problems) {
      if (tables.size() > 1) problem.message = table.table + ": " + problem.message;
      all.push_back(std::move(problem));
    }
  }
  return all.empty() ? std::nullopt : std::optional<Created>(Refused{std::move(all)});
}

std::optional<Created> Migrator::not_now(const std::vector<Specification>& tables) const {
  if (!ready())
    return Unavailable{{"not_ready", "Sluice is still finding out what was unfinished; ask again in a moment"}};
  for (const Specification& table : tables) {
    if (auto problem = busy({table.database, table.table}, tables.size())) return Conflict{*problem};
  }
  return std::nullopt;
}

SqlResult<Connection> Migrator::connect_for(const Specification& specification) const {
  SessionSettings settings;
  // The times in the alter's text, defaults of TIMESTAMP columns, are meant as the server's own ALTER takes them.
  settings.time_zone = server_time_zone;
  settings.lock_wait_timeout = kTriesLocksFor;
  if (specification.options.allow_zero_in_date) settings.zero_dates = ZeroDates::allowed;
  return Connection::connect(config_.primary, settings);
}

std::optional<Created> Migrator::back_up(const std::vector<Specification>& tables) {
  std::unique_lock creating(creating_);
  if (auto answer = not_now(tables)) return answer;
  if (!being_backed_up_.empty()) {
    return Conflict{{"backup_running", being_backed_up_.front().table +
                                           "'s leftovers are being backed up for another migration; wait for that"}};
  }
  auto connection = connect_for(tables.front());
  if (connection.has_error()) return unavailable(connection.error());
  if (auto refused = refuse(*connection, tables)) return refused;
  for (const Specification& table : tables) {
    if (auto problem = problem_of(config_.backup, table.options.backup)) return Refused{{*problem}};
    being_backed_up_.push_back({table.database, table.table});
  }
  creating.unlock();
  std::optional<Created> answer;
  for (const Specification& table : tables) {
    if (answer) break;
    auto problem = back_up_leftovers(*connection, config_.primary, config_.backup, table, shutting_down_);
    if (problem.has_error()) answer = unavailable(problem.error());
    if (problem.has_value() && *problem) answer = Refused{{**problem}};
  }
  creating.lock();
  being_backed_up_.clear();
  return answer;
}

Created Migrator::create(std::vector<Specification> tables, Run run) {
  const bool backs_up = run == Run::start && std::ranges::any_of(tables, [](const Specification& table) {
                          const Options& options = table.options;
                          return options.backup != BackupKind::none &&
                                 (options.initially_drop_ghost_table || options.initially_drop_old_table);
                        });
  if (auto answer = backs_up ? back_up(tables) : std::nullopt) return *answer;
  const std::scoped_lock creating(creating_);
  if (auto answer = not_now(tables)) return *answer;
  auto connection = connect_for(tables.front());
  if (connection.has_error()) return unavailable(connection.error());
  if (auto refused = refuse(*connection, tables)) return *refused;
  for (const Specification& table : tables) {
    if (auto problem = problem_of(config_.backup, table.options.backup)) return Refused{{*problem}};
    if (run != Run::dry) continue;
    const TableRef shadow = shadow_table({table.database, table.table});
    auto in_the_way = table_exists(*connection, shadow);
    if (in_the_way.has_error()) return unavailable(in_the_way.error());
    if (!*in_the_way) continue;
    return Refused{{{"shadow.exists",
                     "the table " + shadow.table + " exists, and a dry run, which needs its name, does not drop it"}}};
  }

  std::vector<Shadow> shadows;
  const auto drop_shadows = [&] {
    for (const Shadow& shadow : shadows) (void)drop_table(*connection, shadow.plan.shadow);
  };
  for (Specification& table : tables) {
    Specification wanted = table;
    // A dry run is to tell whether it would do.
    if (run == Run::dry) {
      wanted.options.attempt_instant_ddl = true;
      wanted.options.initially_drop_ghost_table = false;
      wanted.options.initially_drop_old_table = false;
    }
    auto made = create_shadow(*connection, wanted);
    if (made.has_error() || std::holds_alternative<Problems>(*made)) drop_shadows();
    if (made.has_error()) return unavailable(made.error());
    if (auto* refused = std::get_if<Problems>(&*made)) return Refused{std::move(*refused)};
    const TableRef& name = std::get<Shadow>(*made).source.name;
    if (std::ranges::any_of(shadows, [&](const Shadow& other) { return other.source.name == name; })) {
      drop_shadows();
      return Invalid{{"invalid_field", "tables names " + name.table + " twice"}};
    }
    shadows.push_back(std::get<Shadow>(std::move(*made)));
    // In the server's own spelling, which is what the binlog will say.
    table.database = shadows.back().source.name.database;
    table.table = shadows.back().source.name.table;
  }
  if (run == Run::dry) {
    auto plans = plans_of(*connection, config_.primary, tables, shadows);
    drop_shadows();
    return plans.has_error() ? Created(unavailable(plans.error())) : Created(std::move(*plans));
  }
  std::vector<Store::Added> added;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    added.push_back({tables[i], Checkpoint{.attachments = shadows[i].attachments}});
  }
  auto started = start(added, shadows);
  if (started.has_value()) return std::move(*started);
  drop_shadows();
  return unavailable(started.error());
}

SqlResult<Status> Migrator::start(const std::vector<Store::Added>& tables, std::vector<Shadow> shadows) {
  auto stored = store_.add(tables);
  if (stored.has_error()) return stored.error();
  const auto group = groups_of(*stored).begin()->second;
  std::vector<Handle> started;
  for (const StoredMigration& one : *stored) {
    started.push_back(std::make_shared<Migration>(parts_, one, group));
    const std::scoped_lock lock(mutex_);
    migrations_.emplace(order_of(one.id), started.back());
  }
  for (std::size_t i = 0; i < started.size(); ++i) started[i]->start(std::move(shadows[i]));
  return started.front()->status();
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

std::vector<RevertLink> Migrator::reverts() const {
  std::vector<RevertLink> links;
  for (const Handle& migration : handles()) links.push_back(migration->revert_link());
  return links;
}

Status Migrator::status_of(const Handle& migration, const std::vector<RevertLink>& reverts) const {
  Status status = migration->status();
  if (std::ranges::find(reverts, status.id, &RevertLink::id) == reverts.end()) return status;  // made since
  Undone undone = migrator::undone(reverts, status.id);
  if (undone.by.empty()) return status;
  status.state = undone.state;
  status.reverted_by = std::move(undone.by);
  return status;
}

Migrator::WayBack Migrator::way_back(const Migration& migration) const {
  const RevertLink link = migration.revert_link();
  const auto refuse = [&](const std::string& why) { return Problem{"not_possible_now", link.id + " " + why}; };
  if (link.state != State::completed) {
    return refuse(std::string("is ") + to_string(link.state) + ": only a completed migration can be reverted" +
                  (migration.ended() ? "" : "; stop it instead"));
  }
  if (auto problem = busy(migration.source(), migration.group()->members().size())) return *problem;
  const Status status = migration.status();  // the audit has ended since
  if (status.cut_over.fence == kInstantFence) {
    return refuse("was done INSTANT, so that there is no old table to go back to; alter the table back");
  }
  if (status.cut_over.audit != kAuditPassed || status.cut_over.conflicts > 0) {
    return refuse(
        "can't be reverted, as the old table may hold the only copy of some rows, which a revert would write "
        "over (audit " +
        status.cut_over.audit + ", conflicts " + std::to_string(status.cut_over.conflicts) + "); look at the journal");
  }
  auto found = migration.way_back();
  if (!found) return refuse("can't be reverted: where its RENAME is in the binlog is not known");
  const Attachments& attached = found->checkpoint.attachments;
  if (!attached.parents.empty() || !attached.foreign_keys.empty() || !attached.triggers.empty()) {
    return refuse(
        "can't be reverted, as foreign keys or triggers went from the old table to the new one; alter the table back "
        "by a migration of its own");
  }
  if (status.revertible_until < now_as_text()) {
    return refuse("could be reverted until " + status.revertible_until + ", when the old table's retention ended");
  }
  for (const Handle& later : handles()) {
    const bool same = later->source().database == migration.source().database &&
                      same_name(later->source().table, migration.source().table);
    const RevertLink other = later->revert_link();
    if (!same || order_of(other.id) <= order_of(link.id) || other.state != State::completed) continue;
    return refuse("can't be reverted, as " + other.id + " has changed the table since; revert that one first");
  }
  return std::move(*found);
}

Reverted Migrator::revert(const MigrationId& id) {
  const std::scoped_lock creating(creating_);
  if (!ready())
    return Unavailable{{"not_ready", "Sluice is still finding out what was unfinished; ask again in a moment"}};
  if (!find(id)) return NotFound{};
  const Handle last = find(last_swap(reverts(), id));
  const std::vector<Handle> group = group_of(*last);
  auto connection = Connection::connect(config_.primary);
  if (connection.has_error()) return unavailable(connection.error());
  std::vector<Store::Added> added;
  std::vector<Shadow> shadows;
  Problems refused;
  for (const Handle& member : group) {
    auto found = way_back(*member);
    if (auto* problem = std::get_if<Problem>(&found)) return Conflict{std::move(*problem)};
    added.push_back(revert_of(member->status().id, std::get<Migration::WayBack>(std::move(found))));
    const auto& [specification, checkpoint] = added.back();
    auto shadow = old_table_as_shadow(*connection, specification, checkpoint.revert->direction);
    if (shadow.has_error()) return unavailable(shadow.error());
    if (auto* problems = std::get_if<Problems>(&*shadow)) {
      refused.insert(refused.end(), problems->begin(), problems->end());
    } else {
      shadows.push_back(std::get<Shadow>(std::move(*shadow)));
    }
  }
  if (!refused.empty()) return Refused{std::move(refused)};
  auto started = start(added, std::move(shadows));
  if (started.has_error()) return unavailable(started.error());
  return status_of(last, reverts());
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
  if (status.cut_over.conflicts > 0 || (status.error && status.error->code == "names_strange")) {
    return Problem{"not_possible_now",
                   "the old table may hold the only copy of some rows; look at the journal, then drop it by hand"};
  }
  auto latest = store_.is_latest(status.id);
  if (latest.has_error()) return unavailable(latest.error()).problem;
  if (!*latest)
    return Problem{"not_possible_now", "a later migration of the table has tables of these names of its own"};
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

}  // namespace

std::unique_ptr<Engine> make_engine(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer) {
  return std::make_unique<Migrator>(std::move(config), gate, observer);
}

}  // namespace sluice::migrator
