#include "migrator/table/grants.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

TEST(Grants, all_privileges_are_all) {
  const auto grants = Grants::parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"});
  EXPECT_TRUE(grants.globally("REPLICATION SLAVE"));
  EXPECT_TRUE(grants.on_table("LOCK TABLES", "any", "thing"));
}

TEST(Grants, are_read_one_by_one) {
  const auto grants =
      Grants::parse({"GRANT REPLICATION SLAVE, PROCESS ON *.* TO `u`@`%`",
                     "GRANT SELECT, LOCK TABLES ON `shop`.* TO `u`@`%`", "GRANT INSERT ON `shop`.`orders` TO `u`@`%`"});
  EXPECT_TRUE(grants.globally("PROCESS"));
  EXPECT_FALSE(grants.globally("SELECT"));
  EXPECT_TRUE(grants.on_table("SELECT", "shop", "x"));
  EXPECT_FALSE(grants.on_table("SELECT", "shop2", "x"));
  EXPECT_TRUE(grants.on_table("INSERT", "shop", "orders"));
  EXPECT_FALSE(grants.on_table("INSERT", "shop", "_orders_gho"));
}

TEST(Grants, on_databases_know_wildcards_and_escapes) {
  const auto grants = Grants::parse({R"(GRANT SELECT ON `shop\_%`.* TO `u`@`%`)"});
  EXPECT_TRUE(grants.on_table("SELECT", "shop_eu", "t"));
  EXPECT_FALSE(grants.on_table("SELECT", "shopXeu", "t"));
  EXPECT_TRUE(matches_grant_pattern("a_c%", "abc"));
  EXPECT_FALSE(matches_grant_pattern("a_c", "abcd"));
  EXPECT_TRUE(matches_grant_pattern("%", ""));
}

TEST(Grants, limited_to_columns_do_not_count) {
  const auto grants = Grants::parse({"GRANT SELECT (`a`, `b`), INSERT ON `shop`.`orders` TO `u`@`%`"});
  EXPECT_FALSE(grants.on_table("SELECT", "shop", "orders"));
  EXPECT_TRUE(grants.on_table("INSERT", "shop", "orders"));
}

TEST(Grants, taken_back_for_a_database_are_gone_there) {
  const auto grants =
      Grants::parse({"GRANT SELECT, INSERT ON *.* TO `u`@`%`", "REVOKE INSERT ON `shop`.* FROM `u`@`%`"});
  EXPECT_TRUE(grants.on_table("SELECT", "shop", "t"));
  EXPECT_FALSE(grants.on_table("INSERT", "shop", "t"));
  EXPECT_TRUE(grants.on_table("INSERT", "other", "t"));
}

TEST(Grants, that_are_not_understood_grant_nothing) {
  const auto grants = Grants::parse(
      {"GRANT `role`@`%` TO `u`@`%`", "GRANT USAGE ON *.* TO `u`@`%`", "GRANT PROXY ON ''@'%' TO 'u'@'%'",
       "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`%`", "SET DEFAULT ROLE x FOR u", "GRANT", "", "GRANT SELECT ON"});
  EXPECT_FALSE(grants.globally("SELECT"));
  EXPECT_FALSE(grants.on_table("EXECUTE", "d", "p"));
}

}  // namespace
}  // namespace sluice::migrator
