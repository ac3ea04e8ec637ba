#include "app/telemetry.hpp"

namespace sluice::app {

void Telemetry::login_finished(proxy::Outcome outcome) noexcept {
  Metrics::login_finished(outcome);
  if (outcome != proxy::Outcome::ok || !unreachable_.load(std::memory_order_relaxed)) return;
  const std::scoped_lock lock{mutex_};
  if (!unreachable_.exchange(false)) return;
  reason_.clear();
  log_.write(Level::info, "primary.reachable_again");
}

void Telemetry::server_unreachable(std::string_view reason) noexcept {
  Metrics::server_unreachable(reason);
  const std::scoped_lock lock{mutex_};
  unreachable_ = true;
  if (reason_ == reason) return;
  reason_ = reason;
  log_.write(Level::warning, "primary.unreachable", {{"reason", reason_}});
}

void Telemetry::journalled(const migrator::MigrationId& id, std::string_view event, std::string_view details) {
  log_.write_details(Level::info, event, {{"migration", id}}, details);
}

}  // namespace sluice::app
