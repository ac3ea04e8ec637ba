#include "migrator/rollback/estimate.hpp"

#include <algorithm>

namespace sluice::migrator {
namespace {

constexpr std::uint64_t kGigabyte = 1ULL << 30U;
constexpr std::uint64_t kLargeBytes = 50 * kGigabyte;
constexpr std::uint64_t kHugeBytes = 500 * kGigabyte;
constexpr std::uint64_t kManyThreads = 32;
constexpr double kMillis = 1000;
// Guesses, until something was measured: of a small machine with a disk.
constexpr double kDropMs = 30, kDropBytesPerMs = 1 << 20;
constexpr double kDumpMs = 200, kDumpBytesPerMs = 50'000;
constexpr double kCountRowsPerMs = 3'000;
constexpr double kRestMs = 100;  // reading definitions, writing the report

enum class Level : std::uint8_t { low, medium, high };

class Reasons {
 public:
  void add(Level level, std::string why) {
    level_ = std::max(level_, level);
    reasons_.push_back(std::move(why));
  }
  void tell(RollbackEstimate& estimate) && {
    switch (level_) {
      case Level::low:
        estimate.risk = "low";
        break;
      case Level::medium:
        estimate.risk = "medium";
        break;
      case Level::high:
        estimate.risk = "high";
        break;
    }
    estimate.reasons = std::move(reasons_);
  }

 private:
  Level level_ = Level::low;
  std::vector<std::string> reasons_;
};

void add_risk(RollbackEstimate& estimate, const RollbackFacts& facts) {
  Reasons reasons;
  if (!facts.source_exists) reasons.add(Level::high, "the source table is not there");
  if (facts.shadow_bytes >= kLargeBytes) {
    reasons.add(facts.shadow_bytes >= kHugeBytes ? Level::high : Level::medium,
                "the shadow table has " + std::to_string(facts.shadow_bytes / kGigabyte) +
                    " GB, whose file the server deletes at one go");
  }
  if (facts.threads_running.value_or(0) >= kManyThreads) {
    reasons.add(Level::medium, "the server is busy: Threads_running is " + std::to_string(*facts.threads_running));
  }
  if (!facts.held_back_by.empty()) reasons.add(Level::medium, "the load: throttled by " + facts.held_back_by);
  for (const std::string& guard : facts.firing_guards) reasons.add(Level::medium, guard);
  if (facts.mismatches > 0) {
    reasons.add(Level::medium, "rows were found unequal (" + std::to_string(facts.mismatches) +
                                   "): somebody may write to the shadow table");
  }
  if (facts.in_cut_over) {
    reasons.add(Level::medium, "a cut-over is under way; once its RENAME has run, it is too late to roll back");
  }
  if (facts.backup == BackupKind::data && facts.backup_bytes_free && *facts.backup_bytes_free < facts.shadow_bytes) {
    reasons.add(Level::high, "the folder of backups has " + std::to_string(*facts.backup_bytes_free) +
                                 " bytes free, and the shadow table " + std::to_string(facts.shadow_bytes));
  }
  std::move(reasons).tell(estimate);
}

}  // namespace

std::optional<double> expected_ms(const std::vector<Measured>& measured, std::uint64_t bytes) {
  std::vector<double> small;
  double large_bytes = 0;
  double large_ms = 0;
  for (const Measured& one : measured) {
    if (one.bytes < kSmallBytes) {
      small.push_back(one.ms);
      continue;
    }
    large_bytes += static_cast<double>(one.bytes);
    large_ms += one.ms;
  }
  if (bytes >= kSmallBytes && large_bytes == 0) return std::nullopt;
  const auto middle = small.begin() + static_cast<std::ptrdiff_t>(small.size() / 2);
  std::ranges::nth_element(small, middle);
  const double fixed = small.empty() ? 0 : *middle;
  const double share = large_bytes == 0 ? 0 : static_cast<double>(bytes) * large_ms / large_bytes;
  if (small.empty() && large_bytes == 0) return std::nullopt;
  return bytes < kSmallBytes && !small.empty() ? fixed : std::max(fixed, share);
}

RollbackEstimate estimate(const RollbackFacts& facts) {
  RollbackEstimate estimate{.shadow_bytes = facts.shadow_bytes, .shadow_rows = facts.shadow_rows};
  const auto bytes = static_cast<double>(facts.shadow_bytes);
  const auto drop = expected_ms(facts.drops, facts.shadow_bytes);
  estimate.measured = drop.has_value();
  estimate.drop_seconds = drop.value_or(kDropMs + (bytes / kDropBytesPerMs)) / kMillis;
  if (facts.backup == BackupKind::data) {
    const auto dump = expected_ms(facts.dumps, facts.shadow_bytes);
    estimate.backup_seconds = dump.value_or(kDumpMs + (bytes / kDumpBytesPerMs)) / kMillis;
  }
  if (facts.backup == BackupKind::definition) estimate.backup_seconds = kDumpMs / kMillis;
  // The source is counted twice.
  const auto counted = static_cast<double>((2 * facts.source_rows) + facts.shadow_rows);
  estimate.count_seconds = counted / kCountRowsPerMs / kMillis;
  estimate.seconds = estimate.count_seconds + estimate.backup_seconds + estimate.drop_seconds + (kRestMs / kMillis);
  add_risk(estimate, facts);
  return estimate;
}

}  // namespace sluice::migrator
