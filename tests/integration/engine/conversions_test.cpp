#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

class Conversions : public Engine {
 protected:
  // The shadow holds what the server's own ALTER makes of the same rows, and the comparison agrees.
  void as_the_servers_own(const std::string& columns, const std::vector<std::string>& rows, const std::string& alter) {
    SCOPED_TRACE(alter);
    client().must("DROP TABLE IF EXISTS t, _t_gho, own");
    migrate("id INT PRIMARY KEY, " + columns, rows, alter);
    const auto count = std::stoull(value("SELECT COUNT(*) FROM t"));
    EXPECT_EQ(copy_all(2).first, count);
    EXPECT_TRUE(unequal().empty()) << unequal().size();
    const auto result = sync(keys(Side::source));
    EXPECT_EQ(result.status, ResyncStatus::done) << why(result.error);
    client().must("CREATE TABLE own LIKE t");
    client().must("INSERT INTO own SELECT * FROM t");
    client().must("ALTER TABLE own " + alter);
    const auto own = client().must("SELECT * FROM own ORDER BY id").rows();
    EXPECT_EQ(client().must("SELECT * FROM _t_gho ORDER BY id").rows(), own);
    client().must("DROP TABLE own");
  }
};
SLUICE_ON_BOTH_SERVERS(Conversions);

TEST_P(Conversions, of_numbers) {
  as_the_servers_own("v INT", {"(1,-5),(2,NULL),(3,2147483647)"}, "MODIFY v BIGINT");
  as_the_servers_own("v INT UNSIGNED", {"(1,5),(2,4294967295)"}, "MODIFY v DECIMAL(20,3)");
  as_the_servers_own("v DECIMAL(10,2)", {"(1,1.25),(2,-0.50),(3,NULL)"}, "MODIFY v DECIMAL(20,6)");
  as_the_servers_own("v FLOAT", {"(1,0.1),(2,-3e10),(3,16777216)"}, "MODIFY v DOUBLE");
  as_the_servers_own("v INT", {"(1,7),(2,-3)"}, "MODIFY v DOUBLE");
  as_the_servers_own("v INT", {"(1,7),(2,123456789)"}, "MODIFY v FLOAT");
  as_the_servers_own("v INT", {"(1,7),(2,-3)"}, "MODIFY v VARCHAR(20)");
  as_the_servers_own("v VARCHAR(20)", {"(1,'7'),(2,'-3')"}, "MODIFY v INT");
  if (GetParam() == sluice::test::Kind::mysql) {
    as_the_servers_own("v VARCHAR(20)", {"(1,'1.5'),(2,'-2.5')"}, "MODIFY v INT");  // MariaDB refuses these
  }
}

TEST_P(Conversions, of_text) {
  as_the_servers_own("v VARCHAR(20) CHARACTER SET latin1", {"(1,'é'),(2,''),(3,NULL),(4,'x ')"},
                     "MODIFY v VARCHAR(20) CHARACTER SET utf8mb4");
  as_the_servers_own("v VARCHAR(20)", {"(1,'a'),(2,'b  '),(3,NULL)"}, "MODIFY v TEXT");
  as_the_servers_own("v VARCHAR(20)", {"(1,'a'),(2,'b  '),(3,NULL)"}, "MODIFY v CHAR(20)");
  as_the_servers_own("v TEXT", {"(1,REPEAT('ä',20000)),(2,'')"}, "MODIFY v LONGTEXT");
  as_the_servers_own("v VARCHAR(20) CHARACTER SET latin1", {"(1,'é')"}, "CONVERT TO CHARACTER SET utf8mb4");
  as_the_servers_own("v VARBINARY(8)", {"(1,x'00FF'),(2,x'')"}, "MODIFY v BLOB");
  as_the_servers_own("v VARBINARY(8)", {"(1,x'00FF'),(2,x'')"}, "MODIFY v BINARY(8)");
}

