#include "migrator/rows/row_sql.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/rows/row_hash.hpp"

namespace sluice::migrator {
namespace {

constexpr ServerFlavor mysql{ServerKind::mysql, {9, 7, 4}};
constexpr ServerFlavor mariadb{ServerKind::mariadb, {10, 11, 19}};

Column column(const std::string& name, const std::string& type) {
  return {.name = name, .column_type = type, .data_type = type.substr(0, type.find('('))};
}

SharedColumn same(const std::string& name, const std::string& type) {
  return {column(name, type), column(name, type)};
}

CopyPlan plan(const std::vector<SharedColumn>& key) {
  CopyPlan made{.source = {"d", "t"}, .shadow = {"d", "_t_gho"}};
  made.key = {.source_index = "PRIMARY", .shadow_index = "PRIMARY", .columns = key};
  made.columns = key;
  made.columns.push_back({column("v", "int"), column("w", "bigint")});
  return made;
}

using testing::HasSubstr;

TEST(RowSql, names_single_keys_in_a_list_and_others_one_by_one) {
  const std::vector<KeyLiterals> ids{{"1"}, {"2"}};
  EXPECT_EQ(RowSql(plan({same("a", "int")}), mysql).where_keys(Side::source, ids), "`a` IN (1, 2)");
  const std::vector<KeyLiterals> pairs{{"1", "'x'"}, {"2", "'y'"}};
  EXPECT_EQ(RowSql(plan({same("a", "int"), same("b", "char(1)")}), mysql).where_keys(Side::source, pairs),
            "((`a` = 1 AND `b` = 'x') OR (`a` = 2 AND `b` = 'y'))");
  const std::vector<KeyLiterals> days{{"'2024-01-01'"}};
  EXPECT_EQ(RowSql(plan({same("a", "date")}), mysql).where_keys(Side::source, days), "((`a` = '2024-01-01'))");
}

TEST(RowSql, tells_rows_by_their_bytes_where_the_collation_changes) {
  auto key = same("a", "varchar(9)");
  key.source.charset = "latin1";
  key.source.collation = "latin1_swedish_ci";
  key.shadow.charset = "utf8mb4";
  key.shadow.collation = "utf8mb4_bin";
  const RowSql sql(plan({key}), mysql);
  const std::vector<KeyLiterals> one{{"_latin1 x'e9'"}};
  EXPECT_EQ(sql.where_keys(Side::source, one),
            "`a` IN (CONVERT(_latin1 x'e9' USING latin1) COLLATE latin1_swedish_ci) AND CAST(CONVERT(`a` USING latin1) "
            "AS BINARY) IN (CAST(CONVERT(_latin1 x'e9' USING latin1) AS BINARY))");
  EXPECT_EQ(sql.where_keys(Side::shadow, one),
            "`a` IN (CONVERT(_latin1 x'e9' USING utf8mb4) COLLATE utf8mb4_bin) AND CAST(CONVERT(`a` USING latin1) AS "
            "BINARY) IN (CAST(CONVERT(_latin1 x'e9' USING latin1) AS BINARY))");
}

TEST(RowSql, joins_a_range_of_the_source_with_its_rows_where_it_is_none_of_the_shadow) {
  auto turned = plan({same("a", "int"), same("b", "int")});
  turned.key.order = KeyOrder::other;
  turned.key.shadow_columns = {column("b", "int"), column("a", "int")};
  const RowSql sql(turned, mysql);
  EXPECT_THAT(sql.keys_in(Side::shadow, {KeyLiterals{"1", "2"}, std::nullopt}),
              testing::EndsWith("FROM (SELECT `a` AS sluice_key_0, `b` AS sluice_key_1 FROM `d`.`t` FORCE INDEX "
                                "(`PRIMARY`) WHERE ((`a` > 1 OR (`a` = 1 AND `b` > 2)))) AS sluice STRAIGHT_JOIN "
                                "`d`.`_t_gho` FORCE INDEX (`PRIMARY`) ON `a` = sluice.sluice_key_0 AND `b` = "
                                "sluice.sluice_key_1"));
  EXPECT_THAT(sql.strays_in({KeyLiterals{"1", "2"}, std::nullopt}), HasSubstr("`b` > 1 OR (`b` = 1 AND `a` > 2)"));
}

TEST(RowSql, spells_ranges_of_several_columns_out) {
  const RowSql sql(plan({same("a", "int"), same("b", "int")}), mysql);
  EXPECT_EQ(sql.where_range(Side::source, {KeyLiterals{"1", "2"}, KeyLiterals{"3", "4"}}),
            "((`a` > 1 OR (`a` = 1 AND `b` > 2))) AND ((`a` < 3 OR (`a` = 3 AND `b` <= 4)))");
  EXPECT_EQ(sql.where_range(Side::source, {}), "1 = 1");
}

TEST(RowSql, locks_in_each_servers_words) {
  EXPECT_EQ(
      RowSql(plan({same("a", "int")}), mysql).insert("`a` = 1", SourceLock::fail),
      "INSERT INTO `d`.`_t_gho` (`a`, `w`) SELECT `a`, `v` FROM `d`.`t` FORCE INDEX (`PRIMARY`) WHERE `a` = 1 FOR "
      "SHARE NOWAIT");
  EXPECT_THAT(RowSql(plan({same("a", "int")}), mariadb).insert("`a` = 1", SourceLock::fail),
              testing::EndsWith("LOCK IN SHARE MODE NOWAIT"));
  EXPECT_THAT(RowSql(plan({same("a", "int")}), mysql).insert("`a` = 1", SourceLock::none),
              testing::EndsWith("`a` = 1"));
}

TEST(RowSql, never_ignores_errors_and_never_names_a_table_anew) {
  const RowSql sql(plan({same("a", "int")}), mysql);
  const std::vector<KeyLiterals> one{{"1"}};
  const auto where = sql.where_keys(Side::shadow, one);
  for (const auto& text : {sql.remove(where), sql.insert(where, SourceLock::fail),
                           sql.hashes(Side::shadow, where, SourceLock::none), sql.checksum(Side::source, where),
                           sql.nth_key_above(std::nullopt, 10), sql.lock_rows(where, SourceLock::wait)}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("IGNORE")));
    EXPECT_THAT(text, testing::Not(HasSubstr("` AS `")));
  }
}

TEST(RowSql, asks_for_literals_in_the_sources_own_terms) {
  auto latin = same("k", "varchar(9)");
  latin.source.charset = "latin1";
  EXPECT_EQ(key_literal_expression(latin, Side::source), "CONCAT('_latin1 x''', LOWER(HEX(`k`)), '''')");
  EXPECT_THAT(key_literal_expression(same("k", "enum('a')"), Side::source), HasSubstr("`k` + 0"));
}

TEST(RowSqlDeath, holds_to_its_limits) {
  const RowSql sql(plan({same("a", "int")}), mysql);
  const std::vector<KeyLiterals> many(max_keys_per_batch + 1, KeyLiterals{"1"});
  const std::vector<KeyLiterals> misfit{{"1", "2"}};
  EXPECT_DEATH((void)sql.where_keys(Side::source, many), "max_keys_per_batch");
  EXPECT_DEATH((void)sql.where_keys(Side::source, Keys{}), "max_keys_per_batch");
  EXPECT_DEATH((void)sql.where_keys(Side::source, misfit), "as many literals");
}

}  // namespace
}  // namespace sluice::migrator
