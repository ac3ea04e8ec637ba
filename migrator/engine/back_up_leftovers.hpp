// Backups of what a new migration is to drop before it begins.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "migrator/api.hpp"
#include "migrator/backup/backup.hpp"

namespace sluice::migrator {

// Whoever asks for the migration waits meanwhile; then it is refused.
inline constexpr std::chrono::minutes kLeftoversBackedUpWithin{10};

// As initially_drop_ghost_table, initially_drop_old_table and backup of the options say. Why a table must not be
// dropped; nothing: they may be. Blocks until it is done, or `give_up` is set.
[[nodiscard]] SqlResult<std::optional<Problem>> back_up_leftovers(Connection& connection, const ServerAddress& primary,
                                                                  const BackupConfig& config,
                                                                  const Specification& specification,
                                                                  const std::atomic<bool>& give_up);

}  // namespace sluice::migrator
