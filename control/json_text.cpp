#include "control/json_text.hpp"

#include <boost/json.hpp>

#include "migrator/engine/clock_text.hpp"

namespace sluice::control {
namespace {

namespace json = boost::json;

// json::value is made with parentheses throughout: with braces it would be an array of one.
json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value{} : json::value(text);
}

json::object problem_json(const migrator::Problem& problem) {
  return {{"code", problem.code}, {"message", problem.message}};
}

json::array bypass_writers_json(const std::vector<migrator::BypassWriter>& writers) {
  json::array array;
  for (const auto& writer : writers) {
    array.push_back({{"connection_id", writer.connection_id},
                     {"transactions", writer.transactions},
                     {"last_seen_at", text_or_null(writer.last_seen_at)}});
  }
  return array;
}

json::array blockers_json(const std::vector<migrator::BlockerStatus>& blockers) {
  json::array array;
  for (const auto& blocker : blockers) {
    array.push_back({{"connection_id", blocker.connection_id},
                     {"user", blocker.user},
                     {"host", blocker.host},
                     {"statement", blocker.statement},
                     {"since_ms", blocker.since_ms}});
  }
  return array;
}

json::array guards_json(const std::vector<migrator::GuardStatus>& guards) {
  json::array array;
  for (const auto& guard : guards) {
    array.push_back({{"name", guard.name},
                     {"measure", guard.measure},
                     {"threshold", guard.threshold},
                     {"value", guard.value ? json::value(*guard.value) : json::value{}},
                     {"action", guard.action},
                     {"firing", guard.firing},
                     {"problem", text_or_null(guard.problem)}});
  }
  return array;
}

json::object cut_over_json(const migrator::CutOverStatus& cut_over) {
  json::array parts;
  for (const auto& part : cut_over.parts) {
    parts.push_back({{"part", migrator::to_string(part.part)}, {"ms", part.ms}});
  }
  return {{"attempts", cut_over.attempts},
          {"hold_ms", cut_over.hold_ms},
          {"held_statements", cut_over.held_statements},
          {"stragglers", cut_over.stragglers},
          {"conflicts", cut_over.conflicts},
          {"fence", text_or_null(cut_over.fence)},
          {"last_error", text_or_null(cut_over.last_error)},
          {"audit", text_or_null(cut_over.audit)},
          {"parts", std::move(parts)}};
}

json::array texts_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::array queries_json(const std::vector<migrator::PlannedQuery>& queries) {
  json::array array;
  for (const auto& query : queries) {
    array.push_back({{"sql", query.sql},
                     {"problem", text_or_null(query.problem)},
                     {"rows", query.rows ? json::value(*query.rows) : json::value{}}});
  }
  return array;
}

json::object plan_json(const migrator::Plan& plan) {
  json::array columns;
  for (const auto& [from, to] : plan.columns) columns.push_back({{"from", from}, {"to", to}});
  return {{"table", plan.table},
          {"key", plan.key},
          {"columns", std::move(columns)},
          {"dropped_columns", texts_json(plan.dropped_columns)},
          {"added_columns", texts_json(plan.added_columns)},
          {"rows_estimated", plan.rows_estimated},
          {"shadow_definition", plan.shadow_definition},
          {"foreign_keys", texts_json(plan.foreign_keys)},
          {"triggers", texts_json(plan.triggers)},
          {"key_columns", texts_json(plan.key_columns)},
          {"data_bytes", plan.data_bytes},
          {"index_bytes", plan.index_bytes},
          {"algorithm", migrator::to_string(plan.algorithm)},
          {"instant_possible", plan.instant_possible},
          {"seconds_estimated", {{"copy", plan.time.copy.count()}, {"compare", plan.time.compare.count()}}},
          {"compatibility_queries", queries_json(plan.queries)},
          {"risk", {{"level", migrator::to_string(plan.risk.level)}, {"reasons", texts_json(plan.risk.reasons)}}}};
}

json::value rollback_json(const std::optional<migrator::RollbackStatus>& rollback) {
  if (!rollback) return nullptr;
  return {{"phase", migrator::to_string(rollback->phase)},
          {"step", migrator::to_string(rollback->step)},
          {"strategy", rollback->strategy},
          {"at", text_or_null(rollback->at)},
          {"window", text_or_null(rollback->window)},
          {"reason", text_or_null(rollback->reason)},
          {"waiting_for", text_or_null(rollback->waiting_for)},
          {"problem", text_or_null(rollback->problem)},
          {"seconds_estimated", rollback->seconds_estimated},
          {"risk", {{"level", rollback->risk}, {"reasons", texts_json(rollback->risk_reasons)}}}};
}

json::value backup_json(const std::optional<migrator::BackupStatus>& backup) {
  if (!backup) return nullptr;
  return {{"state", migrator::to_string(backup->state)},
          {"kind", migrator::to_string(backup->kind)},
          {"table", backup->table},
          {"file", text_or_null(backup->file)},
          {"bytes", backup->bytes},
          {"bytes_estimated", backup->bytes_estimated},
          {"rows", backup->rows},
          {"rows_expected", backup->rows_expected},
          {"problem", text_or_null(backup->problem)}};
}

json::value gate_json(const std::optional<migrator::GateView>& gate) {
  if (!gate) return {};
  return {{"phase", gate->phase}, {"waiting", gate->waiting}};
}

json::object status_json(const migrator::Status& status) {
  return {{"id", status.id},
          {"database", status.database},
          {"table", status.table},
          {"alter", status.alter},
          {"swaps_with", texts_json(status.swaps_with)},
          {"state", migrator::to_string(status.state)},
          {"paused", status.paused},
          {"throttled_by", text_or_null(status.throttled_by)},
          {"waiting_for", text_or_null(status.waiting_for)},
          {"progress", status.progress},
          {"eta_seconds", status.eta_seconds < 0 ? json::value{} : json::value(status.eta_seconds)},
          {"rows_copied", status.rows_copied},
          {"rows_estimated", status.rows_estimated},
          {"changes_applied", status.changes_applied},
          {"changes_pending", status.changes_pending},
          {"read_position", text_or_null(status.read_position)},
          {"applied_position", text_or_null(status.applied_position)},
          {"binlog_lag_ms", status.binlog_lag_ms},
          {"verified_rows", status.verified_rows},
          {"mismatches", status.mismatches},
          {"shadow_table", status.shadow_table},
          {"old_table", status.old_table},
          {"verified_at", text_or_null(status.verified_at)},
          {"started_at", text_or_null(status.started_at)},
          {"ended_at", text_or_null(status.ended_at)},
          {"journal_entries", status.journal_entries},
          {"reverts", text_or_null(status.reverts)},
          {"reverted_by", text_or_null(status.reverted_by)},
          {"revertible_until", text_or_null(status.revertible_until)},
          {"error", status.error ? json::value(problem_json(*status.error)) : json::value{}},
          {"bypass_writers", bypass_writers_json(status.bypass_writers)},
          {"blockers", blockers_json(status.blockers)},
          {"gate", gate_json(status.gate)},
          {"guards", guards_json(status.guards)},
          {"cut_over", cut_over_json(status.cut_over)},
          {"rollback", rollback_json(status.rollback)},
          {"backup", backup_json(status.backup)}};
}

json::array list_json(const std::vector<migrator::Status>& statuses) {
  json::array array;
  for (const auto& status : statuses) array.push_back(status_json(status));
  return array;
}

json::array samples_json(const std::vector<LatencySample>& samples) {
  json::array array;
  for (const auto& [at, p99] : samples) {
    const auto ms = [&] { return std::chrono::duration<double, std::milli>{*p99}.count(); };
    array.push_back({{"at", migrator::as_text(at)}, {"p99_ms", p99 ? json::value(ms()) : json::value{}}});
  }
  return array;
}

// The engine's details are JSON; what is not goes out as a string rather than not at all.
json::value details_json(const std::string& details) {
  boost::system::error_code error;
  auto value = json::parse(details, error);
  return error ? json::value(details) : value;
}

json::object entry_json(const migrator::JournalEntry& entry) {
  return {{"number", entry.number}, {"at", entry.at}, {"event", entry.event}, {"details", details_json(entry.details)}};
}

}  // namespace

