// The look back after the swap: the old table is only dropped when all that changed last was found in the new one.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned conflict = 409;

class Audited : public BehindSluice {
 protected:
  std::string audit_of(const std::string& id) { return json_at(sluice().status(id).json, "/cut_over/audit"); }
  bool comes_to_be(const std::string& id, const std::string& audit) {
    return wait_until([&] { return audit_of(id) == audit; }, 30s);
  }
  std::string events(const std::string& id) { return sluice().get("/migrate/" + id + "/events").body; }
  // A completed migration during which the row with the id 17 was changed; Sluice is down, and has not looked back yet.
  std::string swapped_and_killed(const std::string& more_options = "") {
    make_orders(500);
    const auto id = sluice().migrate({.table = "orders",
                                      .alter = "ADD COLUMN note INT",
                                      .options = R"({"postpone_cut_over": true)" + more_options + "}"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    sluice().connect().must("UPDATE orders SET qty = -1 WHERE id = 17");
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_TRUE(comes_to_be(id, "passed")) << audit_of(id);
    sluice().kill9();
    direct().must("UPDATE _sluice.migrations SET checkpoint = JSON_SET(checkpoint, '$.cut_over.audit', 'pending')");
    return id;
  }
  void behind_everybodys_back(const std::string& sql) {
    direct().must("SET sql_log_bin = 0");
    direct().must(sql);
    direct().must("SET sql_log_bin = 1");
  }
};
SLUICE_ON_BOTH_SERVERS(Audited);

TEST_P(Audited, busy_migration_passes_and_its_old_table_may_go) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 4000);
  workload.start();
  const auto id = postponed();
  const auto before = workload.acknowledged();
  EXPECT_TRUE(wait_until([&] { return workload.acknowledged() > before + 500; }, 30s));
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_TRUE(comes_to_be(id, "passed")) << audit_of(id);
  EXPECT_THAT(events(id), HasSubstr("audit.passed"));
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  act(id, "cleanup");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_unharmed(workload);
}

TEST_P(Audited, one_that_was_interrupted_is_made_up_for_at_the_next_start) {
  const auto id = swapped_and_killed();
  sluice().restart();
  EXPECT_TRUE(comes_to_be(id, "passed")) << audit_of(id);
  act(id, "cleanup");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(Audited, lost_row_is_named_and_keeps_the_old_table) {
  const auto id = swapped_and_killed(R"(, "ok_to_drop_table": true)");
  direct().must("UPDATE _sluice.migrations SET options = JSON_SET(options, '$.old_table_retention', '0s')");
  behind_everybodys_back("DELETE FROM orders WHERE id = 17");
  sluice().restart();
  EXPECT_TRUE(comes_to_be(id, "failed")) << audit_of(id);
  const auto failed = journal_entry(events(id), "audit.failed");
  EXPECT_EQ(json_at(failed, "/details/missing"), "1") << failed;
  EXPECT_EQ(json_at(failed, "/details/examples"), "(17)") << failed;
  const auto cleanup = sluice().post("/migrate/" + id + "/cleanup");
  EXPECT_EQ(cleanup.status, conflict);
  EXPECT_THAT(cleanup.body, HasSubstr("audit"));
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  EXPECT_EQ(direct().must("SELECT qty FROM _orders_del WHERE id = 17").value(), "-1");
}

TEST_P(Audited, dropped_old_table_can_not_be_audited) {
  const auto id = swapped_and_killed();
  direct().must("DROP TABLE _orders_del");
  sluice().restart();
  EXPECT_TRUE(wait_until([&] { return audit_of(id).starts_with("impossible: "); }, 30s)) << audit_of(id);
  complete({.table = "orders", .alter = "ADD COLUMN more INT"});
}

}  // namespace
}  // namespace sluice::test
