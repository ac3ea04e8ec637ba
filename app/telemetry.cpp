#include "app/telemetry.hpp"

namespace sluice::app {
namespace {

constexpr std::chrono::minutes REFUSALS_LOGGED_EVERY{1};

}  // namespace

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

void Telemetry::connection_refused(proxy::Refusal reason, std::string_view host) noexcept {
  Metrics::connection_refused(reason, host);
  const auto now = std::chrono::steady_clock::now();
  const auto index = static_cast<std::size_t>(reason);
  const std::scoped_lock lock{mutex_};
  if (refusals_[index] && now - *refusals_[index] < REFUSALS_LOGGED_EVERY) return;
  refusals_[index] = now;
  log_.write(Level::warning, "client.refused",
             {{"reason", std::string{proxy::REFUSALS[index]}}, {"host", std::string{host}}});
}

void Telemetry::notified(migrator::NoticeChannel channel, migrator::NoticeOutcome outcome, std::string_view to,
                         std::string_view why) {
  Metrics::notified(channel, outcome, to, why);
  if (outcome == migrator::NoticeOutcome::delivered) return;
  log_.write(Level::warning, "notice." + std::string{to_string(outcome)},
             {{std::string_view{to_string(channel)}, std::string{to}}, {"reason", std::string{why}}});
}

void Telemetry::journalled(const migrator::MigrationId& id, std::string_view event, std::string_view details) {
  log_.write_details(Level::info, event, {{"migration", id}}, details);
}

}  // namespace sluice::app
