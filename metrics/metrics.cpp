#include "metrics/metrics.hpp"

#include <prometheus/text_serializer.h>

#include "metrics/client_latency.hpp"
#include "metrics/families.hpp"
#include "metrics/migration_families.hpp"

namespace sluice::metrics {
namespace {

using namespace std::chrono_literals;
using prometheus::MetricFamily;
using prometheus::MetricType;

// From a point select on the same machine to what somebody will have noticed.
constexpr std::array<std::chrono::nanoseconds, 16> STATEMENT_BOUNDS{
    50us, 100us, 250us, 500us, 1ms, 2500us, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 10s};
constexpr std::array<std::chrono::nanoseconds, 13> HOLD_BOUNDS{250us, 1ms,   2500us, 5ms,    10ms, 25ms, 50ms,
                                                               100ms, 250ms, 1s,     2500ms, 5s,   10s};

constexpr std::array<std::string_view, 6> CUT_OVER_RESULTS{"completed", "again",    "failed",
                                                           "strange",   "panicked", "other"};

constexpr std::array<const char*, 2> ACCESS_LOG_ENTRIES{"written", "dropped"};

using Counter = std::atomic<std::uint64_t>;

std::size_t index_of_result(std::string_view result) {
  const auto found = std::find(CUT_OVER_RESULTS.begin(), CUT_OVER_RESULTS.end() - 1, result);
  return static_cast<std::size_t>(found - CUT_OVER_RESULTS.begin());
}

MetricFamily counter(std::string name, std::string help, const Counter& value) {
  MetricFamily family = counters(std::move(name), std::move(help));
  sample(family, as_double(value.load()));
  return family;
}

// Statements of one command and touch have an index, and with their outcome another.
constexpr std::size_t TOUCHES = proxy::TABLE_TOUCHES.size();
constexpr std::size_t STATEMENT_KINDS = proxy::COMMAND_KINDS.size() * TOUCHES;
constexpr std::size_t OUTCOMES = proxy::OUTCOMES.size();

std::size_t kind_of(const proxy::Statement& statement) noexcept {
  return static_cast<std::size_t>(statement.command) * TOUCHES + static_cast<std::size_t>(statement.touch);
}
Labels labels_of_kind(std::size_t kind) {
  return {{"command", std::string{proxy::COMMAND_KINDS[kind / TOUCHES]}},
          {"touch", std::string{proxy::TABLE_TOUCHES[kind % TOUCHES]}}};
}

template <std::size_t Bounds>
using Histograms = std::vector<std::unique_ptr<StripedHistogram<Bounds>>>;

template <std::size_t Bounds>
Histograms<Bounds> histograms_of(std::size_t count, const std::array<std::chrono::nanoseconds, Bounds>& bounds) {
  Histograms<Bounds> all(count);
  for (auto& each : all) each = std::make_unique<StripedHistogram<Bounds>>(bounds);
  return all;
}

}  // namespace

struct Metrics::Counts {
  StripedCounters<STATEMENT_KINDS * OUTCOMES> statements;
  Histograms<STATEMENT_BOUNDS.size()> statement_times = histograms_of(STATEMENT_KINDS, STATEMENT_BOUNDS);
  ClientLatency at_server;
  StripedHistogram<HOLD_BOUNDS.size()> statement_holds{HOLD_BOUNDS};
  StripedHistogram<HOLD_BOUNDS.size()> holds{HOLD_BOUNDS};
  Histograms<HOLD_BOUNDS.size()> hold_parts = histograms_of(migrator::kHoldParts, HOLD_BOUNDS);
  std::array<Counter, OUTCOMES> logins{};
  std::atomic<std::int64_t> connections = 0;
  Counter connections_accepted = 0, server_unreachable = 0, idled_out = 0, abandoned = 0;
  std::array<Counter, proxy::REFUSALS.size()> refused{};
  std::array<Counter, proxy::DDL_OUTCOMES.size()> online_ddl{};
  std::array<Counter, ACCESS_LOG_ENTRIES.size()> access_log{};
  Counter rows_copied = 0, changes_applied = 0, rows_verified = 0, mismatches = 0, stragglers = 0;
  Counter bypass_transactions = 0, throttled_ms = 0;
  std::array<Counter, CUT_OVER_RESULTS.size()> cut_overs{};
  std::array<std::array<Counter, migrator::kGuardActions>, migrator::kGuardMeasures> guards{};
  std::array<std::array<Counter, migrator::kRollbackPhases.size()>, migrator::kRollbackStrategies.size()> rollbacks{};
  Counter backups_complete = 0, backups_failed = 0, backup_bytes = 0;
  std::array<std::array<Counter, migrator::kNoticeOutcomes>, migrator::kNoticeChannels> notices{};

