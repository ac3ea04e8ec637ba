#include "migrator/engine/rollback_desk.hpp"

#include <optional>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/draft_rollback.hpp"
#include "migrator/engine/unavailable.hpp"

namespace sluice::migrator {
namespace {

// What a deferred one that is in this phase was decided to be; nothing: it was not.
std::optional<RollbackPhase> decided_as(RollbackPhase phase) {
  switch (phase) {
    case RollbackPhase::deferred:
    case RollbackPhase::overtaken:
      return std::nullopt;
    case RollbackPhase::running:
    case RollbackPhase::completed:
    case RollbackPhase::failed:
      return RollbackPhase::running;
    case RollbackPhase::went_on:
    case RollbackPhase::withdrawn:
      return phase;
  }
  return std::nullopt;
}

}  // namespace

void take_up_deferred(SwapGroup& group, const std::map<std::string, RollbackReport>& reports) {
  std::vector<const RollbackReport*> last;
  for (const SwapGroup::Member& member : group.members()) {
    const auto report = reports.find(member.id);
    if (report == reports.end() || report->second.strategy != to_string(RollbackStrategy::deferred)) continue;
    if (!last.empty() && report->second.requested_at < last.front()->requested_at) continue;
    if (!last.empty() && report->second.requested_at > last.front()->requested_at) last.clear();
    last.push_back(&report->second);
  }
  if (last.empty()) return;
  std::vector<MigrationId> members;
  std::optional<JointDecision::Verdict> decided;
  for (const RollbackReport* report : last) {
    members.push_back(report->migration);
    if (const auto phase = decided_as(report->phase)) decided = {*phase, report->decided_by};
  }
  group.defer_rollback(last.front()->requested_at, members, std::move(decided));
}

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
  const std::string requested_at = now_as_text();
  for (const auto& member : together) {
    // What has come to its end already needs nothing, but where it is the one that is meant.
    if (member != migration && (member->ended() || member->objection_to(request))) continue;
    auto report = draft(*member, request);
    if (report.has_error()) return unavailable(report.error());
    members.push_back(member);
    asked.push_back(with_request_noted(std::move(*report), request, requested_at));
  }
  // A wish that is accepted outlives a crash; one that is not is nobody's.
  if (asked.empty()) return NotFound{};
  if (auto saved = store_.save(asked); saved.has_error()) return unavailable(saved.error());
  if (request.strategy == RollbackStrategy::deferred) {
    std::vector<MigrationId> ids;
    for (const RollbackReport& report : asked) ids.push_back(report.migration);
    migration->group()->defer_rollback(requested_at, ids, std::nullopt);
  }
  RolledBack answer = NotFound{};
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i]->ended()) (void)members[i]->has_let_go(kLetsGoWithin);
    const auto problem = members[i]->roll_back(asked[i]);
    if (problem) {
      migration->group()->leave_rollback(requested_at, asked[i].migration);
      (void)store_.save(withdrawn(asked[i], *problem));
    }
    if (members[i] == migration) answer = problem ? RolledBack(Conflict{*problem}) : RolledBack(asked[i]);
  }
  store_.disconnect();
  return answer;
}

}  // namespace sluice::migrator
