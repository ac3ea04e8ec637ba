#include "app/primary.hpp"

#include <algorithm>
#include <array>

namespace sluice::app {
namespace {

// Server: 1040 too many connections, 1053 shutdown in progress, 1129 host blocked, 1203 too many of this user.
// Client library: 2002 and 2003 can't connect, 2005 unknown host, 2006 gone away, 2012 and 2013 lost while logging in.
constexpr std::array<unsigned, 10> PASSING{1040, 1053, 1129, 1203, 2002, 2003, 2005, 2006, 2012, 2013};

}  // namespace

LoginFailure judge_login(const migrator::SqlError& error) noexcept {
  return std::ranges::find(PASSING, error.code) != PASSING.end() ? LoginFailure::not_there_yet : LoginFailure::denied;
}

std::chrono::milliseconds next_login_pause(std::chrono::milliseconds last) noexcept {
  return std::clamp(2 * last, LOGIN_PAUSE_MIN, LOGIN_PAUSE_MAX);
}

}  // namespace sluice::app
