#include "migrator/engine/back_up_leftovers.hpp"

#include <thread>
#include <vector>

#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

constexpr std::chrono::milliseconds kLookEvery{20};

}  // namespace

SqlResult<std::optional<Problem>> back_up_leftovers(Connection& connection, const ServerAddress& primary,
                                                    const BackupConfig& config, const Specification& specification,
                                                    const std::atomic<bool>& give_up) {
  const Options& options = specification.options;
  if (auto problem = problem_of(config, options.backup)) return problem;
  if (options.backup == BackupKind::none) return std::optional<Problem>{};
  const TableRef source{specification.database, specification.table};
  std::vector<TableRef> tables;
  if (options.initially_drop_ghost_table) tables.push_back(shadow_table(source));
  if (options.initially_drop_old_table) tables.push_back(old_table(source));
  const auto deadline = std::chrono::steady_clock::now() + kLeftoversBackedUpWithin;
  for (const TableRef& table : tables) {
    Backup backup(primary, config, options.backup, "before", table);
    while (!backup.is_over()) {
      if (give_up || std::chrono::steady_clock::now() > deadline)
        return std::optional(Problem{
            "backup_failed", "the backup of " + table.table + " takes too long; back it up and drop it by hand"});
      const auto before = backup.status().bytes;
      if (auto advanced = backup.advance(connection); advanced.has_error()) return advanced.error();
      if (backup.status().bytes == before) std::this_thread::sleep_for(kLookEvery);
    }
    if (backup.status().state == BackupStatus::State::failed)
      return std::optional(
          Problem{"backup_failed", table.table + " is not dropped, as its backup failed: " + backup.status().problem});
  }
  return std::optional<Problem>{};
}

}  // namespace sluice::migrator
