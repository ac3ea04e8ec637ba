#include "migrator/rollback/report.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace sluice::migrator {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

RollbackReport a_report() {
  RollbackReport report{.migration = "m7", .database = "shop", .table = "orders"};
  report.phase = RollbackPhase::running;
  report.step = RollbackStep::clean;
  report.strategy = "immediate";
  report.reason = "the new index is wrong";
  report.backup_kind = "data";
  report.test_queries = {"SELECT 1"};
  report.state_before = "copying";
  report.requested_at = "2026-01-31T12:00:00.000Z";
  report.estimate = {.seconds = 1.5, .measured = true, .shadow_bytes = 1 << 20, .risk = "medium", .reasons = {"busy"}};
  report.steps = {{.step = "stop", .started_at = "2026-01-31T12:00:00.001Z", .ms = 2.5, .outcome = "nothing moves"}};
  report.record = RollbackRecord{.source = {.name = "orders", .exists = true, .definition = "CREATE TABLE `orders`"},
                                 .binlog_position = "binlog.000003:4711",
                                 .rows_copied = 99};
  report.findings = {"3 rows had been found unequal"};
  report.backup = BackupReport{.kind = "data", .file = "/backups/m7.sql", .bytes = 10, .rows = 2, .complete = true};
  report.clean = CleanReport{.removed = {"table _orders_gho"}, .bytes = 5, .waited_ms = 1200};
  report.verify = VerifyReport{.definition_unchanged = true,
                               .rows = 100,
                               .test_queries = {{.sql = "SELECT 1", .ms = 0.5, .rows = 1}},
                               .explain = {{.sql = "SELECT 2", .plan = {"orders: ref by k, 12 rows"}}}};
  return report;
}

TEST(RollbackReport, IsReadBackAsItWasWritten) {
  const auto json = to_json(a_report());
  const auto again = rollback_report_from(json);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), json);
  EXPECT_EQ(again->phase, RollbackPhase::running);
  EXPECT_EQ(again->step, RollbackStep::clean);
  EXPECT_EQ(again->record->rows_copied, 99U);
  EXPECT_EQ(again->verify->explain.at(0).plan.at(0), "orders: ref by k, 12 rows");
}

TEST(RollbackReport, OfAnotherVersionIsReadAsFarAsItGoes) {
  const auto report = rollback_report_from(
      R"({"migration":"m1","phase":"failed","step":"new","record":null,"later":[1],"findings":7})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->migration, "m1");
  EXPECT_EQ(report->phase, RollbackPhase::failed);
  EXPECT_FALSE(report->record);
  EXPECT_EQ(rollback_report_from("[]"), std::nullopt);
  EXPECT_EQ(rollback_report_from("{"), std::nullopt);
}

TEST(RollbackReport, TellsADryRunFromARealOne) {
  auto report = a_report();
  EXPECT_EQ(boost::json::parse(to_json(report)).at("dry_run"), false);
  EXPECT_THAT(to_text(report), HasSubstr("Rollback of m7 (shop.orders)"));
  report.requested_at.clear();
  EXPECT_EQ(boost::json::parse(to_json(report)).at("dry_run"), true);
  EXPECT_THAT(to_text(report), HasSubstr("What a rollback of m7 (shop.orders) would take"));
}

TEST(RollbackReport, IsReadableText) {
  const auto text = to_text(a_report());
  EXPECT_THAT(text, AllOf(HasSubstr("reason        the new index is wrong\n"), HasSubstr("result        running\n"),
                          HasSubstr("risk          medium\n  - busy\n"), HasSubstr("stop    2.5 ms  nothing moves\n"),
                          HasSubstr("binlog.000003:4711"), HasSubstr("/backups/m7.sql")));
  EXPECT_THAT(text, AllOf(HasSubstr("  table _orders_gho\n"), HasSubstr("definition  unchanged\n"),
                          HasSubstr("ok  SELECT 1: 1 rows in 0.5 ms\n"),
                          HasSubstr("ok  EXPLAIN SELECT 2\n        orders: ref by k, 12 rows\n"),
                          HasSubstr("to be looked at\n  - 3 rows had been found unequal\n")));
  EXPECT_THAT(text, Not(HasSubstr("waiting for")));
}

}  // namespace
}  // namespace sluice::migrator
