// What may be asked of a rollback. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/options/backup_kind.hpp"
#include "migrator/options/cut_over_window.hpp"

namespace sluice::migrator {

enum class RollbackStrategy : std::uint8_t {
  immediate,  // as a panic, then clean
  graceful,   // the batch at hand is finished, then clean
  deferred    // pause now; go on, or roll back, at a time or within a window, as the guards say then
};

inline constexpr std::array kRollbackStrategies{RollbackStrategy::immediate, RollbackStrategy::graceful,
                                                RollbackStrategy::deferred};
[[nodiscard]] constexpr const char* to_string(RollbackStrategy strategy) noexcept {
  switch (strategy) {
    case RollbackStrategy::immediate:
      return "immediate";
    case RollbackStrategy::graceful:
      return "graceful";
    case RollbackStrategy::deferred:
      return "deferred";
  }
  return "";
}

enum class RollbackRun : std::uint8_t { start, dry };

struct RollbackRequest {
  RollbackStrategy strategy = RollbackStrategy::graceful;
  std::string at;                         // of a deferred one, RFC 3339 in UTC; empty: within the window
  CutOverWindow window;                   // of a deferred one; empty: at a time
  std::string reason;                     // of whoever asks, for the report
  std::optional<BackupKind> backup;       // of the shadow table, before it is dropped; nothing: as the option says
  std::vector<std::string> test_queries;  // SELECTs that must work with the source table afterwards
  std::vector<std::string> explain;       // statements that the server plans afterwards
  RollbackRun run = RollbackRun::start;
};

}  // namespace sluice::migrator