  void add_clients(std::vector<MetricFamily>& families) const;
  void add_statements(std::vector<MetricFamily>& families) const;
  void add_migrations(std::vector<MetricFamily>& families) const;
  void add_rollbacks(std::vector<MetricFamily>& families) const;
};

void Metrics::Counts::add_clients(std::vector<MetricFamily>& families) const {
  MetricFamily open = gauges("sluice_client_connections", "Clients connected now.");
  sample(open, as_double(connections.load()));
  families.push_back(std::move(open));
  families.push_back(counter("sluice_client_connections_accepted_total", "Clients accepted.", connections_accepted));
  MetricFamily refusals = counters("sluice_client_connections_refused_total", "Clients turned away, by the reason.");
  for (std::size_t i = 0; i < refused.size(); ++i) {
    sample(refusals, as_double(refused[i].load()), {{"reason", std::string{proxy::REFUSALS[i]}}});
  }
  families.push_back(std::move(refusals));
  families.push_back(counter("sluice_client_connections_idled_out_total",
                             "Clients disconnected because they were idle for too long.", idled_out));
  families.push_back(counter("sluice_abandoned_statements_total",
                             "Statements killed at the primary because their client had gone.", abandoned));
  families.push_back(counter("sluice_server_unreachable_total",
                             "Clients that got no connection because the primary did not answer.", server_unreachable));

  MetricFamily login_counts = counters("sluice_logins_total", "Logins of clients, by how they ended.");
  for (std::size_t i = 0; i < OUTCOMES; ++i) {
    sample(login_counts, as_double(logins[i].load()), {{"outcome", std::string{proxy::OUTCOMES[i]}}});
  }
  families.push_back(std::move(login_counts));
  add_statements(families);
  families.push_back(
      histogram("sluice_statement_hold_seconds", "How long single statements waited at the gate.", statement_holds));
  MetricFamily ddl =
      counters("sluice_online_ddl_total",
               "Clients' ALTER TABLE, CREATE INDEX and DROP INDEX run as migrations, by how they ended.");
  for (std::size_t i = 0; i < online_ddl.size(); ++i) {
    sample(ddl, as_double(online_ddl[i].load()), {{"outcome", std::string{proxy::DDL_OUTCOMES[i]}}});
  }
  families.push_back(std::move(ddl));
  MetricFamily entries =
      counters("sluice_access_log_entries_total", "Entries of the access log, by what became of them.");
  for (std::size_t i = 0; i < access_log.size(); ++i) {
    sample(entries, as_double(access_log[i].load()), {{"result", ACCESS_LOG_ENTRIES[i]}});
  }
  families.push_back(std::move(entries));
}

// Of the kinds that there have been.
void Metrics::Counts::add_statements(std::vector<MetricFamily>& families) const {
  MetricFamily numbers =
      counters("sluice_statements_total",
               "Clients' commands, by what they did to tables that are being migrated, and by how they ended.");
  MetricFamily times{"sluice_statement_seconds",
                     "From a command's first byte to its answer's last, waits at the gate included.",
                     MetricType::Histogram,
                     {}};
  const auto counts = statements.totals();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    Labels labels = labels_of_kind(i / OUTCOMES);
    labels.push_back({"outcome", std::string{proxy::OUTCOMES[i % OUTCOMES]}});
    sample(numbers, as_double(counts[i]), std::move(labels));
  }
  for (std::size_t kind = 0; kind < STATEMENT_KINDS; ++kind) {
    prometheus::ClientMetric metric = histogram("", "", *statement_times[kind]).metric.front();
    if (metric.histogram.sample_count == 0) continue;
    metric.label = labels_of_kind(kind);
    times.metric.push_back(std::move(metric));
  }
  families.push_back(std::move(numbers));
  families.push_back(std::move(times));
}

