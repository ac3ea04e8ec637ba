#include "metrics/migration_families.hpp"

#include <array>
#include <span>

#include "metrics/families.hpp"
#include "metrics/metrics.hpp"

namespace sluice::metrics {
namespace {

using migrator::State;
using migrator::Status;
using prometheus::MetricFamily;

constexpr double MILLIS_PER_SECOND = 1000;

Labels labels_of(const Status& status) {
  return {{"migration", status.id}, {"database", status.database}, {"table", status.table}};
}

// One sample a state, 1 for the one it is in: alerts can then be written on "failed == 1".
void add_states(MetricFamily& family, const Status& status) {
  for (const State state : migrator::kStates) {
    Labels labels = labels_of(status);
    labels.push_back({"state", to_string(state)});
    sample(family, state == status.state ? 1 : 0, std::move(labels));
  }
}

}  // namespace

std::vector<MetricFamily> migration_families(const std::vector<Status>& migrations, const gate::TableGate& gate) {
  MetricFamily states = gauges("sluice_migration_state", "1 for the state that the migration is in.");
  MetricFamily progress = gauges("sluice_migration_progress_ratio", "How much of the migration is done, from 0 to 1.");
  MetricFamily pending = gauges("sluice_changes_pending", "Changed keys that wait to be applied.");
  MetricFamily lag = gauges("sluice_binlog_lag_seconds", "How far the change stream is behind the primary.");
  MetricFamily gates = gauges("sluice_gate_state", "The table's gate: 0 open, 1 armed, 2 draining, 3 held.");
  MetricFamily held = gauges("sluice_held_statements", "Clients' statements that wait at the table's gate now.");

  const std::span all{migrations};
  for (const Status& status : all.last(std::min(all.size(), MIGRATIONS_SHOWN_MAX))) {
    add_states(states, status);
    sample(progress, status.progress, labels_of(status));
    if (migrator::has_ended(status.state)) continue;
    sample(pending, as_double(status.changes_pending), labels_of(status));
    sample(lag, as_double(status.binlog_lag_ms) / MILLIS_PER_SECOND, labels_of(status));
    const auto at_gate = gate.status({status.database, status.table});
    sample(gates, as_double(at_gate.phase), {{"database", status.database}, {"table", status.table}});
    sample(held, as_double(at_gate.waiting), {{"database", status.database}, {"table", status.table}});
  }
  return {states, progress, pending, lag, gates, held};
}

}  // namespace sluice::metrics
