// Metrics that also put into the log what a person should read. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "app/log.hpp"
#include "metrics/metrics.hpp"

namespace sluice::app {

class Telemetry final : public metrics::Metrics {
 public:
  // `log` must outlive it.
  explicit Telemetry(Log& log) noexcept : log_(log) {}

  void login_finished(proxy::Outcome outcome) noexcept override;
  // Logged when it begins and when the reason changes, not for each client that is turned away.
  void server_unreachable(std::string_view reason) noexcept override;
  // Logged once a minute at most for each reason.
  void connection_refused(proxy::Refusal reason, std::string_view host) noexcept override;
  // Logged where it failed.
  void notified(migrator::NoticeChannel channel, migrator::NoticeOutcome outcome, std::string_view to,
                std::string_view why) override;
  void journalled(const migrator::MigrationId& id, std::string_view event, std::string_view details) override;

 private:
  Log& log_;
  std::atomic<bool> unreachable_ = false;
  std::mutex mutex_;
  std::string reason_;  // under mutex_; of the last server_unreachable since the last login
  std::array<std::optional<std::chrono::steady_clock::time_point>, proxy::REFUSALS.size()> refusals_;  // under mutex_
};

}  // namespace sluice::app
