// What EXPLAIN's answers amount to, and what counts of rows can't be explained by.
#include "migrator/engine/compatibility.hpp"

#include <gmock/gmock.h>

#include "migrator/engine/row_counts.hpp"

namespace sluice::migrator {
namespace {

using testing::DoubleEq;
using testing::Optional;

Rows explained(std::vector<Row> rows) {
  return {.columns = {"id", "select_type", "table", "rows"}, .rows = std::move(rows)};
}

TEST(Compatibility, RowsAreMultipliedOverJoinsAndAddedOverSelects) {
  EXPECT_THAT(planned_rows(explained({{"1", "SIMPLE", "a", "10"}, {"1", "SIMPLE", "b", "7"}})), Optional(DoubleEq(70)));
  EXPECT_THAT(planned_rows(explained({{"1", "PRIMARY", "a", "10"}, {"2", "UNION", "b", "7"}})), Optional(DoubleEq(17)));
}

TEST(Compatibility, NothingIsReadForValuesAndTheResultOfAUnion) {
  EXPECT_THAT(planned_rows(explained({{"1", "INSERT", "a", std::nullopt}})), Optional(DoubleEq(0)));
  EXPECT_THAT(planned_rows(explained({{"1", "PRIMARY", "a", "3"}, {std::nullopt, "UNION RESULT", "u", std::nullopt}})),
              Optional(DoubleEq(3)));
}

TEST(Compatibility, AnAnswerOfAnotherFormSaysNothing) {
  EXPECT_EQ(planned_rows({.columns = {"EXPLAIN"}, .rows = {{"-> Rows"}}}), std::nullopt);
}

TEST(RowCounts, DifferWhereKeysInFlightDoNotExplainIt) {
  const RowCounts::Count count{.source = 100, .shadow = 90};
  EXPECT_EQ(unexplained_difference(count, 0), 10U);
  EXPECT_EQ(unexplained_difference(count, 9), 1U);
  EXPECT_EQ(unexplained_difference(count, 10), 0U);
  EXPECT_EQ(unexplained_difference(count, 11), 0U);
  EXPECT_EQ(unexplained_difference({.source = 90, .shadow = 100}, 4), 6U) << "whichever has more";
}

}  // namespace
}  // namespace sluice::migrator
