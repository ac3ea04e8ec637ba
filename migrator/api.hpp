// What the outside may ask of the migrator: the facade that the HTTP API and main() use. Thread-safe; blocking calls
// say so.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "migrator/backup/backup_status.hpp"
#include "migrator/options.hpp"
#include "migrator/rollback/report.hpp"
#include "migrator/rollback/request.hpp"

namespace sluice::migrator {

using MigrationId = std::string;  // "m" and a number, counted in the primary's _sluice.migrations

enum class State : std::uint8_t {
  preparing,
  copying,
  ready,
  cutting_over,
  completed,
  stopped,
  panicked,
  failed,
  reverting,
  reverted
};

inline constexpr std::array kStates{State::preparing, State::copying, State::ready,    State::cutting_over,
                                    State::completed, State::stopped, State::panicked, State::failed,
                                    State::reverting, State::reverted};
[[nodiscard]] const char* to_string(State state) noexcept;
[[nodiscard]] bool has_ended(State state) noexcept;

enum class Action : std::uint8_t { pause, resume, cut_over, stop, panic, cleanup };

// What becomes of the shadow table of a migration that failed.
enum class AfterFailure : std::uint8_t {
  keeps_shadow,
  drops_shadow  // but where a rollback was to back it up and could not
};

struct Specification {
  std::string database;
  std::string table;
  std::string alter;  // what follows ALTER TABLE t
  Options options;
  AfterFailure after_failure = AfterFailure::keeps_shadow;
};

// What the server said no to, in its words.
struct ServerRefusal {
  unsigned code = 0;
  std::string sqlstate;
  std::string text;
};

struct Problem {  // an error or a refusal: a stable word and a sentence that says what to do
  std::string code;
  std::string message;
  std::optional<ServerRefusal> server{};  // whose words stand in the message; not known any more after a restart
  std::string logged{};  // the same without values of rows and pieces of SQL; empty: `message` has none