std::string status_text(const migrator::Status& status) {
  return json::serialize(status_json(status));
}

std::string list_text(const std::vector<migrator::Status>& statuses) {
  return json::serialize(list_json(statuses));
}

std::string service_text(bool ready, const std::vector<migrator::Status>& statuses) {
  return json::serialize(json::object{{"ready", ready}, {"migrations", list_json(statuses)}});
}

std::string latency_text(const LatencyHistory::Part& part) {
  return json::serialize(
      json::object{{"seconds", samples_json(part.seconds)}, {"minutes", samples_json(part.minutes)}});
}

std::string plans_text(const migrator::Plans& plans) {
  json::array tables;
  for (const auto& plan : plans) tables.push_back(plan_json(plan));
  json::object text{{"dry_run", true}};
  if (tables.size() == 1) {
    for (auto& member : tables.front().get_object()) text.insert(member);
  } else {
    text["tables"] = std::move(tables);
  }
  return json::serialize(text);
}

std::string journal_text(const migrator::JournalEntry& entry) {
  return json::serialize(entry_json(entry));
}

std::string export_text(const migrator::Status& status, const std::vector<migrator::JournalEntry>& journal) {
  json::array entries;
  for (const auto& entry : journal) entries.push_back(entry_json(entry));
  return json::serialize(json::object{{"migration", status_json(status)}, {"journal", std::move(entries)}});
}

Response error_response(unsigned status, const migrator::Problem& problem) {
  return {.status = status, .body = json::serialize(json::object{{"error", problem_json(problem)}})};
}

Response refused_response(const std::vector<migrator::Problem>& problems) {
  std::string message;
  json::array list;
  for (const auto& problem : problems) {
    message += (message.empty() ? "" : "; ") + problem.message;
    list.push_back(problem_json(problem));
  }
  json::object error{{"code", "refused"}, {"message", message}, {"problems", std::move(list)}};
  return {.status = 422, .body = json::serialize(json::object{{"error", std::move(error)}})};
}

}  // namespace sluice::control
