// An observer that keeps nothing but the number of transactions past the proxy.
#pragma once

#include "migrator/engine/observer.hpp"

namespace sluice::migrator {

class NoObserver final : public MigrationObserver {
 public:
  void rows_copied(std::uint64_t) override {}
  void changes_applied(std::uint64_t) override {}
  void rows_verified(std::uint64_t) override {}
  void mismatched(std::uint64_t) override {}
  void stragglers(std::uint64_t) override {}
  void bypass_transaction() override { ++bypassed; }
  void throttled_for(std::chrono::milliseconds) override {}
  void cut_over_attempted(std::string_view, std::chrono::microseconds) override {}
  void hold_part(HoldPart, std::chrono::microseconds) override {}
  void guard_fired(GuardMeasure, GuardAction) override {}
  void rollback_ended(std::string_view, RollbackPhase) override {}
  void backed_up(BackupStatus::State, std::uint64_t) override {}
  void notified(NoticeChannel, NoticeOutcome, std::string_view, std::string_view) override {}
  void journalled(const MigrationId&, std::string_view, std::string_view) override {}
  int bypassed = 0;
};

}  // namespace sluice::migrator
