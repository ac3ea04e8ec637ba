// How far a backup is, and what became of it.
#pragma once

#include <cstdint>
#include <string>

#include "migrator/options/backup_kind.hpp"

namespace sluice::migrator {

struct BackupStatus {
  enum class State : std::uint8_t {
    running,
    complete,  // read back, with its last line and as many rows as the table
    nothing,   // the table is not there
    failed
  };
  State state = State::running;
  BackupKind kind = BackupKind::none;
  std::string table;
  std::string file;  // its path; empty: none has been made
  std::uint64_t bytes = 0, bytes_estimated = 0;
  std::uint64_t rows = 0, rows_expected = 0;
  std::string problem;  // why it failed
};

[[nodiscard]] constexpr const char* to_string(BackupStatus::State state) noexcept {
  switch (state) {
    case BackupStatus::State::running:
      return "running";
    case BackupStatus::State::complete:
      return "complete";
    case BackupStatus::State::nothing:
      return "nothing";
    case BackupStatus::State::failed:
      return "failed";
  }
  return "";
}

}  // namespace sluice::migrator
