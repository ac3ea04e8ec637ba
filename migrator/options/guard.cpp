#include "migrator/options/guard.hpp"

#include <algorithm>

namespace sluice::migrator {
namespace {

constexpr std::array<std::string_view, kGuardMeasures> kMeasures{"cpu_percent",
                                                                 "memory_percent",
                                                                 "disk_percent",
                                                                 "replica_lag_seconds",
                                                                 "replica_unreachable",
                                                                 "row_difference",
                                                                 "mismatches",
                                                                 "duration_ratio",
                                                                 "sql",
                                                                 "http"};
constexpr std::array<std::string_view, kGuardActions> kActions{"warn", "throttle", "pause", "stop", "panic"};
constexpr std::array<std::string_view, kSeverities> kSeverityWords{"low", "medium", "high", "critical"};

template <class Enum, std::size_t Size>
std::optional<Enum> find_word(const std::array<std::string_view, Size>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

}  // namespace

std::string_view to_string(GuardMeasure measure) noexcept {
  return kMeasures[static_cast<std::size_t>(measure)];
}

std::string_view to_string(GuardAction action) noexcept {
  return kActions[static_cast<std::size_t>(action)];
}

std::optional<GuardAction> guard_action_from(std::string_view word) noexcept {
  return find_word<GuardAction>(kActions, word);
}

std::string_view to_string(Severity severity) noexcept {
  return kSeverityWords[static_cast<std::size_t>(severity)];
}

std::optional<Severity> severity_from(std::string_view word) noexcept {
  return find_word<Severity>(kSeverityWords, word);
}

GuardAction action_of(const Guard& guard, const GuardActions& actions) {
  if (const auto* severity = std::get_if<Severity>(&guard.action)) return actions[*severity];
  return std::get<GuardAction>(guard.action);
}

}  // namespace sluice::migrator
