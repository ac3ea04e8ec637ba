#include "migrator/notify/commands.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace sluice::migrator {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{10};

// What a child is to have of ours: no connection, no blocked signal, a process group of its own.
class Spawning {
 public:
  Spawning() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Spawning() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  // The system's error, or 0.
  [[nodiscard]] int spawn(pid_t& process, const std::string& command, std::vector<std::string> environment) const {
    std::string name = command;
    std::array<char*, 2> arguments{name.data(), nullptr};
    std::vector<char*> variables;
    for (std::string& variable : environment) variables.push_back(variable.data());
    variables.push_back(nullptr);
    return posix_spawn(&process, command.c_str(), &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string outcome_of(int status) {
  if (WIFEXITED(status)) {
    return WEXITSTATUS(status) == 0 ? "" : "it ends with status " + std::to_string(WEXITSTATUS(status));
  }
  return "it was killed by signal " + std::to_string(WTERMSIG(status));
}

// Without taking note of it: it stays a zombie. True also where nobody can tell.
bool has_ended(pid_t process) {
  siginfo_t info{};
  const int looked = ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT);
  return looked != 0 || info.si_pid == process;
}

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
  // Nothing else: the password stands in our own environment.
  if (const char* path = std::getenv("PATH"); path != nullptr) variables.push_back(std::string("PATH=") + path);
  pid_t process = 0;
  if (const int error = Spawning().spawn(process, command.string(), std::move(variables)); error != 0) {
    return std::string("it can't be run: ") + std::strerror(error);
  }
  const auto deadline = Clock::now() + kCommandWithin;
  bool late = false;
  bool given_up = false;
  while (!has_ended(process) && !late && !given_up) {
    std::this_thread::sleep_for(kLookEvery);
    late = Clock::now() >= deadline;
    given_up = give_up();
  }
  // Not waited for yet: until then its number, and so that of the group, is nobody else's.
  ::kill(-process, SIGKILL);
  int status = 0;
  const pid_t ended = ::waitpid(process, &status, 0);
  if (late) return "it took longer than " + std::to_string(kCommandWithin.count()) + " s, and was killed";
  if (given_up) return "it was not waited for";
  return ended == process ? outcome_of(status) : "nobody can tell how it ended";
}

}  // namespace sluice::migrator
