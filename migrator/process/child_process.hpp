// A program that runs beside us: no connection of ours, no blocked signal, a process group of its own, and of our
// environment only what it is given, as the password may stand there. Belongs to one thread; does not block but where
// it says so.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::migrator {

inline constexpr int kSecretDescriptor = 3;  // where the program finds ChildProcess::Start::secret

class ChildProcess {
 public:
  struct Start {
    std::filesystem::path program;
    std::vector<std::string> arguments;    // behind its name
    std::vector<std::string> environment;  // "NAME=value"; PATH is added
    // Descriptors of ours, which stay ours. -1: /dev/null for the output, our own standard error, nothing.
    int output = -1;
    int error = -1;
    int secret = -1;
  };

  // Why it can't be run, in words; empty: it runs.
  [[nodiscard]] std::string start(const Start& wanted);
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // kill()

  // How it ended, in words, empty: with status 0. nullopt: it still runs.
  [[nodiscard]] std::optional<std::string> ended();
  // With all that it has started; blocks until it is gone.
  void kill();

 private:
  pid_t process_ = 0;
};

// The file of a program that is named by a path, or found in PATH; empty: there is none that may be run.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

}  // namespace sluice::migrator
