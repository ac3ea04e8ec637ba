#include "migrator/rollback/disposal.hpp"

#include <utility>

namespace sluice::migrator {

Disposal::Disposal(Parts parts, TableRef table) : drop_(table) {
  if (parts.kind == BackupKind::none) return;
  backup_ = std::make_unique<Backup>(std::move(parts.primary), std::move(parts.config), parts.kind, std::move(parts.id),
                                     std::move(table));
}

SqlResult<Disposal::Is> Disposal::advance(Connection& connection, const GentleDrop::HeldBackBy& held_back_by) {
  if (backup_ && !backup_->is_over()) {
    const std::uint64_t before = backup_->status().bytes;
    if (auto advanced = backup_->advance(connection); advanced.has_error()) return advanced.error();
    return backup_->status().bytes > before || backup_->is_over() ? Is::working : Is::waiting;
  }
  if (backup_ && backup_->status().state == BackupStatus::State::failed) return Is::failed;
  auto is = drop_.advance(connection, held_back_by, std::chrono::steady_clock::now());
  if (is.has_error()) return is.error();
  switch (*is) {
    case GentleDrop::Is::working:
      return Is::working;
    case GentleDrop::Is::waiting:
      return Is::waiting;
    case GentleDrop::Is::gone:
      return Is::gone;
    case GentleDrop::Is::failed:
      return Is::failed;
  }
  return Is::failed;
}

std::string Disposal::why() const {
  const bool failed = backup_ && backup_->status().state == BackupStatus::State::failed;
  return failed ? "the backup: " + backup_->status().problem : drop_.why();
}

}  // namespace sluice::migrator
