// The wall clock as people and JSON read it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace sluice::migrator {

// RFC 3339 in UTC with milliseconds, e.g. "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string now_as_text();

[[nodiscard]] std::string as_text(std::chrono::system_clock::time_point time);

// The other way round, to the second; nullopt: not such a text.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> time_from(const std::string& text);

}  // namespace sluice::migrator
