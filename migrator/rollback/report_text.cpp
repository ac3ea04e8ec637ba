#include <cstdio>
#include <string_view>

#include "migrator/rollback/report.hpp"

namespace sluice::migrator {
namespace {

std::string fixed(double number, int digits) {
  constexpr std::size_t kRoom = 64;
  std::string text(kRoom, '\0');
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string megabytes(std::uint64_t bytes) {
  constexpr double kMegabyte = 1 << 20;
  return fixed(static_cast<double>(bytes) / kMegabyte, 1) + " MiB";
}

std::string rows_of(const TableRecord& table) {
  return std::to_string(table.rows) + (table.counted ? " rows" : " rows (estimated)");
}

class Lines {
 public:
  Lines& add(std::string_view name, const std::string& value) {
    constexpr std::size_t kColumn = 14;
    if (value.empty()) return *this;
    text_ += name;
    text_.append(name.size() < kColumn ? kColumn - name.size() : 1, ' ');
    text_ += value + "\n";
    return *this;
  }
  void line(const std::string& text) { text_ += text + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_estimate(Lines& lines, const RollbackEstimate& estimate) {
  lines.add("estimate", fixed(estimate.seconds, 1) + " s (count " + fixed(estimate.count_seconds, 1) + ", backup " +
                            fixed(estimate.backup_seconds, 1) + ", drop " + fixed(estimate.drop_seconds, 1) +
                            (estimate.measured ? ", by what drops took here)" : ", not measured here yet)"));
  lines.add("risk", estimate.risk);
  for (const std::string& reason : estimate.reasons) lines.line("  - " + reason);
}

void add_steps(Lines& lines, const RollbackReport& report) {
  if (report.steps.empty()) return;
  lines.line("\nsteps");
  for (const StepReport& step : report.steps) {
    lines.line("  " + std::string(step.problem ? "! " : "  ") + step.step +
               std::string(step.step.size() < 7 ? 7 - step.step.size() : 0, ' ') + " " + fixed(step.ms, 1) + " ms  " +
               step.outcome);
  }
}

void add_record(Lines& lines, const RollbackRecord& record) {
  lines.line("\nstate when it was stopped");
  lines.add("  binlog", record.binlog_position)
      .add("  applied up to", record.applied_position)
      .add("  copied", std::to_string(record.rows_copied) + " rows; " + std::to_string(record.changes_applied) +
                           " changes applied, " + std::to_string(record.changes_pending) + " pending; " +
                           std::to_string(record.verified_rows) + " rows compared, " +
                           std::to_string(record.mismatches) + " unequal");
  for (const TableRecord* table : {&record.source, &record.shadow}) {
    lines.line("  " + table->name + ": " +
               (table->exists ? rows_of(*table) + ", " + megabytes(table->bytes) : std::string("not there")));
  }
}

void add_query(Lines& lines, std::string_view what, const QueryReport& query) {
  const std::string result =
      query.plan.empty() ? ": " + std::to_string(query.rows) + " rows in " + fixed(query.ms, 1) + " ms" : "";
  lines.line("  " + std::string(query.problem.empty() ? "ok  " : "!   ") + std::string(what) + query.sql +
             (query.problem.empty() ? result : ": " + query.problem));
  for (const std::string& table : query.plan) lines.line("        " + table);
}

}  // namespace

std::string to_text(const RollbackReport& report) {
  Lines lines;
  const bool is_estimate = report.requested_at.empty();
  lines.line(std::string(is_estimate ? "What a rollback of " : "Rollback of ") + report.migration + " (" +
             report.database + "." + report.table + ")" + (is_estimate ? " would take" : "") + "\n");
  lines.add("strategy", report.strategy).add("at", report.at).add("window", report.window).add("reason", report.reason);
  if (!is_estimate) {
    lines.add("result", to_string(report.phase))
        .add("problem", report.problem)
        .add("decided by", report.decided_by)
        .add("waiting for", report.waiting_for)
        .add("state before", report.state_before)
        .add("requested", report.requested_at)
        .add("begun", report.begun_at)
        .add("ended", report.ended_at);
  }
  add_estimate(lines, report.estimate);
  add_steps(lines, report);
  if (report.record) add_record(lines, *report.record);
  if (report.backup && !report.backup->file.empty()) {
    lines.line("\nbackup");
    lines.add("  file", report.backup->file)
        .add("  holds", report.backup->kind + ", " + std::to_string(report.backup->rows) + " rows, " +
                            megabytes(report.backup->bytes) +
                            (report.backup->complete ? "; read back and whole" : "; not whole"));
  }
  if (report.clean) {
    lines.line("\nremoved");
    for (const std::string& what : report.clean->removed) lines.line("  " + what);
    if (report.clean->waited_ms > 0) lines.add("  waited", fixed(report.clean->waited_ms, 0) + " ms");
  }
  if (report.verify) {
    lines.line("\nsource table afterwards");
    lines.add("  definition", report.verify->definition_unchanged ? "unchanged" : "NOT as it was recorded");
    lines.add("  rows", std::to_string(report.verify->rows) + (report.verify->counted ? "" : " (estimated)"));
    for (const QueryReport& query : report.verify->test_queries) add_query(lines, "", query);
    for (const QueryReport& query : report.verify->explain) add_query(lines, "EXPLAIN ", query);
  }
  if (!report.findings.empty()) {
    lines.line("\nto be looked at");
    for (const std::string& finding : report.findings) lines.line("  - " + finding);
  }
  return lines.take();
}

}  // namespace sluice::migrator
