// A child process that cannot outlive the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

struct Account {
  uid_t user;
  gid_t group;
};

// Whom servers run as: nobody's account that owns nothing if we are root (servers refuse to run as root), else
// ourselves.
[[nodiscard]] std::optional<Account> unprivileged_account();

struct Command {
  std::vector<std::string> arguments;              // the program, by its path, and its arguments
  std::map<std::string, std::string> environment;  // added to ours
  std::filesystem::path output;                    // standard output and error are appended here; empty: ours
  std::optional<Account> account;                  // empty: the caller's
};

// Owns one process; kills it (SIGKILL) on destruction, and the kernel does when the thread that started it ends, by
// whatever cause: start children on threads that outlive them. Runs in its own process group, so a Ctrl-C at the
// terminal is for the parent to act on. Not thread-safe. Throws std::system_error if there can be no new process.
class ChildProcess {
 public:
  explicit ChildProcess(const Command& command);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;  // of a process that has ended: does nothing
  void suspend() const;           // SIGSTOP, and waits until the last of its threads stands still; SIGCONT ends it

  // The exit status (128 + signal if one ended it), or nothing if it still runs after `limit`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);

 private:
  void poll();

  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace sluice::test
