// What speaks against a migration, before it starts.
#include "migrator/engine/risk.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t gigabyte = 1ULL << 30U;

TEST(Risk, IsLowWhereNothingSpeaksAgainstIt) {
  const auto risk = assess({});
  EXPECT_EQ(risk.level, RiskLevel::low);
  EXPECT_THAT(risk.reasons, IsEmpty());
}

TEST(Risk, GrowsWithTheTableUnlessNothingIsCopied) {
  EXPECT_EQ(assess({.size = {.data_bytes = 49 * gigabyte}}).level, RiskLevel::low);
  EXPECT_EQ(assess({.size = {.data_bytes = 40 * gigabyte, .index_bytes = 10 * gigabyte}}).level, RiskLevel::medium);
  EXPECT_EQ(assess({.size = {.data_bytes = 500 * gigabyte}}).level, RiskLevel::high);
  EXPECT_EQ(assess({.size = {.data_bytes = 500 * gigabyte}, .instant = true}).level, RiskLevel::low);
}

TEST(Risk, HasTheLevelOfTheGravestReasonAndNamesAll) {
  const auto risk = assess({.dropped_columns = {"a", "b"}, .incompatible_queries = 1, .threads_running = 40});
  EXPECT_EQ(risk.level, RiskLevel::high);
  EXPECT_THAT(risk.reasons, ElementsAre(HasSubstr("values: a, b"), HasSubstr("compatibility"), HasSubstr("is 40")));
}

TEST(Risk, ABinlogThatIsNotKeptForLongEnoughIsHigh) {
  const PlannedTime time{.copy = 400s, .compare = 100s};
  EXPECT_EQ(assess({.time = time, .binlog_kept_for = 999s}).level, RiskLevel::high);
  EXPECT_EQ(assess({.time = time, .binlog_kept_for = 1000s}).level, RiskLevel::low);
  EXPECT_EQ(assess({.time = time, .binlog_kept_for = 0s}).level, RiskLevel::low) << "for ever";
}

TEST(Risk, WhatIsBusyOrOpenOrHandedOverIsMedium) {
  EXPECT_EQ(assess({.foreign_keys = 1}).level, RiskLevel::medium);
  EXPECT_EQ(assess({.triggers = 1}).level, RiskLevel::medium);
  EXPECT_EQ(assess({.verify = Verify::off}).level, RiskLevel::medium);
  EXPECT_EQ(assess({.threads_running = 31}).level, RiskLevel::low);
  EXPECT_EQ(assess({.long_transactions = 1}).level, RiskLevel::medium);
}

TEST(PlannedTime, GrowsWithRowsBytesAndIndexes) {
  // Of the order of what a million rows like these were measured to take: some eight seconds.
  const TableSize size{.rows = 1'000'000, .data_bytes = 190'000'000, .secondary_indexes = 1};
  const auto time = planned_time(size, Verify::full);
  EXPECT_GE(time.copy, 4s);
  EXPECT_LE(time.copy, 12s);
  EXPECT_GE(time.compare, 1s);
  EXPECT_EQ(planned_time(size, Verify::off).compare, 0s);
  EXPECT_GT(planned_time({.rows = 1'000'000, .data_bytes = 190'000'000, .secondary_indexes = 5}, Verify::full).copy,
            time.copy);
  EXPECT_EQ(planned_time({}, Verify::full).copy, 0s);
}

}  // namespace
}  // namespace sluice::migrator
