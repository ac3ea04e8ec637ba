#include "migrator/notify/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "migrator/process/child_process.hpp"

namespace sluice::migrator {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{10};

}  // namespace

Commands commands_of(const fs::path& folder, std::string_view name) {
  Commands found;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    std::error_code strange;
    if (!file.starts_with(name) || entry->is_directory(strange)) continue;
    if (entry->is_regular_file(strange) && ::access(entry->path().c_str(), X_OK) == 0) {
      found.executables.push_back(entry->path());
    } else {
      found.problem = file + " is no executable";
    }
  }
  if (error) found.problem = "the folder of hooks can't be read: " + error.message();
  std::ranges::sort(found.executables);
  return found;
}

std::string run_command(const fs::path& command, const Environment& environment, const std::function<bool()>& give_up) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  ChildProcess child;
  if (auto problem = child.start({.program = command, .arguments = {}, .environment = std::move(variables)});
      !problem.empty()) {
    return problem;
  }
  const auto deadline = Clock::now() + kCommandWithin;
  while (true) {
    if (auto outcome = child.ended()) return *outcome;
    const bool late = Clock::now() >= deadline;
    if (!late && !give_up()) {
      std::this_thread::sleep_for(kLookEvery);
      continue;
    }
    child.kill();
    return late ? "it took longer than " + std::to_string(kCommandWithin.count()) + " s, and was killed"
                : "it was not waited for";
  }
}

}  // namespace sluice::migrator
