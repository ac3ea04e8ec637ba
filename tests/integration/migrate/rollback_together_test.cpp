// Deferred rollbacks of tables that swap together: they are decided as one, also over a restart.
#include "tests/integration/migrate/rolling_back.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class RollingBackTogether : public RollingBack {
 protected:
  static constexpr unsigned accepted = 202;

  // `orders` and `items`, which wait for their cut-over under a guard of each one's own rows.
  void begin() {
    direct().must("CREATE TABLE items (id INT PRIMARY KEY, qty INT)");
    direct().must(
        "INSERT INTO items WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
        "SELECT i, i FROM n");
    const auto response = sluice().post("/migrate", R"({"database": "test", "options": {"postpone_cut_over": true,
        "guards": [{"name": "unequal", "when": "mismatches"}]},
        "tables": [{"table": "orders", "alter": "ADD COLUMN a INT"}, {"table": "items", "alter": "ADD COLUMN a INT"}]})");
    ASSERT_EQ(response.status, accepted) << response.body;
    orders = json_at(response.body, "/id");
    items = json_at(response.body, "/swaps_with/0");
    for (const auto& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "ready", 60s).state, "ready");
  }
  void expect_both_turn_back() {
    for (const auto& id : {orders, items}) {
      EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
      EXPECT_EQ(await_end(id).state, "stopped") << sluice().status(id).json;
    }
    EXPECT_THAT(leftovers(direct()), testing::IsEmpty());
    expect_untouched();
  }
  void expect_both_go_on() {
    for (const auto& id : {orders, items}) {
      EXPECT_EQ(json_at(await_over(id), "/phase"), "went_on") << report(id);
      EXPECT_TRUE(comes_to_show(id, "/paused", "false"));
    }
    act(orders, "cut-over");
    for (const auto& id : {orders, items}) expect_completed(await_end(id));
  }
  // As a crash leaves them that comes when the one has written down what it does, and the other has not.
  void restart_where_one_is(const std::string& phase) {
    roll_back(items, deferred_to(at_in(1h)));
    for (const auto& id : {orders, items}) EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
    kill_sluice();
    direct().must("UPDATE _sluice.rollbacks SET report = JSON_SET(report, '$.phase', '" + phase +
                  "') WHERE migration = " + orders.substr(1));
    sluice().restart();
  }

  std::string orders, items;
};
SLUICE_ON_BOTH_SERVERS(RollingBackTogether);

TEST_P(RollingBackTogether, deferred_they_all_turn_back_where_a_guard_of_one_fires) {
  begin();
  // Found in the binlog, and written again.
  direct().must("DELETE FROM _items_gho WHERE id > 0 ORDER BY id LIMIT 1");
  EXPECT_TRUE(comes_to_show(items, "/mismatches", "1"));
  roll_back(orders, deferred_to(at_in(5s)));
  expect_both_turn_back();
  EXPECT_THAT(reported(items, "/decided_by"), HasSubstr("guard unequal fires"));
  EXPECT_THAT(reported(orders, "/decided_by"), HasSubstr("guard unequal fires"));
}

TEST_P(RollingBackTogether, deferred_they_all_go_on_where_no_guard_fires) {
  begin();
  roll_back(orders, deferred_to(at_in(4s)));
  expect_both_go_on();
}

TEST_P(RollingBackTogether, after_a_crash_the_others_turn_back_with_the_one_that_did) {
  begin();
  restart_where_one_is("running");
  expect_both_turn_back();
}

TEST_P(RollingBackTogether, after_a_crash_the_others_go_on_with_the_one_that_did) {
  begin();
  restart_where_one_is("went_on");
  EXPECT_EQ(json_at(await_over(items), "/phase"), "went_on") << report(items);
  (void)sluice().post("/migrate/" + orders + "/resume");  // the crash may have come before that was told
  expect_both_go_on();
}

}  // namespace
}  // namespace sluice::test
