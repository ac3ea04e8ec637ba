// What Sluice counts, and its text for Prometheus (exposition format 0.0.4): the metrics of the contract, in base units
// and with bounded labels. It is the observer of the proxy and of the engine. Std only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "migrator/engine/client_latency.hpp"
#include "migrator/engine/observer.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/observer.hpp"

namespace sluice::metrics {

// Series of single migrations are shown of the newest ones only, so that their number does not grow with the years.
inline constexpr std::size_t MIGRATIONS_SHOWN_MAX = 32;

// What became of entries of the access log.
enum class AccessLogEntries : std::uint8_t { written, dropped };

// Thread-safe. Observing neither locks nor allocates.
class Metrics : public proxy::ProxyObserver, public migrator::MigrationObserver {
 public:
  Metrics();
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Everything counted so far, and what `migrations` (the oldest first) and `gate` say now.
  [[nodiscard]] std::string text(const std::vector<migrator::Status>& migrations, const gate::TableGate& gate) const;

  // Of clients' statements, without their waits at the gate. Must not outlive this object.
  [[nodiscard]] std::unique_ptr<migrator::LatencyWatch> watch_latency();

  void access_log_entries(AccessLogEntries what, std::uint64_t count) noexcept;

  // ---- ProxyObserver
  void connection_opened() noexcept override;
  void connection_closed() noexcept override;
  void connection_refused(proxy::Refusal reason, std::string_view host) noexcept override;
  void connection_idled_out() noexcept override;
  void server_query_abandoned() noexcept override;
  void login_finished(proxy::Outcome outcome) noexcept override;
  void server_unreachable(std::string_view reason) noexcept override;
  void statement_finished(const proxy::Statement& statement) noexcept override;
  void ddl_finished(proxy::DdlOutcome outcome) noexcept override;
  void statement_held(Duration time) noexcept override;

  // ---- MigrationObserver
  void rows_copied(std::uint64_t rows) override;
  void changes_applied(std::uint64_t keys) override;
  void rows_verified(std::uint64_t rows) override;
  void mismatched(std::uint64_t rows) override;
  void stragglers(std::uint64_t keys) override;
  void bypass_transaction() override;
  void throttled_for(std::chrono::milliseconds time) override;
  void cut_over_attempted(std::string_view result, std::chrono::microseconds held) override;
  void hold_part(migrator::HoldPart part, std::chrono::microseconds time) override;
  void guard_fired(migrator::GuardMeasure measure, migrator::GuardAction action) override;
  void rollback_ended(std::string_view strategy, migrator::RollbackPhase result) override;
  void backed_up(migrator::BackupStatus::State result, std::uint64_t bytes) override;
  void notified(migrator::NoticeChannel channel, migrator::NoticeOutcome outcome, std::string_view to,
                std::string_view why) override;
  // Counts nothing: the journal is for the log.
  void journalled(const migrator::MigrationId& id, std::string_view event, std::string_view details) override;

 private:
  struct Counts;
  std::unique_ptr<Counts> counts_;
};

}  // namespace sluice::metrics
