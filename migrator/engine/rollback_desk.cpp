#include "migrator/engine/rollback_desk.hpp"

#include <optional>
#include <utility>

#include "migrator/engine/draft_rollback.hpp"
#include "migrator/engine/unavailable.hpp"

namespace sluice::migrator {

SqlResult<std::map<std::string, RollbackReport>> RollbackDesk::open() {
  if (auto prepared = store_.prepare(); prepared.has_error()) return prepared.error();
  return store_.load();
}

SqlResult<RollbackReport> RollbackDesk::draft(const Migration& migration, const RollbackRequest& request) {
  auto connection = Connection::connect(primary_);
  if (connection.has_error()) return connection.error();
  return draft_rollback(*connection, store_,
                        {.status = migration.status(),
                         .options = migration.options(),
                         .request = request,
                         .backup_folder = backup_.folder});
}

RolledBack RollbackDesk::estimate_for(const Migration& migration) {
  if (auto problem = migration.objection_to({})) return Conflict{*problem};
  auto report = draft(migration, {});
  if (report.has_error()) return unavailable(report.error());
  return std::move(*report);
}

RolledBack RollbackDesk::roll_back(const std::shared_ptr<Migration>& migration,
                                   const std::vector<std::shared_ptr<Migration>>& together,
                                   const RollbackRequest& request) {
  if (auto problem = migration->objection_to(request)) return Conflict{*problem};
  if (auto problem = problem_of(backup_, request.backup.value_or(migration->options().backup)))
    return Refused{{*problem}};
  if (request.run == RollbackRun::dry) {
    auto report = draft(*migration, request);
    if (report.has_error()) return unavailable(report.error());
    return std::move(*report);
  }
  std::vector<std::shared_ptr<Migration>> members;
  std::vector<RollbackReport> asked;
  for (const auto& member : together) {
    // What has come to its end already needs nothing, but where it is the one that is meant.
    if (member != migration && (member->ended() || member->objection_to(request))) continue;
    auto report = draft(*member, request);
    if (report.has_error()) return unavailable(report.error());
    members.push_back(member);
    asked.push_back(with_request_noted(std::move(*report), request));
  }
  // A wish that is accepted outlives a crash; one that is not is nobody's.
  if (asked.empty()) return NotFound{};
  if (auto saved = store_.save(asked); saved.has_error()) return unavailable(saved.error());
  RolledBack answer = NotFound{};
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i]->ended()) (void)members[i]->has_let_go(kLetsGoWithin);
    const auto problem = members[i]->roll_back(asked[i]);
    if (problem) (void)store_.save(withdrawn(asked[i], *problem));
    if (members[i] == migration) answer = problem ? RolledBack(Conflict{*problem}) : RolledBack(asked[i]);
  }
  store_.disconnect();
  return answer;
}

}  // namespace sluice::migrator
