#include "migrator/engine/engine.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "migrator/engine/migration.hpp"
#include "migrator/engine/store.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/preflight.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {
namespace {

class Migrator final : public Engine {
 public:
  Migrator(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer)
      : config_(std::move(config)), parts_{config_.primary, gate, observer}, store_(config_.primary) {}

  std::optional<Problem> recover() override;
  void shut_down() override;

  Created create(Specification specification, Run run) override;
  std::vector<Status> list() const override;
  std::optional<Status> status(const MigrationId& id) const override;
  Acted act(const MigrationId& id, Action action) override;
  Acted change(const MigrationId& id, const std::function<std::optional<Problem>(Options&)>& edit) override;
  std::vector<JournalEntry> journal(const MigrationId& id, std::uint64_t after) const override;
  bool ready() const override;

 private:
  using Handle = std::shared_ptr<Migration>;
  // How long the end of a migration may be waited for by a call that needs its table.
  static constexpr Millis kLetsGoWithin{2000};

  [[nodiscard]] Handle find(const MigrationId& id) const;
  [[nodiscard]] std::vector<Handle> handles() const;
  [[nodiscard]] std::optional<Problem> busy(const TableRef& table) const;
  [[nodiscard]] std::optional<Problem> drop_leftovers(const Migration& migration);
  [[nodiscard]] Created dry_run(Connection& connection, const Shadow& shadow) const;

  EngineConfig config_;
  Migration::Parts parts_;

  mutable std::mutex mutex_;                                          // of the map
  std::map<std::pair<std::size_t, MigrationId>, Handle> migrations_;  // in the order of their numbers
  bool recovered_ = false;

  std::mutex creating_;  // one preflight at a time; guards store_
  Store store_;
};

Unavailable unavailable(const SqlError& error) {
  return {{"primary_unavailable", describe(error)}};
}

// Ids are "m" and digits: the longer, the later.
std::pair<std::size_t, MigrationId> order_of(const MigrationId& id) {
  return {id.size(), id};
}

std::optional<Problem> Migrator::recover() {
  const std::scoped_lock creating(creating_);
  const auto problem = [](const SqlError& error) {
    return Problem{"state_unavailable", "schema _sluice: " + describe(error)};
  };
  if (auto prepared = store_.prepare(); prepared.has_error()) return problem(prepared.error());
  auto stored = store_.load();
  if (stored.has_error()) return problem(stored.error());
  for (StoredMigration& one : *stored) {
    auto journal = store_.journal(one.id);
    if (journal.has_error()) return problem(journal.error());
    auto migration = std::make_shared<Migration>(parts_, one);
    migration->resume(std::move(*journal));
    const std::scoped_lock lock(mutex_);
    migrations_.emplace(order_of(one.id), std::move(migration));
  }
  const std::scoped_lock lock(mutex_);
  recovered_ = true;
  return std::nullopt;
}

void Migrator::shut_down() {
  {
    const std::scoped_lock creating(creating_);
    const std::scoped_lock lock(mutex_);
    recovered_ = false;  // nothing is started any more
  }
  for (const Handle& migration : handles()) migration->shut_down();
}

std::vector<Migrator::Handle> Migrator::handles() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Handle> all;
  for (const auto& [order, migration] : migrations_) all.push_back(migration);
  return all;
}

std::optional<Problem> Migrator::busy(const TableRef& table) const {
  std::size_t running = 0;
  for (const Handle& migration : handles()) {
    const bool same =
        migration->source().database == table.database && same_name(migration->source().table, table.table);
    // Who reads that a migration has ended may go on with its table at once.
    if (migration->has_let_go(same ? kLetsGoWithin : Millis{0})) continue;
    ++running;
    if (!same) continue;
    const Status status = migration->status();
    if (!migration->ended())
      return Problem{"table_busy", "the table has a migration already: " + status.id + "; stop it or wait for its end"};
    if (status.cut_over.audit == kAuditPending)
      return Problem{"table_busy", "the swap of " + status.id + " is still being audited; ask again in a moment"};
    return Problem{"table_busy", "transactions that began before the swap of " + status.id +
                                     " are still open, and would read wrong rows after another; wait for them"};
  }
  if (running < config_.migrations_max) return std::nullopt;
  return Problem{"too_many_migrations",
                 std::to_string(running) + " migrations are running, which is the limit; wait for one to end"};
}

