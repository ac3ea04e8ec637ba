// A table taken out of the way for good: written to a file first, where that is asked for, then dropped gently. In
// small pieces; belongs to one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "migrator/backup/backup.hpp"
#include "migrator/rollback/gentle_drop.hpp"

namespace sluice::migrator {

class Disposal {
 public:
  enum class Is : std::uint8_t { working, waiting, gone, failed };

  struct Parts {
    ServerAddress primary;
    BackupConfig config;
    BackupKind kind = BackupKind::none;
    MigrationId id;
  };
  Disposal(Parts parts, TableRef table);

  // The next piece. An error is a lost connection; nothing is lost by it, but a backup under way begins anew.
  [[nodiscard]] SqlResult<Is> advance(Connection& connection, const GentleDrop::HeldBackBy& held_back_by);

  // Why it waits, or failed, in words. After a failed backup the table is there.
  [[nodiscard]] std::string why() const;
  [[nodiscard]] const BackupStatus* backup() const noexcept { return backup_ ? &backup_->status() : nullptr; }
  [[nodiscard]] const GentleDrop& drop() const noexcept { return drop_; }

 private:
  std::unique_ptr<Backup> backup_;  // nothing: none is asked for
  GentleDrop drop_;
};

}  // namespace sluice::migrator
