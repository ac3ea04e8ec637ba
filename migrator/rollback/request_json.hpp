// The body of POST /migrate/{id}/rollback. Pure: what time it is comes in.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/options/options_json.hpp"
#include "migrator/rollback/request.hpp"

namespace sluice::migrator {

inline constexpr std::size_t kRollbackQueriesMax = 32;
inline constexpr std::size_t kRollbackReasonBytesMax = 1000;

// A JSON object, or nothing at all for a graceful one. Codes of a Problem: malformed_json, unknown_field,
// invalid_field.
[[nodiscard]] OptionResult<RollbackRequest> rollback_request_from(std::string_view body,
                                                                  std::chrono::system_clock::time_point now);

// "2026-01-31T12:00:00Z", "2026-01-31T13:00+01:00"; nullopt: not of this form, or no such time.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> moment_from(std::string_view text);

}  // namespace sluice::migrator
