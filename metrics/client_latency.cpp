#include "metrics/client_latency.hpp"

#include <cmath>
#include <deque>
#include <numeric>

namespace sluice::metrics {
namespace {

// The shortest time, in microseconds, that belongs to the bucket.
double begin_of(std::size_t bucket) noexcept {
  constexpr std::size_t SUB_BUCKETS = std::size_t{1} << SUB_BUCKET_BITS;
  const std::size_t shift = bucket < SUB_BUCKETS ? 0 : (bucket >> SUB_BUCKET_BITS) - 1;
  return std::ldexp(static_cast<double>(bucket - (shift << SUB_BUCKET_BITS)), static_cast<int>(shift));
}

}  // namespace

std::optional<std::chrono::nanoseconds> quantile(const LatencyCounts& counts, double share) noexcept {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return std::nullopt;
  const double rank = std::ceil(share * static_cast<double>(all));
  double below = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < counts.size() && below + static_cast<double>(counts[bucket]) < rank) {
    below += static_cast<double>(counts[bucket++]);
  }
  const double part = (rank - below) / static_cast<double>(std::max<std::uint64_t>(counts[bucket], 1));
  const double micros = begin_of(bucket) + part * (begin_of(bucket + 1) - begin_of(bucket));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double, std::micro>{micros});
}

class ClientLatency::Watch final : public migrator::LatencyWatch {
 public:
  explicit Watch(ClientLatency& latency) : latency_(latency) {
    latency_.watches_.fetch_add(1);
    seen_.push_back({std::chrono::steady_clock::now(), latency_.counts_.totals()});
  }
  ~Watch() override { latency_.watches_.fetch_sub(1); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  std::optional<std::chrono::nanoseconds> p99(TimePoint now) override {
    constexpr double SHARE = 0.99;
    const LatencyCounts counts = latency_.counts_.totals();
    while (seen_.size() > 1 && now - seen_[1].at >= WINDOW) seen_.pop_front();
    LatencyCounts lately{};
    for (std::size_t i = 0; i < counts.size(); ++i) lately[i] = counts[i] - seen_.front().counts[i];
    if (now - seen_.back().at >= STEP) seen_.push_back({now, counts});
    return quantile(lately, SHARE);
  }

 private:
  struct Seen {
    TimePoint at;
    LatencyCounts counts;
  };
  ClientLatency& latency_;
  std::deque<Seen> seen_;  // the first is as old as the window; never empty
};

std::unique_ptr<migrator::LatencyWatch> ClientLatency::watch() {
  return std::make_unique<Watch>(*this);
}

}  // namespace sluice::metrics
