#include "migrator/process/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace sluice::migrator {
namespace {

namespace fs = std::filesystem;

class Spawning {
 public:
  explicit Spawning(const ChildProcess::Start& wanted) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (wanted.output < 0) {
      posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    } else {
      posix_spawn_file_actions_adddup2(&actions_, wanted.output, STDOUT_FILENO);
    }
    if (wanted.error >= 0) posix_spawn_file_actions_adddup2(&actions_, wanted.error, STDERR_FILENO);
    // Onto itself it only stays open over the exec.
    if (wanted.secret >= 0) posix_spawn_file_actions_adddup2(&actions_, wanted.secret, kSecretDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kSecretDescriptor + (wanted.secret >= 0 ? 1 : 0));
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
  [[nodiscard]] int spawn(pid_t& process, std::vector<std::string> arguments, std::vector<std::string> environment) {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    return posix_spawn(&process, arguments.front().c_str(), &actions_, &attributes_, pointers(arguments).data(),
                       pointers(environment).data());
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

}  // namespace

std::string ChildProcess::start(const Start& wanted) {
  std::vector<std::string> arguments{wanted.program.string()};
  arguments.insert(arguments.end(), wanted.arguments.begin(), wanted.arguments.end());
  std::vector<std::string> environment = wanted.environment;
  if (const char* path = std::getenv("PATH"); path != nullptr) environment.push_back(std::string("PATH=") + path);
  const int error = Spawning(wanted).spawn(process_, std::move(arguments), std::move(environment));
  if (error == 0) return "";
  process_ = 0;
  return std::string("it can't be run: ") + std::strerror(error);
}

ChildProcess::~ChildProcess() {
  kill();
}

std::optional<std::string> ChildProcess::ended() {
  int status = 0;
  const pid_t ended = ::waitpid(process_, &status, WNOHANG);
  if (ended == 0) return std::nullopt;
  const bool known = ended == process_;
  process_ = 0;
  return known ? outcome_of(status) : "nobody can tell how it ended";
}

void ChildProcess::kill() {
  if (process_ == 0) return;
  ::kill(-process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

fs::path find_program(const std::string& name) {
  const auto may_run = [](const fs::path& file) {
    std::error_code ignored;
    return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return may_run(name) ? fs::path(name) : fs::path();
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!folders.empty()) {
    const auto colon = folders.find(':');
    const std::string_view folder = folders.substr(0, colon);
    // An empty one would be whatever folder we were started in.
    if (const auto file = fs::path(folder) / name; !folder.empty() && may_run(file)) return file;
    folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
  }
  return {};
}

}  // namespace sluice::migrator
