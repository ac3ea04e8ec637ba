// The two ways through the worlds: every order of events of a small one, and seeded random orders of a large one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/sim/model.hpp"
#include "tests/sim/mutation.hpp"

namespace sluice::sim {

struct Found {
  std::string violation;  // empty: none
  std::string path;       // the actions that led there
  std::size_t states = 0;
  std::size_t ends = 0;       // states that nothing but a fault could leave
  std::size_t completed = 0;  // ends with the tables swapped
  bool whole = true;          // false: `states_max` was reached first
};

// Walks all states reachable from the scenario's start, each once, and stops at the first violation.
[[nodiscard]] Found walk(const Scenario& scenario, Mutation mutation, std::size_t states_max);

// One random path to its end.
[[nodiscard]] Found run(const Scenario& scenario, Mutation mutation, std::uint64_t seed);

}  // namespace sluice::sim
