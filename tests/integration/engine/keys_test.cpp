#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

struct KeyCase {
  std::string columns;
  std::vector<std::string> rows;
  std::string alter = "ADD COLUMN extra INT";
};

class RowKeys : public Engine {
 protected:
  // Each row is found by the literals the server gave for it, alone and with the others, on both sides.
  void each_row_is_found(const KeyCase& shape) {
    SCOPED_TRACE(shape.columns);
    client().must("DROP TABLE IF EXISTS t, _t_gho");
    migrate(shape.columns, shape.rows, shape.alter);
    const auto source = keys(Side::source);
    const auto count = std::stoull(value("SELECT COUNT(*) FROM t"));
    ASSERT_EQ(source.size(), count);
    for (const auto& key : source) {
      const auto one = sync({key});
      EXPECT_EQ(one.status, ResyncStatus::done) << key.front() << ": " << why(one.error);
      EXPECT_EQ(one.rows, 1U) << key.front();
      const auto again = sync({key});
      EXPECT_EQ(again.status, ResyncStatus::done) << "found in the shadow too: " << key.front() << why(again.error);
    }
    EXPECT_THAT(keys(Side::shadow), testing::UnorderedElementsAreArray(source));
    EXPECT_EQ(sync(source).rows, count);
    EXPECT_TRUE(unequal().empty());
    client().must("DELETE FROM _t_gho");
    EXPECT_EQ(copy_all(1).first, count) << "one row a chunk";
    client().must("DELETE FROM _t_gho");
    EXPECT_EQ(copy_all(2).first, count) << "two rows a chunk";
    EXPECT_TRUE(unequal().empty());
  }
};
SLUICE_ON_BOTH_SERVERS(RowKeys);

TEST_P(RowKeys, of_integers_reach_to_both_ends) {
  each_row_is_found({"id BIGINT PRIMARY KEY", {"(-9223372036854775808),(-1),(0),(9223372036854775807)"}});
  each_row_is_found({"id BIGINT UNSIGNED PRIMARY KEY", {"(0),(9223372036854775808),(18446744073709551615)"}});
  each_row_is_found({"id INT(8) ZEROFILL PRIMARY KEY", {"(7),(123456789)"}});
  each_row_is_found({"id INT AUTO_INCREMENT PRIMARY KEY", {"(5),(6)"}, "MODIFY id BIGINT AUTO_INCREMENT"});
}

TEST_P(RowKeys, of_decimals_and_bits) {
  each_row_is_found({"id DECIMAL(30,10) PRIMARY KEY", {"(-12345678901234567890.0123456789),(0),(0.5)"}});
  each_row_is_found({"id DECIMAL(10,2) PRIMARY KEY", {"(-1.25),(0),(10.50)"}, "MODIFY id DECIMAL(20,4)"});
  each_row_is_found({"id BIT(64) PRIMARY KEY", {"(0),(b'101'),(18446744073709551615)"}});
}

TEST_P(RowKeys, of_text_keep_charset_case_and_spaces) {
  each_row_is_found({"id VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY", {"('é'),('z'),(''),('it''s')"}});
  each_row_is_found({"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY",
                     {"('Ärger'),('b\\\\c'),('😀'),('x ')"}});
  each_row_is_found({"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY", {"('a'),('A'),('é')"}});
  each_row_is_found({"id CHAR(8) PRIMARY KEY", {"('a'),('B'),('')"}, "MODIFY id VARCHAR(30)"});
  each_row_is_found({"id VARCHAR(8) CHARACTER SET utf16 PRIMARY KEY", {"('a'),('é')"}});
}

TEST_P(RowKeys, of_bytes) {
  each_row_is_found({"id VARBINARY(20) PRIMARY KEY", {"(x''),(x'00'),(x'0041'),(x'FF27')"}});
  each_row_is_found({"id BINARY(4) PRIMARY KEY", {"(x'01'),(x'00000000'),(x'FFFFFFFF')"}});
}

TEST_P(RowKeys, of_enumerations_and_sets_go_by_number) {
  each_row_is_found({"id ENUM('b','a','it''s') PRIMARY KEY",
                     {"('a'),('b'),('it''s')"},
                     "MODIFY id ENUM('b','a','it''s','z') NOT NULL"});
  each_row_is_found({"id SET('x','y') PRIMARY KEY", {"(''),('x'),('x,y')"}});
}

TEST_P(RowKeys, of_dates_and_times_keep_their_fractions) {
  each_row_is_found({"id DATETIME(6) PRIMARY KEY", {"('2024-03-31 02:30:00.000001'),('1000-01-01 00:00:00')"}});
  each_row_is_found(
      {"id DATETIME PRIMARY KEY", {"('2024-03-31 02:30:00'),('1999-12-31 23:59:59')"}, "MODIFY id DATETIME(6)"});
  each_row_is_found({"id DATE PRIMARY KEY", {"('2024-02-29'),('1000-01-01')"}});
  each_row_is_found({"id TIME(3) PRIMARY KEY", {"('-838:59:59.000'),('00:00:00.001'),('12:00:00')"}});
  each_row_is_found({"id YEAR PRIMARY KEY", {"(1901),(2024),(0)"}});
}

TEST_P(RowKeys, of_timestamps_are_exact_in_the_hour_that_comes_twice) {
  client().must("SET time_zone = '+00:00'");
  each_row_is_found({"id TIMESTAMP(3) NOT NULL PRIMARY KEY",
                     {"('2023-10-29 00:30:00.125'),('2023-10-29 01:30:00.125'),('1970-01-01 00:00:01')"}});
}

TEST_P(RowKeys, of_several_columns) {
  each_row_is_found({"a INT, b VARCHAR(5), c DATE, PRIMARY KEY (a, b, c)",
                     {"(1,'x','2024-01-01'),(1,'x','2024-01-02'),(1,'y','2024-01-01'),(2,'a','2020-01-01')"}});
  each_row_is_found({"a INT, b INT, v INT, PRIMARY KEY (a, b)",
                     {"(1,1,1),(1,2,2),(2,1,3)"},
                     "DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)"});
}

TEST_P(RowKeys, may_be_a_unique_key_where_there_is_no_primary_key) {
  each_row_is_found({"a INT NOT NULL, b INT, UNIQUE KEY u (a), KEY b (b)", {"(1,1),(2,NULL),(3,1)"}});
}

TEST_P(RowKeys, in_full_batches_use_the_key_and_touch_no_other_row) {
  for (const auto* type : {"INT", "DATETIME", "ENUM('a','b','c')", "BIT(8)", "VARCHAR(20)"}) {
    client().must("DROP TABLE IF EXISTS t, _t_gho");
    migrate(std::string("id ") + type + " PRIMARY KEY, v INT, KEY v (v)", {}, "ADD COLUMN c INT");
    const bool text = std::string_view(type) == "VARCHAR(20)";
    const bool moment = std::string_view(type) == "DATETIME";
    for (int i = 1; i <= 3; ++i) {
      const std::string n = std::to_string(i);
      client().must("INSERT INTO t VALUES (" + (moment ? "'2024-01-0" + n + "'" : text ? "'" + n + "'" : n) + ", 1)");
    }
    const auto all = keys(Side::source);
    auto other = server().connect();
    other.must("BEGIN");
    other.must("SELECT * FROM t WHERE id = " + all[2].front() + " FOR UPDATE");
    EXPECT_EQ(sync({all[0], all[1]}).status, ResyncStatus::done) << type;
    EXPECT_EQ(sync({all[2]}).status, ResyncStatus::busy) << type;
    other.must("ROLLBACK");
  }
}

}  // namespace
}  // namespace sluice::migrator::test
