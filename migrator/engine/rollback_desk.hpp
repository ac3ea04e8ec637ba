// Takes requests for rollbacks: says what one would take, or notes it in the primary and lets the migrations begin it.
// Belongs to one thread at a time. Blocks for some queries.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/backup/backup.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/rollback/rollback_store.hpp"

namespace sluice::migrator {

// After a restart, and before any of the group goes on: what the members of the deferred rollback that was asked for
// last have decided, or are to decide together. `reports`: by migration.
void take_up_deferred(SwapGroup& group, const std::map<std::string, RollbackReport>& reports);

class RollbackDesk {
 public:
  // For a migration that has just ended to let go of its table.
  static constexpr Millis kLetsGoWithin{2000};

  RollbackDesk(ServerAddress primary, BackupConfig backup)
      : primary_(std::move(primary)), backup_(std::move(backup)), store_(primary_) {}

  // What earlier processes knew, by migration. Creates its tables where they are missing.
  [[nodiscard]] SqlResult<std::map<std::string, RollbackReport>> open();

  // What one would take now.
  [[nodiscard]] RolledBack estimate_for(const Migration& migration);
  // `together`: all that swap with it, itself among them.
  [[nodiscard]] RolledBack roll_back(const std::shared_ptr<Migration>& migration,
                                     const std::vector<std::shared_ptr<Migration>>& together,
                                     const RollbackRequest& request);

 private:
  [[nodiscard]] SqlResult<RollbackReport> draft(const Migration& migration, const RollbackRequest& request);

  ServerAddress primary_;
  BackupConfig backup_;
  RollbackStore store_;
};

}  // namespace sluice::migrator
