// Waiting for a primary that is not up yet, as a decision without clock or sockets.
#pragma once

#include <chrono>
#include <cstdint>

#include "migrator/sql/sql_error.hpp"

namespace sluice::app {

enum class LoginFailure : std::uint8_t {
  not_there_yet,  // nobody answers, or it is starting, ending or full: the same may work later
  denied,         // it answered, and waiting will not change the answer
};

[[nodiscard]] LoginFailure judge_login(const migrator::SqlError& error) noexcept;

inline constexpr std::chrono::milliseconds LOGIN_PAUSE_MIN{250};
inline constexpr std::chrono::milliseconds LOGIN_PAUSE_MAX{5000};

// How long to wait after a failure, given the wait before it (zero at first).
[[nodiscard]] std::chrono::milliseconds next_login_pause(std::chrono::milliseconds last) noexcept;

}  // namespace sluice::app
