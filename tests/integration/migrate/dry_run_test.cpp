// What a dry run tells, and that it leaves everything as it was.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr unsigned refused = 422;

class DryRun : public UnderClients {};
SLUICE_ON_BOTH_SERVERS(DryRun);

TEST_P(DryRun, dry_run_tells_the_plan_and_leaves_nothing) {
  const auto response = sluice().post(
      "/migrate",
      R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT, DROP COLUMN tag", "dry_run": true})");
  EXPECT_LT(response.status, 300U) << response.body;
  EXPECT_EQ(json_at(response.body, "/key"), "PRIMARY");
  EXPECT_EQ(json_at(response.body, "/added_columns/0"), "note");
  EXPECT_EQ(json_at(response.body, "/dropped_columns/0"), "tag");
  ASSERT_EQ(json_size(response.body, "/columns"), 3U) << response.body;
  for (const auto* at : {"/columns/0", "/columns/1", "/columns/2"}) {
    EXPECT_EQ(json_at(response.body, std::string{at} + "/from"), json_at(response.body, std::string{at} + "/to"));
  }
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(DryRun, dry_run_drops_nothing_that_a_real_one_would) {
  const auto dry = [&] {
    return sluice().post("/migrate", R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT",
        "options": {"initially_drop_ghost_table": true, "initially_drop_old_table": true}, "dry_run": true})");
  };
  direct().must("CREATE TABLE _orders_del (id INT PRIMARY KEY)");
  EXPECT_EQ(dry().status, 200U);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  direct().must("CREATE TABLE _orders_gho (id INT PRIMARY KEY)");
  const auto response = dry();
  EXPECT_EQ(response.status, refused);
  EXPECT_THAT(response.body, HasSubstr("a dry run, which needs its name, does not drop it"));
  EXPECT_THAT(leftovers(direct()), UnorderedElementsAre("_orders_del", "_orders_gho"));
}

TEST_P(DryRun, dry_run_tells_sizes_times_risk_and_what_an_instant_alter_would_do) {
  const auto dry = [&](const std::string& alter, const std::string& options) {
    return sluice()
        .post("/migrate", R"({"database": "test", "table": "orders", "dry_run": true, "alter": ")" + alter +
                              R"(", "options": )" + options + "}")
        .body;
  };
  const auto plain = dry("ADD COLUMN note INT", "{}");
  EXPECT_EQ(json_at(plain, "/algorithm"), "copy");
  EXPECT_EQ(json_at(plain, "/instant_possible"), "true") << plain;
  EXPECT_EQ(json_at(plain, "/key_columns/0"), "id");
  EXPECT_GT(std::stoull(json_at(plain, "/data_bytes")), 0U);
  EXPECT_NE(json_at(plain, "/seconds_estimated/copy"), "");
  EXPECT_NE(json_at(plain, "/seconds_estimated/compare"), "");
  EXPECT_EQ(json_at(dry("ADD COLUMN note INT", R"({"attempt_instant_ddl": true})"), "/algorithm"), "instant");

  const auto risky = dry("DROP COLUMN tag, MODIFY qty BIGINT",
                         R"({"compatibility_queries": ["SELECT tag FROM orders", "SELECT qty FROM orders"]})");
  EXPECT_EQ(json_at(risky, "/instant_possible"), "false");
  EXPECT_EQ(json_at(risky, "/risk/level"), "high") << risky;
  EXPECT_GE(json_size(risky, "/risk/reasons"), 2U);
  EXPECT_THAT(json_at(risky, "/compatibility_queries/0/problem"), HasSubstr("tag"));
  EXPECT_EQ(json_at(risky, "/compatibility_queries/1/problem"), "");
  EXPECT_NE(json_at(risky, "/compatibility_queries/1/rows"), "");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

}  // namespace
}  // namespace sluice::test
