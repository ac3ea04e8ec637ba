// A rollback as a value: what was asked, how far it is, what it found and did. It is kept in _sluice.rollbacks, from
// where it goes on after a restart, and is what people read in the end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::migrator {

enum class RollbackStep : std::uint8_t { stop, record, check, backup, clean, verify };
inline constexpr std::array kRollbackSteps{RollbackStep::stop,   RollbackStep::record, RollbackStep::check,
                                           RollbackStep::backup, RollbackStep::clean,  RollbackStep::verify};
[[nodiscard]] const char* to_string(RollbackStep step) noexcept;

enum class RollbackPhase : std::uint8_t {
  deferred,  // paused, until its time
  running,
  completed,
  failed,     // the shadow table is kept
  went_on,    // a deferred one: the guards were quiet
  withdrawn,  // a deferred one: somebody resumed the migration, or asked for another rollback
  overtaken,  // the migration came to another end first
};
inline constexpr std::array kRollbackPhases{RollbackPhase::deferred, RollbackPhase::running, RollbackPhase::completed,
                                            RollbackPhase::failed,   RollbackPhase::went_on, RollbackPhase::withdrawn,
                                            RollbackPhase::overtaken};
[[nodiscard]] const char* to_string(RollbackPhase phase) noexcept;
[[nodiscard]] bool is_over(RollbackPhase phase) noexcept;

struct RollbackEstimate {
  double seconds = 0;  // of all steps together, where nothing has to be waited for
  double count_seconds = 0, backup_seconds = 0, drop_seconds = 0;
  bool measured = false;  // the rate of the drop is this server's; else a guess
  std::uint64_t shadow_bytes = 0, shadow_rows = 0;
  std::string risk;  // low, medium or high
  std::vector<std::string> reasons;
};

struct StepReport {
  std::string step;
  std::string started_at;  // RFC 3339
  double ms = 0;
  std::string outcome;  // in a sentence
  bool problem = false;
};

struct TableRecord {
  std::string name;
  bool exists = false;
  std::string definition;
  std::uint64_t bytes = 0;  // data and indexes, as the server estimates them
  std::uint64_t rows = 0;
  bool counted = false;  // else estimated by the server
};

struct RollbackRecord {
  TableRecord source, shadow;
  std::string binlog_position, read_position, applied_position;
  std::uint64_t rows_copied = 0, changes_applied = 0, changes_pending = 0, verified_rows = 0, mismatches = 0;
};

struct BackupReport {
  std::string kind, file;
  std::uint64_t bytes = 0, rows = 0;
  bool complete = false;
};

struct CleanReport {
  std::vector<std::string> removed;
  std::uint64_t bytes = 0;
  std::uint64_t partitions = 0;  // emptied one after the other
  double drop_ms = 0;
  double waited_ms = 0;  // for the load, or for somebody at the table
};

struct QueryReport {
  std::string sql;
  double ms = 0;
  std::uint64_t rows = 0;
  std::vector<std::string> plan;  // of an EXPLAIN: "orders: ref by k_qty, 12 rows"
  std::string problem;            // empty: it works
};

struct VerifyReport {
  bool definition_unchanged = false;
  std::uint64_t rows = 0;
  bool counted = false;
  std::vector<QueryReport> test_queries, explain;
};

struct RollbackReport {
  std::string migration, database, table;
  RollbackPhase phase = RollbackPhase::running;
  RollbackStep step = RollbackStep::stop;  // at hand
  std::string strategy, at, window, reason;
  std::string decided_by;  // of a deferred one: why it went on, or was begun
  std::string backup_kind;
  std::vector<std::string> test_queries, explain;
  std::string state_before, requested_at, begun_at, ended_at;
  RollbackEstimate estimate;
  std::vector<StepReport> steps;  // that have been done
  std::optional<RollbackRecord> record;
  std::vector<std::string> findings;  // of the check and of the verification: what a person should look at
  std::optional<BackupReport> backup;
  std::optional<CleanReport> clean;
  std::optional<VerifyReport> verify;
  std::string waiting_for;  // now; empty: for nothing
  std::string problem;      // why it failed
};

[[nodiscard]] std::string to_json(const RollbackReport& report);
// Unknown members are passed over; a missing one keeps its default. nullopt: no such object.
[[nodiscard]] std::optional<RollbackReport> rollback_report_from(const std::string& json);
// For people: lines, the last one ends with a line break.
[[nodiscard]] std::string to_text(const RollbackReport& report);

}  // namespace sluice::migrator
