// The accounting finds what it is there to find: tried straight at a server, with losses made on purpose.
#include <gmock/gmock.h>

#include "tests/support/both_servers.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/wait.hpp"
#include "tests/support/workload.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Accounting : public OnBothServers {
 protected:
  void SetUp() override {
    direct().must("DROP TABLE IF EXISTS accounts");
    direct().must(
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, KEY (qty))");
  }
  TestClient& direct() {
    if (!direct_) direct_.emplace(server().connect());
    return *direct_;
  }
  WorkloadOptions options() {
    return {.connection = {.port = server().port(), .database = "test"}, .table = "accounts", .clients = 4};
  }

 private:
  std::optional<TestClient> direct_;
};
SLUICE_ON_BOTH_SERVERS(Accounting);

TEST_P(Accounting, balances_where_nothing_was_lost) {
  Workload workload{options()};
  workload.fill(direct(), 1000);
  workload.start();
  ASSERT_TRUE(wait_until([&] { return workload.acknowledged() > 2000; }));
  workload.stop();
  const auto report = workload.verify(direct());
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.acknowledged, workload.acknowledged());
  EXPECT_GT(report.reads, 0U);
  EXPECT_EQ(report.lost, 0U);
  EXPECT_EQ(report.wrong_reads, 0U);
  EXPECT_EQ(report.unclaimed, 0U);
  EXPECT_EQ(report.client_errors, 0U);
  EXPECT_GT(report.p99_latency_ms, 0);
  EXPECT_GE(report.max_latency_ms, report.p99_latency_ms);
}

TEST_P(Accounting, finds_a_lost_row_a_lost_update_and_a_row_that_came_back) {
  Workload workload{options()};
  workload.fill(direct(), 100);
  direct().must("DELETE FROM accounts WHERE id = 5");
  direct().must("UPDATE accounts SET name = 'old' WHERE id = 6");
  direct().must("INSERT INTO accounts VALUES (7000000000, 1, 'nobody''s')");
  const auto report = workload.verify(direct());
  EXPECT_EQ(report.lost, 2U);
  EXPECT_EQ(report.unclaimed, 1U);
  EXPECT_EQ(report.problems.size(), 2U);
}

TEST_P(Accounting, client_notices_at_once_that_its_row_has_gone) {
  Workload workload{options()};
  workload.fill(direct(), 100);
  direct().must("DELETE FROM accounts");
  workload.start();
  ASSERT_TRUE(wait_until([&] { return workload.acknowledged() > 500; }));
  workload.stop();
  const auto report = workload.verify(direct());
  EXPECT_GT(report.lost, 0U);
  EXPECT_THAT(report.problems, testing::Contains(HasSubstr("met 0 rows")));
}

TEST_P(Accounting, takes_either_outcome_of_a_write_whose_answer_never_came) {
  auto own = TestServer::start(GetParam());
  auto where = options();
  where.connection.port = own.port();
  own.connect().must("CREATE TABLE accounts (id BIGINT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL)");
  Workload workload{where};
  workload.start();
  ASSERT_TRUE(wait_until([&] { return workload.acknowledged() > 500; }));
  own.kill9();
  ASSERT_TRUE(wait_until([&] { return workload.errors() >= 4; }));
  own.restart();
  const auto before = workload.acknowledged();
  ASSERT_TRUE(wait_until([&] { return workload.acknowledged() > before + 500; }));
  workload.stop();
  auto client = own.connect();
  const auto report = workload.verify(client);
  EXPECT_EQ(report.lost, 0U) << testing::PrintToString(report.problems);
  EXPECT_GE(report.client_errors, 4U);
}

TEST(Ledger, offers_only_rows_that_are_there) {
  std::mt19937_64 random{1};
  Ledger ledger;
  EXPECT_FALSE(ledger.existing(random));
  ledger.acknowledged({{1, Content{1, "a"}}, {2, Content{2, "b"}}});
  ledger.acknowledged({{1, std::nullopt}});
  EXPECT_EQ(ledger.existing(random), 2U);
  EXPECT_EQ(ledger.deleted(random), 1U);
  EXPECT_EQ(ledger.expected(2), (Content{2, "b"}));
}

TEST(Ledger, never_offers_again_what_is_uncertain) {
  std::mt19937_64 random{1};
  Ledger ledger;
  ledger.acknowledged({{1, Content{1, "a"}}});
  ledger.unknown({{1, Content{2, "b"}}, {2, Content{3, "c"}}});
  EXPECT_FALSE(ledger.existing(random));
  EXPECT_FALSE(ledger.deleted(random));
  EXPECT_EQ(ledger.accounts().at(1).size(), 2U);
  EXPECT_EQ(ledger.accounts().at(2).front(), std::nullopt);
}

}  // namespace
}  // namespace sluice::test