  // For journal and log.
  [[nodiscard]] const std::string& to_be_logged() const noexcept { return logged.empty() ? message : logged; }
};

struct BypassWriter {
  std::uint64_t connection_id = 0;
  std::uint64_t transactions = 0;
  std::string last_seen_at;  // RFC 3339
};

struct BlockerStatus {
  std::uint64_t connection_id = 0;
  std::string user;
  std::string host;
  std::string statement;
  std::int64_t since_ms = 0;
};

// What a hold is made of, in this order. Some parts are left out, as the fence where there is none, or the look at the
// names where the RENAME's outcome was known.
enum class HoldPart : std::uint8_t {
  drain,       // until nothing that touches the table is in flight
  fence,       // LOCK TABLES
  head,        // the binlog's end is read and awaited
  resync,      // what it named is brought over, and compared
  record,      // how far it came is written down
  extend,      // is there time enough for the rename?
  rename,      //
  names,       // the look at the names
  hand_over,   // foreign keys and triggers
  mark,        // older snapshots are told from newer ones
  unfence,     // UNLOCK TABLES
  stragglers,  // up to the RENAME's own event
  release,     //
};
inline constexpr std::size_t kHoldParts = 13;
[[nodiscard]] const char* to_string(HoldPart part) noexcept;

struct TimedPart {
  HoldPart part{};
  double ms = 0;
  bool operator==(const TimedPart&) const = default;
};

// CutOverStatus::audit, which may also be "impossible: why", or empty before the swap.
inline constexpr std::string_view kAuditPending = "pending";
inline constexpr std::string_view kInstantFence = "instant";  // the server's own lock, of an instant alter
inline constexpr std::string_view kAuditPassed = "passed";
inline constexpr std::string_view kAuditFailed = "failed";

struct CutOverStatus {
  std::uint64_t attempts = 0;
  double hold_ms = 0;
  std::uint64_t held_statements = 0;
  std::uint64_t stragglers = 0;
  std::uint64_t conflicts = 0;  // stragglers left alone, because their key had been written in the new table already
  std::string fence;            // "lock", "gate" or "instant"
  std::string last_error;
  std::string audit;             // whether the rows changed shortly before the swap were all found in the new table
  std::vector<TimedPart> parts;  // of the last attempt
};

struct GuardStatus {
  std::string name;
  std::string measure;  // what it reads, without queries and URLs
  double threshold = 0;
  std::optional<double> value;  // read last; nothing: there is nothing to be read
  std::string action;
  bool firing = false;
  std::string problem;  // why it can't be evaluated; empty: it can
};

// The short form of a RollbackReport.
struct RollbackStatus {
  RollbackPhase phase{};
  RollbackStep step{};  // at hand
  std::string strategy, at, window, reason;
  std::string waiting_for;  // now; empty: for nothing
  std::string problem;      // why it failed
  double seconds_estimated = 0;
  std::string risk;
  std::vector<std::string> risk_reasons;
};

struct GateView {             // how the gate of a migration's table stands
  std::string phase;          // "open", "armed", "draining" or "held"
  std::uint64_t waiting = 0;  // clients' statements that are held back now
};

struct Status {
  MigrationId id;
  std::string database, table, alter;
  std::vector<MigrationId> swaps_with;  // the others, whose tables are swapped in the same RENAME or not at all
  State state = State::preparing;
  bool paused = false;
  std::string throttled_by;       // empty: not throttled
  std::string waiting_for;        // what keeps a ready one from its cut-over; empty: nothing, or not ready
  double progress = 0;            // 0 to 1
  std::int64_t eta_seconds = -1;  // -1: unknown
  std::uint64_t rows_copied = 0, rows_estimated = 0;
  std::uint64_t changes_applied = 0, changes_pending = 0;
  std::string read_position, applied_position;  // in the binlog, "file:offset": up to where the source's changes were
                                                // read, and up to where all are in the shadow; empty when not yet
  std::int64_t binlog_lag_ms = 0;
  std::uint64_t verified_rows = 0, mismatches = 0;
  std::string shadow_table, old_table;
  std::string verified_at;            // when rows were last compared; RFC 3339, empty when not yet
  std::string started_at, ended_at;   // RFC 3339, empty when not yet
  std::uint64_t journal_entries = 0;  // the number of the last one
  MigrationId reverts;                // which one this one undoes; empty: none
  MigrationId reverted_by;            // which one undoes, or has undone, this one; empty: none
  std::string revertible_until;       // RFC 3339; empty: it can't be reverted
  std::optional<Problem> error;
  std::vector<BypassWriter> bypass_writers;
  std::vector<BlockerStatus> blockers;
  std::optional<GateView> gate;     // nothing: it is not the migration's any more
  std::vector<GuardStatus> guards;  // as of the last look; after the end, as they were
  CutOverStatus cut_over;
  std::optional<RollbackStatus> rollback;  // the last one that was asked for
  std::optional<BackupStatus> backup;      // of a table that is to be dropped: the last one
};

struct JournalEntry {
  std::uint64_t number = 0;  // grows within one migration
  std::string at;            // RFC 3339
  std::string event;         // e.g. "cut_over.held"
  std::string details;       // JSON object
};

// The answers to requests. Problems of `refused` are complete: every reason, not the first.
struct Refused {
  std::vector<Problem> problems;
};  // 422
struct Conflict {
  Problem problem;
};  // 409
struct NotFound {};  // 404
struct Invalid {
  Problem problem;
};  // 400
struct Unavailable {
  Problem problem;
};  // 503: the primary can't be reached now

enum class Algorithm : std::uint8_t { copy, instant };
[[nodiscard]] const char* to_string(Algorithm algorithm) noexcept;

struct PlannedTime {
  std::chrono::seconds copy{0};
  std::chrono::seconds compare{0};
};

enum class RiskLevel : std::uint8_t { low, medium, high };
[[nodiscard]] const char* to_string(RiskLevel level) noexcept;

struct Risk {
  RiskLevel level = RiskLevel::low;
  std::vector<std::string> reasons;
};

// A compatibility query, planned against the new table.
struct PlannedQuery {
  std::string sql;
  std::string problem;         // empty: it would work
  std::optional<double> rows;  // that the server expects to read with the table as it is
};

// What a dry run found, for a person to read before starting.
struct Plan {
  std::string table;
  std::string key;                                           // the name of the key that rows are followed by
  std::vector<std::pair<std::string, std::string>> columns;  // old name -> new name
  std::vector<std::string> dropped_columns, added_columns;
  std::uint64_t rows_estimated = 0;
  std::string shadow_definition;
  std::vector<std::string> foreign_keys;  // of the new table; the shadow has none
  std::vector<std::string> triggers;      // the names of those it is to have
  std::vector<std::string> key_columns;
  std::uint64_t data_bytes = 0, index_bytes = 0;  // of the table as it is
  Algorithm algorithm = Algorithm::copy;          // that these options lead to
  bool instant_possible = false;                  // with attempt_instant_ddl
  PlannedTime time;
  std::vector<PlannedQuery> queries;
  Risk risk;
};

using Plans = std::vector<Plan>;

// Of several that swap together: the first one's status, which names the others.
using Created = std::variant<Status, Plans, Refused, Conflict, Invalid, Unavailable>;
using Acted = std::variant<Status, NotFound, Conflict, Invalid, Unavailable>;

// A report; or, of a dry run, what it would take: without requested_at, and nothing has been changed.
using RolledBack = std::variant<RollbackReport, Refused, NotFound, Conflict, Unavailable>;
using Reverted = std::variant<Status, NotFound, Refused, Conflict, Unavailable>;

class Migrations {
 public:
  virtual ~Migrations() = default;
  // Blocks for the preflight's queries (tens of ms), and a backup of leftovers (minutes); starts it unless dry_run.
  enum class Run : std::uint8_t { start, dry };
  // The tables, of which there is at least one, swap together or not at all.
  [[nodiscard]] virtual Created create(std::vector<Specification> tables, Run run) = 0;
  [[nodiscard]] virtual std::vector<Status> list() const = 0;
  [[nodiscard]] virtual std::optional<Status> status(const MigrationId& id) const = 0;
  [[nodiscard]] virtual Acted act(const MigrationId& id, Action action) = 0;
  // Notes it, in the primary as well, before it answers; blocks for some queries.
  [[nodiscard]] virtual RolledBack roll_back(const MigrationId& id, const RollbackRequest& request) = 0;
  // The last rollback's report, or what one would take now. Blocks for some queries in the latter case.
  [[nodiscard]] virtual RolledBack rollback_report(const MigrationId& id) = 0;
  // Begins the revert of a completed migration, and of those that swapped together with it: a migration of its own,
  // which the status names as reverted_by. Of one that was reverted: the revert of its revert, whose status is
  // answered. Blocks for the preflight's queries.
  [[nodiscard]] virtual Reverted revert(const MigrationId& id) = 0;
  [[nodiscard]] virtual Acted change(const MigrationId& id,
                                     const std::function<std::optional<Problem>(Options&)>& edit) = 0;
  // Entries with a number above `after`; empty also where the migration is unknown.
  [[nodiscard]] virtual std::vector<JournalEntry> journal(const MigrationId& id, std::uint64_t after) const = 0;
  // Whether the primary answers and what was unfinished has been taken up again.
  [[nodiscard]] virtual bool ready() const = 0;
};

}  // namespace sluice::migrator
