// The metrics of single migrations, made from what they say of themselves at this moment. Pure. Only the files of this
// folder include it.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "migrator/api.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::metrics {

// `migrations`: the oldest first; the newest MIGRATIONS_SHOWN_MAX of them are shown.
[[nodiscard]] std::vector<prometheus::MetricFamily> migration_families(const std::vector<migrator::Status>& migrations,
                                                                       const gate::TableGate& gate);

}  // namespace sluice::metrics