TEST_P(Conversions, of_dates_and_times) {
  as_the_servers_own("v DATETIME", {"(1,'2024-01-01 10:00:00'),(2,NULL)"}, "MODIFY v DATETIME(6)");
  as_the_servers_own("v DATETIME(6)", {"(1,'2024-01-01 10:00:00.123456'),(2,'2024-01-01 10:00:00.6')"},
                     "MODIFY v DATETIME");
  as_the_servers_own("v TIMESTAMP(6) NULL", {"(1,'2024-01-01 10:00:00.123456'),(2,NULL)"},
                     "MODIFY v TIMESTAMP(2) NULL");
  as_the_servers_own("v TIMESTAMP NULL", {"(1,'2024-01-01 10:00:00'),(2,NULL)"}, "MODIFY v DATETIME");
  as_the_servers_own("v DATETIME", {"(1,'2024-07-01 10:00:00')"}, "MODIFY v TIMESTAMP NULL");
  as_the_servers_own("v TIMESTAMP NULL", {"(1,'2024-07-01 10:00:00')"}, "MODIFY v VARCHAR(40)");
  as_the_servers_own("v DATE", {"(1,'2024-07-01')"}, "MODIFY v DATETIME");
  as_the_servers_own("v TIME", {"(1,'-10:00:00')"}, "MODIFY v TIME(3)");
  as_the_servers_own("v YEAR", {"(1,2024)"}, "MODIFY v INT");
}

TEST_P(Conversions, of_members_bits_and_documents) {
  as_the_servers_own("v ENUM('a','b')", {"(1,'a'),(2,'b'),(3,NULL)"}, "MODIFY v ENUM('c','b','a')");
  as_the_servers_own("v ENUM('a','b')", {"(1,'a'),(2,'b')"}, "MODIFY v VARCHAR(10)");
  as_the_servers_own("v VARCHAR(10)", {"(1,'a'),(2,'B')"}, "MODIFY v ENUM('A','b')");
  as_the_servers_own("v SET('a','b')", {"(1,'a,b'),(2,'')"}, "MODIFY v SET('b','a','c')");
  as_the_servers_own("v BIT(3)", {"(1,b'101')"}, "MODIFY v BIT(10)");
  as_the_servers_own("v JSON", {R"((1,'{"b": [1, 2.50], "a": null}'),(2,NULL))"}, "ADD COLUMN w INT");
  as_the_servers_own("v JSON", {R"((1,'{"b": [1], "a": null}'))"}, "MODIFY v LONGTEXT");
  as_the_servers_own("v TEXT", {R"((1,'{"b":  [1],"a":null}'))"}, "MODIFY v JSON");
  as_the_servers_own("v POINT", {"(1,POINT(1,2)),(2,NULL)"}, "ADD COLUMN w INT");
}

TEST_P(Conversions, of_what_a_value_looks_like) {
  as_the_servers_own("v FLOAT", {"(1,0.1),(2,16777216),(3,123456.789),(4,NULL),(5,3e38)"}, "MODIFY v VARCHAR(40)");
  as_the_servers_own("v FLOAT", {"(1,0.1),(2,-2.5)"}, "MODIFY v BINARY(20)");
  as_the_servers_own("v YEAR", {"(1,0),(2,2024)"}, "MODIFY v CHAR(10) CHARACTER SET ucs2");
  as_the_servers_own("v INT", {"(1,12),(2,NULL)"}, "MODIFY v JSON");
  as_the_servers_own("v DECIMAL(10,3)", {"(1,1.500),(2,-2)"}, "MODIFY v JSON");
  as_the_servers_own("v DOUBLE", {"(1,0.1),(2,1e300)"}, "MODIFY v JSON");
  as_the_servers_own("v YEAR", {"(1,2024)"}, "MODIFY v JSON");
}

TEST_P(Conversions, of_what_has_a_number) {
  as_the_servers_own("v BIT(20)", {"(1,51),(2,65)"}, "MODIFY v INT");
  as_the_servers_own("v ENUM('7','a')", {"(1,'7'),(2,'a')"}, "MODIFY v DECIMAL(5,1)");
  as_the_servers_own("v SET('7','a')", {"(1,'7'),(2,'7,a'),(3,'')"}, "MODIFY v FLOAT");
}

TEST_P(Conversions, of_short_years) {
  as_the_servers_own("v INT", {"(1,0),(2,24),(3,70),(4,99),(5,1999)"}, "MODIFY v YEAR");
  as_the_servers_own("v VARCHAR(9)", {"(1,'0'),(2,'24'),(3,'70'),(4,'0000'),(5,'1999')"}, "MODIFY v YEAR");
}

