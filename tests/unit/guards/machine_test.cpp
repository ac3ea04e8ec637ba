// What the machine's own files say, and this machine's.
#include "migrator/guards/machine.hpp"

#include <gmock/gmock.h>

#include "tests/support/wait.hpp"

namespace sluice::migrator {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;
using testing::VariantWith;

const auto a_percentage = VariantWith<double>(AllOf(Ge(0.0), Le(100.0)));

TEST(Machine, CountsWhatIsNeitherIdleNorWaitingForDisksAsBusy) {
  const auto times = cpu_times_from("cpu  10 20 30 400 500 1 2 3 7 8\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  ASSERT_TRUE(times);
  EXPECT_EQ(times->busy, 66U) << "guests' time stands in user time already";
  EXPECT_EQ(times->all, 966U);
}

TEST(Machine, ReadsNoOtherText) {
  for (const auto* text : {"", "cpu", "cpu  ", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7", "cpu  a b c d e f g h"}) {
    EXPECT_FALSE(cpu_times_from(text)) << text;
  }
  for (const auto* text : {"", "MemTotal: 10 kB\n", "MemTotal: 10 kB\nMemAvailable: 20 kB\n",
                           "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal:\nMemAvailable:\n"}) {
    EXPECT_FALSE(memory_percent_from(text)) << text;
  }
}

TEST(Machine, MemoryThatCouldBeGivenAwayIsNotUsed) {
  const auto percent = memory_percent_from("MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    250 kB\n");
  ASSERT_TRUE(percent);
  EXPECT_DOUBLE_EQ(*percent, 75.0);
}

TEST(Machine, ThisOneHasLoadMemoryAndDisks) {
  Machine machine;
  EXPECT_TRUE(std::holds_alternative<NotApplicable>(machine.cpu_percent())) << "since when?";
  EXPECT_TRUE(test::wait_until([&] { return testing::Matches(a_percentage)(machine.cpu_percent()); }));
  EXPECT_THAT(Machine::memory_percent(), a_percentage);
  EXPECT_THAT(Machine::disk_percent("/"), a_percentage);
  EXPECT_TRUE(std::holds_alternative<Unevaluable>(Machine::disk_percent("/there/is/no/such/path")));
}

}  // namespace
}  // namespace sluice::migrator
