// Small builders of prometheus-cpp's values. Only the files of this folder include it.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "metrics/striped.hpp"

namespace sluice::metrics {

using Labels = std::vector<prometheus::ClientMetric::Label>;

template <class Number>
[[nodiscard]] double as_double(Number value) {
  return static_cast<double>(value);
}

[[nodiscard]] inline double as_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// A family without samples is left out of the text.
[[nodiscard]] inline prometheus::MetricFamily counters(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}
[[nodiscard]] inline prometheus::MetricFamily gauges(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
}

// Adds one sample to a family of counters or gauges.
inline void sample(prometheus::MetricFamily& family, double value, Labels labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

template <std::size_t Bounds>
[[nodiscard]] prometheus::MetricFamily histogram(std::string name, std::string help,
                                                 const StripedHistogram<Bounds>& observed) {
  const auto totals = observed.totals();
  prometheus::ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < Bounds; ++i) {
    cumulative += totals.counts[i];
    metric.histogram.bucket.push_back({cumulative, as_seconds(observed.bounds()[i])});
  }
  cumulative += totals.counts[Bounds];
  metric.histogram.bucket.push_back({cumulative, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = as_seconds(totals.sum);
  return {std::move(name), std::move(help), prometheus::MetricType::Histogram, {std::move(metric)}};
}

}  // namespace sluice::metrics
