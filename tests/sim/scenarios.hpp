// The worlds that are walked.
#pragma once

#include <vector>

#include "tests/sim/model.hpp"

namespace sluice::sim {

[[nodiscard]] const std::vector<Scenario>& small_worlds();
// More of everything: too large to be walked, run at random.
[[nodiscard]] Scenario large_world(Fence fence);

}  // namespace sluice::sim
