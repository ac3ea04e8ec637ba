#include "migrator/rollback/fields.hpp"
#include "migrator/rollback/report.hpp"

namespace sluice::migrator {

BOOST_DESCRIBE_STRUCT(RollbackEstimate, (),
                      (seconds, count_seconds, backup_seconds, drop_seconds, measured, shadow_bytes, shadow_rows, risk,
                       reasons))
BOOST_DESCRIBE_STRUCT(StepReport, (), (step, started_at, ms, outcome, problem))
BOOST_DESCRIBE_STRUCT(TableRecord, (), (name, exists, definition, bytes, rows, counted))
BOOST_DESCRIBE_STRUCT(RollbackRecord, (),
                      (source, shadow, binlog_position, read_position, applied_position, rows_copied, changes_applied,
                       changes_pending, verified_rows, mismatches))
BOOST_DESCRIBE_STRUCT(BackupReport, (), (kind, file, bytes, rows, complete))
BOOST_DESCRIBE_STRUCT(CleanReport, (), (removed, bytes, partitions, drop_ms, waited_ms))
BOOST_DESCRIBE_STRUCT(QueryReport, (), (sql, ms, rows, plan, problem))
BOOST_DESCRIBE_STRUCT(VerifyReport, (), (definition_unchanged, rows, counted, test_queries, explain))
BOOST_DESCRIBE_STRUCT(RollbackReport, (),
                      (migration, database, table, phase, step, strategy, at, window, reason, decided_by, backup_kind,
                       test_queries, explain, state_before, requested_at, begun_at, ended_at, estimate, steps, record,
                       findings, backup, clean, verify, waiting_for, problem))

namespace {

template <class Enum, class All>
void read_word(const boost::json::value& json, const All& all, Enum& value) {
  for (const Enum known : all) {
    if (json.is_string() && json.get_string() == to_string(known)) value = known;
  }
}

}  // namespace

// Found by read_field() of the report as a whole.
void read_field(const boost::json::value& json, RollbackPhase& phase);
void read_field(const boost::json::value& json, RollbackStep& step);
void read_field(const boost::json::value& json, RollbackPhase& phase) {
  read_word(json, kRollbackPhases, phase);
}
void read_field(const boost::json::value& json, RollbackStep& step) {
  read_word(json, kRollbackSteps, step);
}

std::string to_json(const RollbackReport& report) {
  auto fields = fields_of(report);
  fields.get_object()["dry_run"] = report.requested_at.empty();
  return boost::json::serialize(fields);
}

std::optional<RollbackReport> rollback_report_from(const std::string& json) {
  boost::system::error_code error;
  const auto value = boost::json::parse(json, error);
  if (error || !value.is_object()) return std::nullopt;
  RollbackReport report;
  read_field(value, report);
  return report;
}

}  // namespace sluice::migrator
