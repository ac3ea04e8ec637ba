// A guard as it is asked for: what is measured, from which value on and for how long it counts, and what follows.
// Values and their words.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::migrator {

enum class GuardMeasure : std::uint8_t {
  cpu_percent,          // of all processors of Sluice's machine
  memory_percent,       // of its memory, what could not be given to anybody now
  disk_percent,         // of the file system of a path there
  replica_lag_seconds,  // of the replica of throttle_control_replicas that lags most
  replica_unreachable,  // how many of them can't be reached
  row_difference,       // rows that one of the two tables has more, beyond what is still to be applied
  mismatches,           // rows found unequal so far
  duration_ratio,       // how many times the time that was estimated it has taken
  sql,                  // the first value of a query
  http,                 // 0 while a URL is answered with 200, 1 with another status
};
inline constexpr std::size_t kGuardMeasures = 10;
[[nodiscard]] std::string_view to_string(GuardMeasure measure) noexcept;

enum class GuardAction : std::uint8_t { warn, throttle, pause, stop, panic };
inline constexpr std::size_t kGuardActions = 5;
[[nodiscard]] std::string_view to_string(GuardAction action) noexcept;
[[nodiscard]] std::optional<GuardAction> guard_action_from(std::string_view word) noexcept;

enum class Severity : std::uint8_t { low, medium, high, critical };
inline constexpr std::size_t kSeverities = 4;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
[[nodiscard]] std::optional<Severity> severity_from(std::string_view word) noexcept;

// What a severity leads to.
struct GuardActions {
  std::array<GuardAction, kSeverities> of{GuardAction::warn, GuardAction::throttle, GuardAction::pause,
                                          GuardAction::stop};
  [[nodiscard]] GuardAction operator[](Severity severity) const { return of.at(static_cast<std::size_t>(severity)); }
};

struct Guard {
  std::string name;  // no other guard of the migration has it
  GuardMeasure measure{};
  std::string subject;  // the path, the query or the URL of those that have one
  double threshold = 0;
  std::chrono::seconds lasts{0};  // how long the reading has to be at least the threshold; to calm down as well
  std::variant<GuardAction, Severity> action = GuardAction::warn;
  GuardAction if_unevaluable = GuardAction::warn;  // or pause
  bool operator==(const Guard&) const = default;
};

inline constexpr std::size_t kGuardsMax = 32;

[[nodiscard]] GuardAction action_of(const Guard& guard, const GuardActions& actions);

// Of a migration that asks for none of its own: they only warn.
[[nodiscard]] inline std::vector<Guard> default_guards() {
  constexpr std::chrono::seconds kNoPeak{60};
  return {{.name = "cpu", .measure = GuardMeasure::cpu_percent, .threshold = 80, .lasts = kNoPeak},
          {.name = "memory", .measure = GuardMeasure::memory_percent, .threshold = 85, .lasts = kNoPeak},
          {.name = "disk", .measure = GuardMeasure::disk_percent, .subject = "/", .threshold = 85, .lasts = kNoPeak},
          {.name = "replica_lag", .measure = GuardMeasure::replica_lag_seconds, .threshold = 300},
          {.name = "duration", .measure = GuardMeasure::duration_ratio, .threshold = 2}};
}

}  // namespace sluice::migrator
