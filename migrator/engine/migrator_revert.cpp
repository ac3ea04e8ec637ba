#include "migrator/engine/migrator.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/unavailable.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

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

}  // namespace

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

}  // namespace sluice::migrator
