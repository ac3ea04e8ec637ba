// What the engine tells as it goes, for metrics and logs. Called on the migrations' threads; must not block.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "migrator/api.hpp"
#include "migrator/notify/notice.hpp"

namespace sluice::migrator {

class MigrationObserver {
 public:
  virtual ~MigrationObserver() = default;
  virtual void rows_copied(std::uint64_t rows) = 0;
  virtual void changes_applied(std::uint64_t keys) = 0;
  virtual void rows_verified(std::uint64_t rows) = 0;
  virtual void mismatched(std::uint64_t rows) = 0;
  virtual void stragglers(std::uint64_t keys) = 0;
  virtual void bypass_transaction() = 0;
  virtual void throttled_for(std::chrono::milliseconds time) = 0;
  // `result`: completed, again, failed, strange, panicked
  virtual void cut_over_attempted(std::string_view result, std::chrono::microseconds held) = 0;
  virtual void hold_part(HoldPart part, std::chrono::microseconds time) = 0;
  // A guard fired, or can't be evaluated: what it measures, and what followed.
  virtual void guard_fired(GuardMeasure measure, GuardAction action) = 0;
  // A rollback has come to its end. `strategy`: immediate, graceful or deferred.
  virtual void rollback_ended(std::string_view strategy, RollbackPhase result) = 0;
  // A table was written to a file, or was not.
  virtual void backed_up(BackupStatus::State result, std::uint64_t bytes) = 0;
  // Somebody outside was told of something, or was not: by a URL's host or a file's name, and why.
  virtual void notified(NoticeChannel channel, NoticeOutcome outcome, std::string_view to, std::string_view why) = 0;
  // One journal entry; `details` is a JSON object without literals of clients' statements.
  virtual void journalled(const MigrationId& id, std::string_view event, std::string_view details) = 0;
};

}  // namespace sluice::migrator
