// What the process tells monitoring, and how the gate and its clients show in it.
#include <future>

#include "tests/integration/migrate/serving.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ServeMonitoring : public Serving {};
SLUICE_ON_BOTH_SERVERS(ServeMonitoring);

TEST_P(ServeMonitoring, tells_monitoring_what_the_contract_names) {
  make_orders(1000);
  auto client = sluice().connect();
  client.must("SELECT COUNT(*) FROM orders");
  (void)postponed("ADD COLUMN note INT");  // what is running has gauges of its own
  const auto metrics = sluice().get("/metrics");
  EXPECT_EQ(metrics.status, 200U);
  for (const char* name :
       {"sluice_client_connections", "sluice_statements_total", "sluice_statement_seconds", "sluice_held_statements",
        "sluice_hold_seconds", "sluice_gate_state", "sluice_migration_state", "sluice_migration_progress_ratio",
        "sluice_rows_copied_total", "sluice_changes_applied_total", "sluice_changes_pending",
        "sluice_binlog_lag_seconds", "sluice_throttled_seconds_total", "sluice_verified_rows_total",
        "sluice_mismatches_total", "sluice_stragglers_total", "sluice_bypass_transactions_total",
        "sluice_cut_over_attempts_total"}) {
    EXPECT_THAT(metrics.body, HasSubstr(std::string{"# TYPE "} + name + " "));
  }
  EXPECT_THAT(metrics.body, HasSubstr("sluice_rows_copied_total 1000"));
  EXPECT_EQ(sluice().get("/healthz").status, 200U);
  EXPECT_EQ(sluice().get("/readyz").status, 200U);
  EXPECT_THAT(sluice().get("/openapi.yaml").body, HasSubstr("/migrate"));
  EXPECT_THAT(sluice().get("/").body, HasSubstr("<html"));
}

TEST_P(ServeMonitoring, explains_the_hold_in_the_status_the_journal_and_a_histogram) {
  make_orders(1000);
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_EQ(json_at(status.json, "/cut_over/parts/0/part"), "drain");
  double sum = 0;
  const auto parts = json_size(status.json, "/cut_over/parts");
  for (std::size_t i = 0; i < parts; ++i) {
    sum += std::stod(json_at(status.json, "/cut_over/parts/" + std::to_string(i) + "/ms"));
  }
  EXPECT_EQ(json_at(status.json, "/cut_over/parts/" + std::to_string(parts - 1) + "/part"), "release");
  EXPECT_NEAR(sum, status.hold_ms, 0.2 * status.hold_ms + 1);
  EXPECT_THAT(sluice().get("/migrate/" + status.id + "/events").body, HasSubstr("\"rename_ms\""));
  EXPECT_THAT(sluice().get("/metrics").body, HasSubstr("sluice_hold_part_seconds_count{part=\"rename\"} 1\n"));
}

TEST_P(ServeMonitoring, tells_how_the_gate_stands) {
  make_orders(100);
  auto busy = sluice().connect();
  busy.must("BEGIN");
  busy.must("UPDATE orders SET qty = 1 WHERE id = 1");
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"on_blocker": "abort", "drain_timeout_ms": 60000})"});
  const auto gate = [&](const std::string& field) { return json_at(sluice().status(id).json, "/gate/" + field); };
  EXPECT_TRUE(wait_until([&] { return gate("phase") == "draining"; }, 60s));
  auto late = sluice().connect();
  auto write = std::async(std::launch::async, [&] { return late.query("UPDATE orders SET qty = 2 WHERE id = 2"); });
  EXPECT_TRUE(wait_until([&] { return gate("waiting") == "1"; }, 60s));
  busy.must("COMMIT");
  EXPECT_FALSE(write.get().error);
  expect_completed(await_end(id));
  EXPECT_TRUE(wait_until([&] { return json_at(sluice().status(id).json, "/gate").empty(); }, 60s));
}

TEST_P(ServeMonitoring, remembers_how_long_clients_statements_took) {
  const auto measured = [&] {
    sluice().connect().must("SELECT 1");
    const auto latency = sluice().get("/clients").body;
    const auto seconds = json_size(latency, "/seconds");
    return seconds > 0 && json_at(latency, "/seconds/" + std::to_string(seconds - 1) + "/p99_ms") != "null";
  };
  EXPECT_TRUE(wait_until(measured, 60s));
}

}  // namespace
}  // namespace sluice::test
