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

std::vector<fs::path> executables_of(const fs::path& folder, std::string_view name) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    const bool is_asked_for = entry.path().filename().string().starts_with(name) && entry.is_regular_file(ignored);
    if (is_asked_for && ::access(entry.path().c_str(), X_OK) == 0) found.push_back(entry.path());
  }
  std::ranges::sort(found);
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
