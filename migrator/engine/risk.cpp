#include "migrator/engine/risk.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::migrator {
namespace {

constexpr std::uint64_t kGigabyte = 1ULL << 30U;
constexpr std::uint64_t kLargeBytes = 50 * kGigabyte;
constexpr std::uint64_t kHugeBytes = 500 * kGigabyte;
constexpr std::uint64_t kManyThreads = 32;
constexpr int kBinlogMargin = 2;  // it is to be kept for so many times as long as the migration may take

std::string gigabytes(std::uint64_t bytes) {
  return std::to_string(bytes / kGigabyte) + " GB";
}

class Reasons {
 public:
  void add(RiskLevel level, std::string reason) {
    risk_.level = std::max(risk_.level, level);
    risk_.reasons.push_back(std::move(reason));
  }
  [[nodiscard]] Risk take() { return std::move(risk_); }

 private:
  Risk risk_;
};

void add_size(Reasons& reasons, const RiskFacts& facts) {
  const std::uint64_t bytes = facts.size.data_bytes + facts.size.index_bytes;
  if (bytes < kLargeBytes) return;
  reasons.add(bytes < kHugeBytes ? RiskLevel::medium : RiskLevel::high,
              "the table has " + gigabytes(bytes) + ", and the new one needs as much beside it");
}

void add_shape(Reasons& reasons, const RiskFacts& facts) {
  if (!facts.dropped_columns.empty()) {
    std::string names;
    for (const std::string& column : facts.dropped_columns) names += (names.empty() ? "" : ", ") + column;
    reasons.add(RiskLevel::medium, "columns go, with their values: " + names);
  }
  if (facts.foreign_keys + facts.triggers > 0) {
    reasons.add(RiskLevel::medium, "foreign keys (" + std::to_string(facts.foreign_keys) + ") and triggers (" +
                                       std::to_string(facts.triggers) + ") are handed over within the hold");
  }
  if (facts.incompatible_queries > 0) {
    reasons.add(RiskLevel::high, std::to_string(facts.incompatible_queries) +
                                     " of the compatibility queries do not work with the new table");
  }
  if (facts.verify == Verify::off && !facts.instant)
    reasons.add(RiskLevel::medium, "the rows are not compared (verify)");
}

void add_server(Reasons& reasons, const RiskFacts& facts) {
  if (facts.threads_running.value_or(0) >= kManyThreads) {
    reasons.add(RiskLevel::medium, "the server is busy: Threads_running is " + std::to_string(*facts.threads_running));
  }
  if (facts.long_transactions.value_or(0) > 0) {
    reasons.add(RiskLevel::medium, std::to_string(*facts.long_transactions) + " transactions are open for more than " +
                                       std::to_string(kLongTransaction.count()) +
                                       " s; a cut-over waits for those on the table");
  }
  const auto kept = facts.binlog_kept_for.value_or(std::chrono::seconds{0});
  const auto needed = kBinlogMargin * (facts.time.copy + facts.time.compare);
  if (!facts.instant && kept.count() > 0 && kept < needed) {
    reasons.add(RiskLevel::high, "the server keeps its binlog for " + std::to_string(kept.count()) +
                                     " s only, and the migration may take longer");
  }
}

}  // namespace

const char* to_string(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::copy:
      return "copy";
    case Algorithm::instant:
      return "instant";
  }
  return "";
}

const char* to_string(RiskLevel level) noexcept {
  switch (level) {
    case RiskLevel::low:
      return "low";
    case RiskLevel::medium:
      return "medium";
    case RiskLevel::high:
      return "high";
  }
  return "";
}

PlannedTime planned_time(const TableSize& size, Verify verify) {
  // Microseconds a row, of tables like sysbench's on two cores.
  constexpr double kCopy = 3, kIndex = 1.5, kBytesCopied = 100, kCompare = 0.8, kBytesCompared = 400;
  const auto rows = static_cast<double>(size.rows);
  const double bytes = size.rows == 0 ? 0 : static_cast<double>(size.data_bytes) / rows;
  const auto seconds = [&](double micros) {
    constexpr double kMicros = 1e6;
    return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(rows * micros / kMicros))};
  };
  PlannedTime time;
  time.copy = seconds(kCopy + kIndex * static_cast<double>(size.secondary_indexes) + bytes / kBytesCopied);
  if (verify == Verify::full) time.compare = seconds(kCompare + bytes / kBytesCompared);
  return time;
}

Risk assess(const RiskFacts& facts) {
  Reasons reasons;
  if (!facts.instant) add_size(reasons, facts);
  add_shape(reasons, facts);
  add_server(reasons, facts);
  return reasons.take();
}

}  // namespace sluice::migrator