void Metrics::Counts::add_migrations(std::vector<MetricFamily>& families) const {
  families.push_back(histogram("sluice_hold_seconds", "How long the gate of a table was held for a cut-over.", holds));
  MetricFamily parts{"sluice_hold_part_seconds", "What holds were made of, by part.", MetricType::Histogram, {}};
  for (std::size_t i = 0; i < hold_parts.size(); ++i) {
    prometheus::ClientMetric metric = histogram("", "", *hold_parts[i]).metric.front();
    metric.label = {{"part", migrator::to_string(static_cast<migrator::HoldPart>(i))}};
    parts.metric.push_back(std::move(metric));
  }
  families.push_back(std::move(parts));
  families.push_back(counter("sluice_rows_copied_total", "Rows copied into shadow tables.", rows_copied));
  families.push_back(
      counter("sluice_changes_applied_total", "Changed keys applied to shadow tables.", changes_applied));
  families.push_back(counter("sluice_verified_rows_total", "Rows compared in both tables.", rows_verified));
  families.push_back(counter("sluice_mismatches_total",
                             "Rows found unequal that no client had changed; they are written again.", mismatches));
  families.push_back(counter("sluice_stragglers_total",
                             "Changes from outside the proxy that came just before a swap and were carried over.",
                             stragglers));
  families.push_back(counter("sluice_bypass_transactions_total",
                             "Transactions on migrated tables that did not come through the proxy.",
                             bypass_transactions));
  MetricFamily throttled = counters("sluice_throttled_seconds_total", "Time that migrations spent throttled.");
  sample(throttled, as_seconds(std::chrono::milliseconds{throttled_ms.load()}));
  families.push_back(std::move(throttled));

  MetricFamily attempts = counters("sluice_cut_over_attempts_total", "Attempts to cut over, by how they ended.");
  for (std::size_t i = 0; i < CUT_OVER_RESULTS.size(); ++i) {
    sample(attempts, as_double(cut_overs[i].load()), {{"result", std::string{CUT_OVER_RESULTS[i]}}});
  }
  families.push_back(std::move(attempts));

  MetricFamily firings = counters("sluice_guard_firings_total",
                                  "Guards that fired or could not be evaluated, by what they measure and what "
                                  "followed.");
  for (std::size_t m = 0; m < guards.size(); ++m) {
    for (std::size_t a = 0; a < guards[m].size(); ++a) {
      if (guards[m][a].load() == 0) continue;  // fifty lines of nothing
      sample(firings, as_double(guards[m][a].load()),
             {{"measure", std::string{to_string(static_cast<migrator::GuardMeasure>(m))}},
              {"action", std::string{to_string(static_cast<migrator::GuardAction>(a))}}});
    }
  }
  families.push_back(std::move(firings));

  add_rollbacks(families);

  MetricFamily told =
      counters("sluice_notices_total", "Attempts to tell webhooks and command hooks, by their outcome.");
  for (std::size_t c = 0; c < notices.size(); ++c) {
    for (std::size_t o = 0; o < notices[c].size(); ++o) {
      sample(told, as_double(notices[c][o].load()),
             {{"channel", std::string{to_string(static_cast<migrator::NoticeChannel>(c))}},
              {"outcome", std::string{to_string(static_cast<migrator::NoticeOutcome>(o))}}});
    }
  }
  families.push_back(std::move(told));
}

void Metrics::Counts::add_rollbacks(std::vector<MetricFamily>& families) const {
  MetricFamily ended = counters("sluice_rollbacks_total", "Rollbacks, by their strategy and how they ended.");
  for (const auto strategy : migrator::kRollbackStrategies) {
    for (const auto phase : migrator::kRollbackPhases) {
      if (!is_over(phase)) continue;
      sample(ended, as_double(rollbacks[static_cast<std::size_t>(strategy)][static_cast<std::size_t>(phase)].load()),
             {{"strategy", to_string(strategy)}, {"result", to_string(phase)}});
    }
  }
  families.push_back(std::move(ended));
  MetricFamily backups =
      counters("sluice_backups_total", "Tables written to a file before they were dropped, by whether that was done.");
  sample(backups, as_double(backups_complete.load()), {{"result", "complete"}});
  sample(backups, as_double(backups_failed.load()), {{"result", "failed"}});
  families.push_back(std::move(backups));
  families.push_back(counter("sluice_backup_bytes_total", "Bytes of backups that are complete.", backup_bytes));
}

Metrics::Metrics() : counts_(std::make_unique<Counts>()) {}
Metrics::~Metrics() = default;

std::string Metrics::text(const std::vector<migrator::Status>& migrations, const gate::TableGate& gate) const {
  std::vector<MetricFamily> families = migration_families(migrations, gate);
  counts_->add_clients(families);
  counts_->add_migrations(families);
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer{}.Serialize(families);
}

std::unique_ptr<migrator::LatencyWatch> Metrics::watch_latency() {
  return counts_->at_server.watch();
}

