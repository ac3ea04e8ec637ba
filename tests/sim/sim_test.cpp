#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/sim/scenarios.hpp"
#include "tests/sim/walk.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t kStatesMax = 1'500'000;
constexpr std::uint64_t kSeeds = 4'000;

// More seeds: SLUICE_SIM_SEEDS=100000. Another start: SLUICE_SIM_FIRST_SEED=7.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

class SmallWorld : public testing::TestWithParam<std::size_t> {};

TEST_P(SmallWorld, LosesNothingInAnyOrderOfEvents) {
  const Scenario& scenario = small_worlds()[GetParam()];
  const Found found = walk(scenario, Mutation::none, kStatesMax);
  EXPECT_EQ(found.violation, "") << scenario.name << ": " << found.path;
  EXPECT_TRUE(found.whole) << scenario.name << " has more than " << found.states << " states";
  EXPECT_GT(found.completed, 0U) << "the cut-over never succeeds here";
  EXPECT_GT(found.ends, found.completed) << "the cut-over never fails here";
  RecordProperty("states", static_cast<int>(found.states));
  std::printf("%s: %zu states, %zu ends, %zu of them swapped\n", scenario.name, found.states, found.ends,
              found.completed);
}

INSTANTIATE_TEST_SUITE_P(Walk, SmallWorld, testing::Range<std::size_t>(0, small_worlds().size()));

class PlantedBug : public testing::TestWithParam<std::size_t> {};

TEST_P(PlantedBug, IsFound) {
  for (const Scenario& scenario : small_worlds()) {
    const Found found = walk(scenario, Mutation{static_cast<std::uint8_t>(GetParam())}, kStatesMax);
    if (found.violation.empty()) continue;
    std::printf("found in \"%s\" after %zu states: %s\n", scenario.name, found.states, found.violation.c_str());
    return;
  }
  FAIL() << "the walk doesn't notice " << kMutationNames.at(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Walk, PlantedBug, testing::Range<std::size_t>(1, kMutationNames.size()),
                         [](const auto& entry) { return std::string(kMutationNames.at(entry.param)); });

TEST(LargeWorld, LosesNothingInRandomOrdersOfEvents) {
  const std::uint64_t first = number_from("SLUICE_SIM_FIRST_SEED", 1);
  const std::uint64_t seeds = number_from("SLUICE_SIM_SEEDS", kSeeds);
  std::size_t completed = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    for (const Fence fence : {Fence::none, Fence::lock_tables}) {
      const Found found = run(large_world(fence), Mutation::none, seed);
      ASSERT_EQ(found.violation, "") << "SLUICE_SIM_FIRST_SEED=" << seed
                                     << (fence == Fence::none ? ", gate only: " : ", fenced: ") << found.path;
      completed += found.completed;
    }
  }
  std::printf("%zu of %llu runs swapped the tables\n", completed, static_cast<unsigned long long>(2 * seeds));
  if (seeds >= kSeeds) EXPECT_GT(completed, 0U);
}

}  // namespace
}  // namespace sluice::sim
