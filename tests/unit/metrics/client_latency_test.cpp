// What the clients' recent latency is taken from.
#include "metrics/client_latency.hpp"

#include <gtest/gtest.h>

#include "metrics/metrics.hpp"

namespace sluice::metrics {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double in_ms(std::optional<std::chrono::nanoseconds> time) {
  return time ? std::chrono::duration<double, std::milli>(*time).count() : -1;
}

TEST(ClientLatency, BucketsGrowWithTheirTimesAndLeaveNoGap) {
  EXPECT_EQ(latency_bucket(-1s), 0U);
  EXPECT_EQ(latency_bucket(999ns), 0U);
  EXPECT_EQ(latency_bucket(24h), LATENCY_BUCKETS - 1);
  std::size_t last = 0;
  for (std::int64_t micros = 0; micros < 5'000'000; ++micros) {
    const auto bucket = latency_bucket(std::chrono::microseconds{micros});
    ASSERT_TRUE(bucket == last || bucket == last + 1) << micros;
    last = bucket;
  }
}

TEST(ClientLatency, QuantileIsWithinAnEighth) {
  LatencyCounts counts{};
  EXPECT_FALSE(quantile(counts, 0.99));
  for (int ms = 1; ms <= 1000; ++ms) ++counts[latency_bucket(std::chrono::milliseconds{ms})];
  EXPECT_NEAR(in_ms(quantile(counts, 0.5)), 500, 500.0 / 8);
  EXPECT_NEAR(in_ms(quantile(counts, 0.99)), 990, 990.0 / 8);
}

TEST(ClientLatency, OneSlowStatementAmongFewIsTheQuantile) {
  LatencyCounts counts{};
  counts[latency_bucket(1ms)] = 9;
  counts[latency_bucket(200ms)] = 1;
  EXPECT_NEAR(in_ms(quantile(counts, 0.99)), 200, 200.0 / 8);
}

TEST(ClientLatency, OnlyWhatEndedInTheLastSecondsCounts) {
  ClientLatency latency;
  latency.note(10s);  // nobody watches
  const auto watch = latency.watch();
  const auto began = Clock::now();
  EXPECT_FALSE(watch->p99(began));
  latency.note(100ms);
  EXPECT_NEAR(in_ms(watch->p99(began + 1s)), 100, 100.0 / 8);
  latency.note(1ms);
  for (auto at = 1500ms; at <= 3500ms; at += 500ms) {
    EXPECT_NEAR(in_ms(watch->p99(began + at)), 100, 100.0 / 8) << at.count();
  }
  EXPECT_NEAR(in_ms(watch->p99(began + 4100ms)), 1, 1.0 / 4);
  EXPECT_FALSE(watch->p99(began + 8s));
}

TEST(ClientLatency, WaitsAtTheGateDoNotCount) {
  Metrics metrics;
  const auto watch = metrics.watch_latency();
  metrics.statement_finished({.latency = 2010ms, .held = 2000ms});
  metrics.statement_finished({.outcome = proxy::Outcome::interrupted, .latency = 5s, .held = 1s});
  EXPECT_NEAR(in_ms(watch->p99(Clock::now() + 1s)), 10, 10.0 / 8);
}

}  // namespace
}  // namespace sluice::metrics