Created Migrator::dry_run(Connection& connection, const Shadow& shadow) const {
  Plan plan{.key = shadow.plan.key.source_index,
            .dropped_columns = shadow.plan.dropped_columns,
            .added_columns = shadow.plan.added_columns,
            .rows_estimated = shadow.source.rows_estimated};
  for (const SharedColumn& column : shadow.plan.columns)
    plan.columns.emplace_back(column.source.name, column.shadow.name);
  auto definition = show_create(connection, shadow.plan.shadow);
  if (auto dropped = drop_table(connection, shadow.plan.shadow); dropped.has_error())
    return unavailable(dropped.error());
  if (definition.has_error()) return unavailable(definition.error());
  plan.shadow_definition = std::move(*definition);
  return plan;
}

Created Migrator::create(Specification specification, Run run) {
  const std::scoped_lock creating(creating_);
  if (!ready())
    return Unavailable{{"not_ready", "Sluice is still finding out what was unfinished; ask again in a moment"}};
  if (auto problem = busy({specification.database, specification.table})) return Conflict{*problem};
  auto connection = Connection::connect(config_.primary);
  if (connection.has_error()) return unavailable(connection.error());
  auto problems = preflight(*connection, specification);
  if (problems.has_error()) return unavailable(problems.error());
  if (specification.options.fence == Fence::gate_and_lock && !can_rename_under_lock_tables(connection->flavor())) {
    problems->push_back(
        {"fence.unsupported", "this server can't rename a table that is locked; leave out fence, or set it to gate"});
  }
  if (!problems->empty()) return Refused{std::move(*problems)};
  auto made = create_shadow(*connection, specification);
  if (made.has_error()) return unavailable(made.error());
  if (auto* refused = std::get_if<Problems>(&*made)) return Refused{std::move(*refused)};
  Shadow shadow = std::get<Shadow>(std::move(*made));
  if (run == Run::dry) return dry_run(*connection, shadow);

  // In the server's own spelling, which is what the binlog will say.
  specification.database = shadow.source.name.database;
  specification.table = shadow.source.name.table;
  auto stored = store_.add(specification);
  if (stored.has_error()) {
    (void)drop_table(*connection, shadow.plan.shadow);
    return unavailable(stored.error());
  }
  auto migration = std::make_shared<Migration>(parts_, *stored);
  {
    const std::scoped_lock lock(mutex_);
    migrations_.emplace(order_of(stored->id), migration);
  }
  migration->start(std::move(shadow));
  return migration->status();
}

std::vector<Status> Migrator::list() const {
  std::vector<Status> all;
  for (const Handle& migration : handles()) all.push_back(migration->status());
  return all;
}

Migrator::Handle Migrator::find(const MigrationId& id) const {
  const std::scoped_lock lock(mutex_);
  const auto entry = migrations_.find(order_of(id));
  return entry == migrations_.end() ? nullptr : entry->second;
}

std::optional<Status> Migrator::status(const MigrationId& id) const {
  const Handle migration = find(id);
  return migration ? std::optional(migration->status()) : std::nullopt;
}

std::optional<Problem> Migrator::drop_leftovers(const Migration& migration) {
  const std::scoped_lock creating(creating_);
  if (auto problem = busy(migration.source()); problem && problem->code == "table_busy") return problem;
  const Status status = migration.status();
  if (status.state == State::completed && status.cut_over.audit != kAuditPassed) {
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
  for (const TableRef& table : {shadow_table(migration.source()), old_table(migration.source())}) {
    auto exists = table_exists(*connection, table);
    if (exists.has_error()) return unavailable(exists.error()).problem;
    if (!*exists) continue;
    if (auto dropped = drop_table(*connection, table); dropped.has_error()) return unavailable(dropped.error()).problem;
  }
  return std::nullopt;
}

Acted Migrator::act(const MigrationId& id, Action action) {
  const Handle migration = find(id);
  if (!migration) return NotFound{};
  if (auto problem = migration->act(action)) return Conflict{*problem};
  if (action == Action::cleanup) {
    if (auto problem = drop_leftovers(*migration)) {
      return problem->code != "primary_unavailable" ? Acted(Conflict{*problem}) : Acted(Unavailable{*problem});
    }
  }
  return migration->status();
}

Acted Migrator::change(const MigrationId& id, const std::function<std::optional<Problem>(Options&)>& edit) {
  const Handle migration = find(id);
  if (!migration) return NotFound{};
  if (migration->ended()) return Conflict{{"not_possible_now", "the migration has ended"}};
  if (auto problem = migration->change(edit)) return Invalid{*problem};
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
