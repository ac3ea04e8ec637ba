#include "migrator/rollback/estimate.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::DoubleEq;
using testing::DoubleNear;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr std::uint64_t kMegabyte = 1ULL << 20U;
constexpr std::uint64_t kGigabyte = 1ULL << 30U;

TEST(ExpectedTime, IsNotKnownBeforeAnythingWasMeasured) {
  EXPECT_EQ(expected_ms({}, 0), std::nullopt);
  EXPECT_EQ(expected_ms({}, kGigabyte), std::nullopt);
  EXPECT_EQ(expected_ms({{kMegabyte, 10}}, kGigabyte), std::nullopt) << "small ones don't tell of large ones";
}

TEST(ExpectedTime, OfASmallTableIsTheMiddleOfTheSmallOnes) {
  EXPECT_THAT(expected_ms({{0, 5}, {kMegabyte, 7}, {2 * kMegabyte, 900}, {kGigabyte, 5000}}, kMegabyte),
              Optional(DoubleEq(7)));
}

TEST(ExpectedTime, OfALargeTableGrowsWithItsBytes) {
  const std::vector<Measured> measured{{kGigabyte, 100}, {3 * kGigabyte, 300}};
  EXPECT_THAT(expected_ms(measured, 10 * kGigabyte), Optional(DoubleNear(1000, 0.1)));
  EXPECT_THAT(expected_ms({{0, 500}, {kGigabyte, 100}}, kGigabyte), Optional(DoubleEq(500)))
      << "never less than a small one";
}

TEST(Estimate, SaysWhetherItWasMeasured) {
  EXPECT_FALSE(estimate({.shadow_bytes = kMegabyte}).measured);
  const auto measured = estimate({.shadow_bytes = kMegabyte, .drops = {{kMegabyte, 40}}});
  EXPECT_TRUE(measured.measured);
  EXPECT_DOUBLE_EQ(measured.drop_seconds, 0.04);
}

TEST(Estimate, IsTheSumOfItsParts) {
  const auto estimated = estimate({.source_rows = 3'000'000,
                                   .shadow_bytes = kGigabyte,
                                   .shadow_rows = 1'000'000,
                                   .backup = BackupKind::data,
                                   .drops = {{kGigabyte, 2000}},
                                   .dumps = {{kGigabyte, 20'000}}});
  EXPECT_DOUBLE_EQ(estimated.drop_seconds, 2);
  EXPECT_DOUBLE_EQ(estimated.backup_seconds, 20);
  EXPECT_GT(estimated.count_seconds, 1);
  EXPECT_GT(estimated.seconds, 23);
  EXPECT_DOUBLE_EQ(estimate({.shadow_bytes = kGigabyte}).backup_seconds, 0);
}

TEST(Risk, IsLowWhereNothingSpeaksAgainstIt) {
  const auto estimated = estimate({.shadow_bytes = kGigabyte, .threads_running = 3});
  EXPECT_EQ(estimated.risk, "low");
  EXPECT_THAT(estimated.reasons, IsEmpty());
}

TEST(Risk, NamesEachReason) {
  struct Case {
    RollbackFacts facts;
    std::string risk, says;
  };
  const std::vector<Case> cases{
      {{.shadow_bytes = 60 * kGigabyte}, "medium", "60 GB"},
      {{.shadow_bytes = 600 * kGigabyte}, "high", "600 GB"},
      {{.threads_running = 80}, "medium", "Threads_running is 80"},
      {{.held_back_by = "max_load"}, "medium", "throttled by max_load"},
      {{.firing_guards = {"guard cpu fires"}}, "medium", "guard cpu"},
      {{.mismatches = 3}, "medium", "unequal (3)"},
      {{.in_cut_over = true}, "medium", "too late"},
      {{.source_exists = false}, "high", "not there"},
      {{.shadow_bytes = 100, .backup = BackupKind::data, .backup_bytes_free = 99}, "high", "99 bytes free"},
  };
  for (const auto& one : cases) {
    const auto estimated = estimate(one.facts);
    EXPECT_EQ(estimated.risk, one.risk) << one.says;
    EXPECT_THAT(estimated.reasons, Contains(HasSubstr(one.says)));
  }
}

TEST(Risk, IsThatOfTheGravestReason) {
  EXPECT_EQ(estimate({.shadow_bytes = 600 * kGigabyte, .mismatches = 1}).risk, "high");
}

}  // namespace
}  // namespace sluice::migrator
