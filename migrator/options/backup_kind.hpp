// What is written to a file before a table is dropped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::migrator {

enum class BackupKind : std::uint8_t { none, definition, data };  // `data`: with the definition
inline constexpr std::array kBackupKinds{BackupKind::none, BackupKind::definition, BackupKind::data};

[[nodiscard]] constexpr std::string_view to_string(BackupKind kind) noexcept {
  switch (kind) {
    case BackupKind::none:
      return "none";
    case BackupKind::definition:
      return "definition";
    case BackupKind::data:
      return "data";
  }
  return "";
}

[[nodiscard]] constexpr std::optional<BackupKind> backup_kind_from(std::string_view text) noexcept {
  for (const BackupKind kind : kBackupKinds) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace sluice::migrator
