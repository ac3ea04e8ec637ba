#include "metrics/metrics.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace sluice::metrics {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct MetricsTest : ::testing::Test {
  [[nodiscard]] std::string text(const std::vector<migrator::Status>& migrations = {}) const {
    return metrics.text(migrations, gate);
  }
  static migrator::Status migration(std::string id, migrator::State state) {
    migrator::Status status;
    status.id = std::move(id);
    status.database = "shop";
    status.table = "orders";
    status.state = state;
    return status;
  }

  gate::Gate gate;
  Metrics metrics;
};

TEST_F(MetricsTest, ClientsAreCountedWhileTheyAreConnected) {
  metrics.connection_opened();
  metrics.connection_opened();
  metrics.connection_closed();
  metrics.connection_refused(proxy::Refusal::connections, "10.0.0.7");
  metrics.connection_refused(proxy::Refusal::proxy_header, "10.0.0.7");
  EXPECT_THAT(text(), HasSubstr("\nsluice_client_connections 1\n"));
  EXPECT_THAT(text(), HasSubstr("\nsluice_client_connections_accepted_total 2\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_client_connections_refused_total{reason=\"connections\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_client_connections_refused_total{reason=\"proxy_header\"} 1\n"));
  EXPECT_THAT(text(), Not(HasSubstr("10.0.0.7")));
}

TEST_F(MetricsTest, StatementsAreCountedByCommandTouchAndEndAndTimed) {
  using enum proxy::CommandKind;
  metrics.statement_finished({.command = query, .latency = 1ms});
  metrics.statement_finished({.command = query, .latency = 2ms});
  metrics.statement_finished({.command = query, .outcome = proxy::Outcome::interrupted, .latency = 20s, .held = 20s});
  metrics.statement_finished({.command = execute, .touch = proxy::TableTouch::write, .latency = 3ms, .held = 1ms});
  const std::string queries = "{command=\"query\",touch=\"unscanned\"";
  EXPECT_THAT(text(), HasSubstr("sluice_statements_total" + queries + ",outcome=\"ok\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statements_total" + queries + ",outcome=\"interrupted\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statements_total{command=\"execute\",touch=\"write\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"0.0005\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"0.001\"} 1\n"))
      << "a bound belongs to its bucket";
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"0.0025\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"10\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_count" + queries + "} 3\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_sum" + queries + "} 20.003\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_count{command=\"execute\",touch=\"write\"} 1\n"));
  EXPECT_THAT(text(), Not(HasSubstr("command=\"ping\""))) << "there has been none";
}

TEST_F(MetricsTest, EntriesOfTheAccessLogAreCountedAlsoThoseThatWereDropped) {
  metrics.access_log_entries(AccessLogEntries::written, 10);
  metrics.access_log_entries(AccessLogEntries::dropped, 2);
  EXPECT_THAT(text(), HasSubstr("sluice_access_log_entries_total{result=\"written\"} 10\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_access_log_entries_total{result=\"dropped\"} 2\n"));
}

TEST_F(MetricsTest, NothingIsLostWhenManyThreadsCount) {
  constexpr int THREADS = 8;
  constexpr int STATEMENTS = 10'000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < THREADS; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < STATEMENTS; ++n) {
          metrics.statement_finished({.command = proxy::CommandKind::query, .latency = 100us});
        }
      });
    }
  }
  const std::string queries = "{command=\"query\",touch=\"unscanned\"";
  EXPECT_THAT(text(), HasSubstr("sluice_statements_total" + queries + ",outcome=\"ok\"} 80000\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_statement_seconds_bucket" + queries + ",le=\"0.0001\"} 80000\n"));
}

TEST_F(MetricsTest, WhatTheEngineDoesAddsUp) {
  metrics.rows_copied(1000);
  metrics.rows_copied(500);
  metrics.changes_applied(7);
  metrics.rows_verified(1500);
  metrics.mismatched(2);
  metrics.stragglers(3);
  metrics.bypass_transaction();
  metrics.throttled_for(1500ms);
  EXPECT_THAT(text(), HasSubstr("sluice_rows_copied_total 1500\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_changes_applied_total 7\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_verified_rows_total 1500\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_mismatches_total 2\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_stragglers_total 3\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_bypass_transactions_total 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_throttled_seconds_total 1.5\n"));
}

TEST_F(MetricsTest, CutOversAreCountedByResultAndOnlyHoldsHaveALength) {
  metrics.hold_part(migrator::HoldPart::rename, 8ms);
  metrics.cut_over_attempted("again", 0us);
  metrics.cut_over_attempted("completed", 12ms);
  metrics.cut_over_attempted("a word that nobody knows", 0us);
  EXPECT_THAT(text(), HasSubstr("sluice_cut_over_attempts_total{result=\"again\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_cut_over_attempts_total{result=\"completed\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_cut_over_attempts_total{result=\"other\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sluice_hold_seconds_count 1\n"));
}

TEST_F(MetricsTest, AMigrationShowsItsStateAndItsGate) {
  auto status = migration("m3", migrator::State::copying);
  status.progress = 0.25;
  status.changes_pending = 12;
  status.binlog_lag_ms = 1500;
  gate.arm({"shop", "orders"}, {{.name = {"shop", "orders"}}}, "m3");

  const std::string labels = "{migration=\"m3\",database=\"shop\",table=\"orders\"";
  const std::string shown = text({status});
  EXPECT_THAT(shown, HasSubstr("sluice_migration_state" + labels + ",state=\"copying\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_migration_state" + labels + ",state=\"failed\"} 0\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_migration_progress_ratio" + labels + "} 0.25\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_changes_pending" + labels + "} 12\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_binlog_lag_seconds" + labels + "} 1.5\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_gate_state{database=\"shop\",table=\"orders\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("sluice_held_statements{database=\"shop\",table=\"orders\"} 0\n"));
}

TEST_F(MetricsTest, AMigrationThatEndedHasNoLagAndNoGate) {
  const std::string shown = text({migration("m3", migrator::State::failed)});
  EXPECT_THAT(shown, HasSubstr("state=\"failed\"} 1\n"));
  EXPECT_THAT(shown, Not(HasSubstr("sluice_binlog_lag_seconds{")));
  EXPECT_THAT(shown, Not(HasSubstr("sluice_gate_state{")));
}

TEST_F(MetricsTest, OnlyTheNewestMigrationsAreShown) {
  std::vector<migrator::Status> migrations;
  for (std::size_t i = 1; i <= MIGRATIONS_SHOWN_MAX + 1; ++i) {
    migrations.push_back(migration("m" + std::to_string(i), migrator::State::completed));
  }
  const std::string shown = text(migrations);
  EXPECT_THAT(shown, Not(HasSubstr("migration=\"m1\"")));
  EXPECT_THAT(shown, HasSubstr("migration=\"m2\""));
  EXPECT_THAT(shown, HasSubstr("migration=\"m33\""));
}

}  // namespace
}  // namespace sluice::metrics
