// What the status says of how far a migration is, against how far it is.
#include <cmath>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr double rows = 4000;

class HowFar : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(static_cast<std::uint64_t>(rows));
  }
  // What the server believes of the table's size from here on.
  void make_believe(std::uint64_t count) {
    direct().must("ALTER TABLE orders STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0");
    direct().must("ANALYZE TABLE orders");
    direct().must("UPDATE mysql.innodb_table_stats SET n_rows = " + std::to_string(count) +
                  " WHERE database_name = 'test' AND table_name = 'orders'");
    direct().must("FLUSH TABLE orders");
  }
  // Runs a migration that takes some seconds and compares, all the time, what it says with what it has done.
  void expect_honest_progress() {
    const auto id = sluice().migrate({.table = "orders",
                                      .alter = "ADD COLUMN sum BIGINT AS (CRC32(REPEAT(name, 50000))) STORED",
                                      .options = R"({"chunk_size": 20, "chunk_time_ms": 2, "nice_ratio": 3})"});
    double last = 0;
    double worst = 0;
    std::string worst_status;
    bool known = false;
    struct Promise {
      Clock::time_point at;
      double seconds;
    };
    std::optional<Promise> promise;
    const auto over = [&] {
      const auto status = sluice().status(id);
      if (status.ended()) return true;
      const double part = 0.75 * std::min(1.0, static_cast<double>(status.rows_copied) / rows) +
                          0.25 * std::min(1.0, static_cast<double>(status.verified_rows) / rows);
      if (const double off = std::abs(part - status.progress); off > worst) {
        worst = off;
        worst_status = status.json;
      }
      EXPECT_GE(status.progress, last);
      EXPECT_LT(status.progress, 1);
      last = status.progress;
      const auto eta = json_at(status.json, "/eta_seconds");
      EXPECT_FALSE(known && eta.empty()) << "it was known before: " << status.json;
      known = known || !eta.empty();
      if (!promise && part > 0.3 && !eta.empty()) promise = Promise{Clock::now(), std::stod(eta)};
      return false;
    };
    EXPECT_TRUE(wait_until(over, 120s));
    const auto status = await_end(id);
    expect_completed(status);
    EXPECT_EQ(status.progress, 1);
    EXPECT_LT(worst, 0.1) << worst_status;
    ASSERT_TRUE(promise);
    const std::chrono::duration<double> took = Clock::now() - promise->at;
    // What else runs on the machine may change its speed in the meantime.
    constexpr double factor = 5;
    EXPECT_LT(promise->seconds, factor * took.count() + 2);
    EXPECT_GT(promise->seconds + 2, took.count() / factor);
  }
};
SLUICE_ON_BOTH_SERVERS(HowFar);

TEST_P(HowFar, is_told_where_the_estimate_is_a_tenth) {
  make_believe(400);
  expect_honest_progress();
}

TEST_P(HowFar, is_told_where_the_estimate_is_ten_times_as_much) {
  make_believe(40'000);
  expect_honest_progress();
}

TEST_P(HowFar, is_told_right_after_a_swap_where_the_server_knows_nothing) {
  (void)sluice().await_audited(sluice().migrate({.table = "orders", .alter = "ENGINE = InnoDB"}), 60s);
  direct().must("DROP TABLE _orders_del");
  expect_honest_progress();
}

TEST_P(HowFar, is_told_where_one_key_is_far_from_all_others) {
  direct().must("UPDATE orders SET id = 1000000000000 WHERE id = 4000");
  direct().must("ANALYZE TABLE orders");
  expect_honest_progress();
}

TEST_P(HowFar, is_told_by_rows_where_the_key_is_a_text) {
  direct().must("ALTER TABLE orders MODIFY id VARCHAR(30) NOT NULL");
  direct().must("ANALYZE TABLE orders");
  expect_honest_progress();
}

}  // namespace
}  // namespace sluice::test
