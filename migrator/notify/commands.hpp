// Command hooks: executables of a folder whose names begin as asked for.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/notify/notice.hpp"

namespace sluice::migrator {

inline constexpr std::chrono::seconds kCommandWithin{60};  // then it is killed, with all that it has started

struct Commands {
  std::vector<std::filesystem::path> executables;  // by name
  // In words, what was to be one and can't be run, or why nobody can tell; empty: nothing.
  std::string problem;
};

[[nodiscard]] Commands commands_of(const std::filesystem::path& folder, std::string_view name);

// Runs a command with this environment, PATH, and nothing else of ours. Why it failed, in words; empty: it ended with
// 0. Blocks until it has ended, kCommandWithin has passed, or `give_up` says so (asked often; then it is killed). What
// it leaves running in its process group is killed as well.
[[nodiscard]] std::string run_command(const std::filesystem::path& command, const Environment& environment,
                                      const std::function<bool()>& give_up);

}  // namespace sluice::migrator
