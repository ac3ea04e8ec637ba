// What the program ends with; part of the contract with scripts, listed in `sluice migrate --help`.
#pragma once

namespace sluice::app {

namespace exit_code {
inline constexpr int ok = 0;       // migrate: the migration completed (or was started, with --detach)
inline constexpr int failure = 1;  // the network, the API or the start failed
inline constexpr int refused = 2;  // wrong usage or configuration, credentials denied, a request that was refused
inline constexpr int stopped = 3;  // migrate: the migration was stopped, or undone
inline constexpr int panicked = 4;
inline constexpr int failed = 5;  // migrate: the migration failed
}  // namespace exit_code

}  // namespace sluice::app
