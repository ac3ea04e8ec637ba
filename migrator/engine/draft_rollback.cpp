#include "migrator/engine/draft_rollback.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/rollback/gentle_drop.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

constexpr int kDecimal = 10;

std::uint64_t rows_of(Connection& connection, const TableRef& table) {
  auto rows = connection.query("SELECT COALESCE(TABLE_ROWS, 0) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                               quote_string(table.database) + " AND TABLE_NAME = " + quote_string(table.table));
  if (rows.has_error() || rows->rows.empty()) return 0;
  return std::strtoull(rows->rows[0].at(0).value_or("0").c_str(), nullptr, kDecimal);
}

SqlResult<RollbackFacts> facts_of(Connection& connection, RollbackStore& store, const RollbackDraft& draft,
                                  BackupKind backup) {
  const TableRef source{draft.status.database, draft.status.table};
  const TableRef shadow = shadow_table(source);
  RollbackFacts facts{.source_rows = rows_of(connection, source),
                      .shadow_rows = rows_of(connection, shadow),
                      .backup = backup,
                      .held_back_by = draft.status.throttled_by,
                      .mismatches = draft.status.mismatches,
                      .in_cut_over = draft.status.state == State::cutting_over};
  auto source_bytes = bytes_of(connection, source);
  if (source_bytes.has_error()) return source_bytes.error();
  facts.source_exists = source_bytes->has_value();
  facts.source_bytes = source_bytes->value_or(0);
  auto shadow_bytes = bytes_of(connection, shadow);
  if (shadow_bytes.has_error()) return shadow_bytes.error();
  facts.shadow_bytes = shadow_bytes->value_or(0);
  auto drops = store.measured(MeasuredWork::drop);
  if (drops.has_error()) return drops.error();
  facts.drops = std::move(*drops);
  auto dumps = store.measured(MeasuredWork::dump);
  if (dumps.has_error()) return dumps.error();
  facts.dumps = std::move(*dumps);
  if (auto running = connection.query("SHOW GLOBAL STATUS LIKE 'Threads_running'");
      running.has_value() && !running->rows.empty()) {
    facts.threads_running = std::strtoull(running->rows[0].at(1).value_or("0").c_str(), nullptr, kDecimal);
  }
  for (const GuardStatus& guard : draft.status.guards) {
    if (guard.firing && !has_ended(draft.status.state))
      facts.firing_guards.push_back("guard " + guard.name + " fires (" + guard.measure + ")");
  }
  if (backup != BackupKind::none) {
    std::error_code error;
    const auto space = std::filesystem::space(draft.backup_folder, error);
    if (!error) facts.backup_bytes_free = space.available;
  }
  return facts;
}

}  // namespace

SqlResult<RollbackReport> draft_rollback(Connection& connection, RollbackStore& store, const RollbackDraft& draft) {
  const BackupKind backup = draft.request.backup.value_or(draft.options.backup);
  auto facts = facts_of(connection, store, draft, backup);
  if (facts.has_error()) return facts.error();
  return RollbackReport{.migration = draft.status.id,
                        .database = draft.status.database,
                        .table = draft.status.table,
                        .strategy = to_string(draft.request.strategy),
                        .at = draft.request.at,
                        .window = draft.request.window.text,
                        .reason = draft.request.reason,
                        .backup_kind = std::string(to_string(backup)),
                        .test_queries = draft.request.test_queries,
                        .explain = draft.request.explain,
                        .state_before = to_string(draft.status.state),
                        .estimate = estimate(*facts)};
}

RollbackReport with_request_noted(RollbackReport report, const RollbackRequest& request,
                                  const std::string& requested_at) {
  const bool deferred = request.strategy == RollbackStrategy::deferred;
  report.phase = deferred ? RollbackPhase::deferred : RollbackPhase::running;
  report.requested_at = requested_at;
  if (!deferred) report.begun_at = report.requested_at;
  return report;
}

RollbackReport withdrawn(RollbackReport report, const Problem& problem) {
  report.phase = RollbackPhase::overtaken;
  report.problem = problem.message;
  report.ended_at = now_as_text();
  return report;
}

}  // namespace sluice::migrator