void Metrics::access_log_entries(AccessLogEntries what, std::uint64_t count) noexcept {
  counts_->access_log[static_cast<std::size_t>(what)].fetch_add(count);
}

void Metrics::connection_opened() noexcept {
  counts_->connections.fetch_add(1);
  counts_->connections_accepted.fetch_add(1);
}
void Metrics::connection_closed() noexcept {
  counts_->connections.fetch_sub(1);
}
void Metrics::connection_refused(proxy::Refusal reason, std::string_view) noexcept {
  counts_->refused[static_cast<std::size_t>(reason)].fetch_add(1);
}
void Metrics::connection_idled_out() noexcept {
  counts_->idled_out.fetch_add(1);
}
void Metrics::server_query_abandoned() noexcept {
  counts_->abandoned.fetch_add(1);
}
void Metrics::login_finished(proxy::Outcome outcome) noexcept {
  counts_->logins[static_cast<std::size_t>(outcome)].fetch_add(1);
}
void Metrics::server_unreachable(std::string_view) noexcept {
  counts_->server_unreachable.fetch_add(1);
}
void Metrics::statement_finished(const proxy::Statement& statement) noexcept {
  const std::size_t kind = kind_of(statement);
  counts_->statements.add(kind * OUTCOMES + static_cast<std::size_t>(statement.outcome));
  counts_->statement_times[kind]->observe(statement.latency);
  if (statement.outcome == proxy::Outcome::ok || statement.outcome == proxy::Outcome::error) {
    counts_->at_server.note(statement.latency - statement.held);
  }
}
void Metrics::ddl_finished(proxy::DdlOutcome outcome) noexcept {
  counts_->online_ddl[static_cast<std::size_t>(outcome)].fetch_add(1);
}
void Metrics::statement_held(Duration time) noexcept {
  counts_->statement_holds.observe(time);
}

void Metrics::rows_copied(std::uint64_t rows) {
  counts_->rows_copied.fetch_add(rows);
}
void Metrics::changes_applied(std::uint64_t keys) {
  counts_->changes_applied.fetch_add(keys);
}
void Metrics::rows_verified(std::uint64_t rows) {
  counts_->rows_verified.fetch_add(rows);
}
void Metrics::mismatched(std::uint64_t rows) {
  counts_->mismatches.fetch_add(rows);
}
void Metrics::stragglers(std::uint64_t keys) {
  counts_->stragglers.fetch_add(keys);
}
void Metrics::bypass_transaction() {
  counts_->bypass_transactions.fetch_add(1);
}
void Metrics::throttled_for(std::chrono::milliseconds time) {
  counts_->throttled_ms.fetch_add(static_cast<std::uint64_t>(std::max(time, 0ms).count()));
}
void Metrics::cut_over_attempted(std::string_view result, std::chrono::microseconds held) {
  counts_->cut_overs[index_of_result(result)].fetch_add(1);
  if (held > 0us) counts_->holds.observe(held);  // an attempt that never held has no length
}
void Metrics::hold_part(migrator::HoldPart part, std::chrono::microseconds time) {
  counts_->hold_parts[static_cast<std::size_t>(part)]->observe(time);
}
void Metrics::guard_fired(migrator::GuardMeasure measure, migrator::GuardAction action) {
  counts_->guards[static_cast<std::size_t>(measure)][static_cast<std::size_t>(action)].fetch_add(1);
}
void Metrics::rollback_ended(std::string_view strategy, migrator::RollbackPhase result) {
  for (const auto known : migrator::kRollbackStrategies) {
    if (strategy != to_string(known)) continue;
    counts_->rollbacks[static_cast<std::size_t>(known)][static_cast<std::size_t>(result)].fetch_add(1);
  }
}
void Metrics::backed_up(migrator::BackupStatus::State result, std::uint64_t bytes) {
  const bool complete = result == migrator::BackupStatus::State::complete;
  (complete ? counts_->backups_complete : counts_->backups_failed).fetch_add(1);
  if (complete) counts_->backup_bytes.fetch_add(bytes);
}
void Metrics::notified(migrator::NoticeChannel channel, migrator::NoticeOutcome outcome, std::string_view,
                       std::string_view) {
  counts_->notices[static_cast<std::size_t>(channel)][static_cast<std::size_t>(outcome)].fetch_add(1);
}
void Metrics::journalled(const migrator::MigrationId&, std::string_view, std::string_view) {}

}  // namespace sluice::metrics
