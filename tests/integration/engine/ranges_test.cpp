#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

class Ranges : public Engine {
 protected:
  void fill(int rows) {
    std::string values;
    for (int i = 1; i <= rows; ++i)
      values += (i == 1 ? "(" : ",(") + std::to_string(i * 3) + "," + std::to_string(i) + ")";
    migrate("id INT PRIMARY KEY, v INT", {values}, "ADD COLUMN c INT");
  }
};
SLUICE_ON_BOTH_SERVERS(Ranges);

TEST_P(Ranges, cover_every_row_exactly_once) {
  fill(100);
  EXPECT_EQ(copy_all(7), std::pair(std::uint64_t{100}, 15));
  EXPECT_TRUE(unequal().empty());
  const auto compared = compare_range(worker(), sql(), {});
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->rows, 100U);
}

TEST_P(Ranges, of_an_empty_table_are_none) {
  migrate("id INT PRIMARY KEY", {}, "ADD COLUMN c INT");
  EXPECT_EQ(copy_all(7), std::pair(std::uint64_t{0}, 1));
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Ranges, neither_wait_for_locked_rows_nor_lock_any) {
  fill(10);
  auto other = server().connect();
  other.must("BEGIN");
  other.must("UPDATE t SET v = 99 WHERE id IN (6, 9)");
  ASSERT_TRUE(worker().execute("START TRANSACTION"));
  const auto written = worker().execute(sql().insert("`id` <= 30", SourceLock::none));
  ASSERT_TRUE(written) << why(written.error());
  EXPECT_EQ(written->rows, 10U);
  other.must("UPDATE t SET v = 98 WHERE id = 12");  // which that transaction has read
  other.must("COMMIT");
  ASSERT_TRUE(worker().execute("COMMIT"));
  EXPECT_THAT(unequal(), testing::UnorderedElementsAre(KeyLiterals{"6"}, KeyLiterals{"9"}, KeyLiterals{"12"}));
}

TEST_P(Ranges, replace_what_an_earlier_attempt_left) {
  fill(10);
  client().must("INSERT INTO _t_gho VALUES (3, 77, 0), (4, 4, 4)");
  EXPECT_EQ(copy_all(4).first, 10U);
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Ranges, are_in_conflict_where_the_new_shape_does_not_allow_two_rows) {
  migrate("id INT PRIMARY KEY, v INT", {"(1,5),(2,5)"}, "ADD UNIQUE KEY (v)");
  const auto chunk = copy_range(worker(), sql(), {});
  EXPECT_EQ(chunk.status, ResyncStatus::conflict);
  EXPECT_EQ(chunk.error.code, 1062U);
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "0");
}

TEST_P(Ranges, compare_within_their_bounds_only) {
  fill(10);
  EXPECT_EQ(copy_all(10).first, 10U);
  client().must("UPDATE _t_gho SET v = -1 WHERE id IN (3, 30)");
  const auto part = compare_range(worker(), sql(), {KeyLiterals{"3"}, KeyLiterals{"27"}});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->rows, 8U);
  EXPECT_TRUE(part->unequal.empty());
  const auto rest = compare_range(worker(), sql(), {KeyLiterals{"27"}, std::nullopt});
  ASSERT_TRUE(rest);
  EXPECT_THAT(rest->unequal, testing::ElementsAre(KeyLiterals{"30"}));
}

TEST_P(Ranges, compare_any_number_of_keys) {
  fill(450);
  EXPECT_EQ(copy_all(1000).first, 450U);
  client().must("DELETE FROM _t_gho WHERE id = 900");
  const auto compared = compare_keys(worker(), sql(), keys(Side::source), SourceLock::none);
  ASSERT_TRUE(compared) << why(compared.error());
  EXPECT_EQ(compared->rows, 450U);
  EXPECT_THAT(compared->unequal, testing::ElementsAre(KeyLiterals{"900"}));
}

}  // namespace
}  // namespace sluice::migrator::test
