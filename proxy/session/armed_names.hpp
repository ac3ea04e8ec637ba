// The gate's armed names, compiled for the scanner.
#pragma once

#include "protocol/sql/scan.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::proxy {

// Table `i` of the index is `set.tables[i]`. Blocks for nothing.
[[nodiscard]] protocol::TargetIndex target_index_of(const gate::ArmedSet& set);

}  // namespace sluice::proxy