TEST_P(Conversions, to_members_are_found_as_the_server_finds_them) {
  as_the_servers_own("v VARCHAR(20)", {R"((1,'A'),(2,'it''s'),(3,'back\\slash'),(4,'2'),(5,'b  '))"},
                     R"(MODIFY v ENUM('a','it''s','back\\slash','b'))");
  as_the_servers_own("v VARCHAR(20)", {"(1,'b,A'),(2,''),(3,'3'),(4,'c'),(5,'C,b,a')"}, "MODIFY v SET('a','b','c')");
  as_the_servers_own("v ENUM('a','B','c')", {"(1,'a'),(2,'b'),(3,NULL)"}, "MODIFY v ENUM('x','b','A')");
  as_the_servers_own("v SET('a','B','c')", {"(1,'a,b'),(2,''),(3,'c')"}, "MODIFY v SET('C','b','d','A')");
  as_the_servers_own("v SET('a','b')", {"(1,'a'),(2,'b')"}, "MODIFY v ENUM('B','a')");
}

TEST_P(Conversions, to_members_that_differ_in_case_alone_are_told_apart) {
  migrate("id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", {"(1,'a'),(2,'A'),(3,'a')"},
          "MODIFY v ENUM('a','A') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  EXPECT_EQ(copy_all(10).first, 3U);
  EXPECT_TRUE(unequal().empty());
  client().must("UPDATE _t_gho SET v = 'A' WHERE id = 3");
  EXPECT_THAT(unequal(), testing::ElementsAre(KeyLiterals{"3"}));
}

TEST_P(Conversions, from_text_to_whole_numbers_are_refused_where_the_servers_alter_refuses_them) {
  migrate("id INT PRIMARY KEY, v VARCHAR(9)", {"(1,' 7'),(2,'1.5')"}, "MODIFY v INT");
  const bool taken = client().query("ALTER TABLE t MODIFY v INT, ALGORITHM=COPY").ok();
  client().must("DROP TABLE t");
  client().must("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))");
  client().must("INSERT INTO t VALUES (1,' 7'),(2,'1.5')");
  const RangeResult copied = copy_range(worker(), sql(), {});
  EXPECT_EQ(copied.status, taken ? ResyncStatus::done : ResyncStatus::failed) << why(copied.error);
}

TEST_P(Conversions, fill_new_columns_as_the_servers_alter_does) {
  as_the_servers_own(
      "v INT", {"(1,1),(2,2)"},
      "ADD a INT NOT NULL, ADD b VARCHAR(5) NOT NULL, ADD c ENUM('x','y') NOT NULL, ADD d INT DEFAULT 7, "
      "ADD e DECIMAL(5,2) NOT NULL, ADD f BLOB NOT NULL, ADD g INT AS (v + 1) STORED");
}

TEST_P(Conversions, follow_renames_and_new_columns_under_old_names) {
  as_the_servers_own("a INT, b INT", {"(1,10,20)"}, "RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  as_the_servers_own("a INT, b INT", {"(1,10,20)"}, "CHANGE a c BIGINT, DROP b");
  as_the_servers_own("a INT, b INT", {"(1,10,20)"}, "DROP COLUMN a, ADD COLUMN a INT DEFAULT 5");
}

TEST_P(Conversions, keep_a_zero_in_an_auto_increment_column) {
  client().must("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'");
  migrate("id INT AUTO_INCREMENT PRIMARY KEY, v INT", {"(0,1),(1,2)"}, "ADD w INT");
  client().must("ALTER TABLE t AUTO_INCREMENT = 1000");
  EXPECT_EQ(copy_all(10).first, 2U);
  EXPECT_TRUE(unequal().empty());
  ASSERT_TRUE(keep_auto_increment(worker(), plan().source, plan().shadow));
  client().must("INSERT INTO _t_gho (v) VALUES (3)");
  EXPECT_EQ(value("SELECT MAX(id) FROM _t_gho"), "1000");
}

TEST_P(Conversions, that_differ_are_found_by_the_comparison) {
  migrate("id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)", {"(1,'x','y'),(2,NULL,''),(3,'1:a','b'),(4,'q','q')"},
          "ADD c INT");
  EXPECT_EQ(copy_all(10).first, 4U);
  client().must("UPDATE _t_gho SET a = 'X' WHERE id = 1");
  client().must("UPDATE _t_gho SET a = '', b = NULL WHERE id = 2");
  client().must("UPDATE _t_gho SET a = '1', b = 'a1:b' WHERE id = 3");
  client().must("DELETE FROM _t_gho WHERE id = 4");
  client().must("INSERT INTO _t_gho VALUES (5, '', '', 0)");
  EXPECT_THAT(unequal(), testing::ElementsAre(KeyLiterals{"1"}, KeyLiterals{"2"}, KeyLiterals{"3"}, KeyLiterals{"4"},
                                              KeyLiterals{"5"}));
}

}  // namespace
}  // namespace sluice::migrator::test
