#include "migrator/engine/migrator.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/back_up_leftovers.hpp"
#include "migrator/engine/dry_run.hpp"
#include "migrator/engine/unavailable.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/preflight.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {
namespace {

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

}  // namespace

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

std::optional<Created> Migrator::refuse(Connection& connection, const std::vector<Specification>& tables) const {
  Problems all;
  for (const Specification& table : tables) {
    auto problems = preflight(connection, table);
    if (problems.has_error()) return unavailable(problems.error());
    if (table.options.fence == Fence::gate_and_lock && !can_rename_under_lock_tables(connection.flavor())) {
      problems->push_back(
          {"fence.unsupported", "this server can't rename a table that is locked; leave out fence, or set it to gate"});
    }
    if (auto problem = problem_of(config_.backup, table.options.backup)) problems->push_back(std::move(*problem));
    for (Problem& problem : *problems) {
      if (tables.size() > 1) problem.message = table.table + ": " + problem.message;
      all.push_back(std::move(problem));
    }
  }
  return all.empty() ? std::nullopt : std::optional<Created>(Refused{std::move(all)});
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
    if (run != Run::dry) break;
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
    added.push_back(
        {tables[i], Checkpoint{.attachments = shadows[i].attachments,
                               .drops_shadow_after_failure = tables[i].after_failure == AfterFailure::drops_shadow}});
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

}  // namespace sluice::migrator
