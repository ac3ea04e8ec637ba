// How long a rollback may take, and how risky it is, from what can be known before it begins. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/options/backup_kind.hpp"
#include "migrator/rollback/report.hpp"

namespace sluice::migrator {

// What dropping a table, or dumping one, took once.
struct Measured {
  std::uint64_t bytes = 0;
  double ms = 0;
};

// How long so many bytes may take, by what others took; nothing: none of them tells. Below kSmallBytes it is the median
// of the small ones, as even an empty table takes its time; above it the large ones' time for each byte.
inline constexpr std::uint64_t kSmallBytes = 16ULL << 20U;
[[nodiscard]] std::optional<double> expected_ms(const std::vector<Measured>& measured, std::uint64_t bytes);

struct RollbackFacts {
  std::uint64_t source_bytes = 0, source_rows = 0;
  std::uint64_t shadow_bytes = 0, shadow_rows = 0;
  BackupKind backup = BackupKind::none;
  std::vector<Measured> drops, dumps;
  std::optional<std::uint64_t> backup_bytes_free;  // in the folder of backups
  std::optional<std::uint64_t> threads_running;
  std::string held_back_by;  // what throttles the migration, or would; empty: nothing
  std::vector<std::string> firing_guards;
  std::uint64_t mismatches = 0;
  bool in_cut_over = false;
  bool source_exists = true;
};

[[nodiscard]] RollbackEstimate estimate(const RollbackFacts& facts);

}  // namespace sluice::migrator
