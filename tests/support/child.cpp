#include "tests/support/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

constexpr int cannot_run = 127;  // as a shell reports it

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string pair = *entry;
    if (!added.contains(pair.substr(0, pair.find('=')))) all.push_back(pair);
  }
  for (const auto& [key, value] : added) all.push_back(key + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

struct Prepared {
  char* const* arguments;
  char* const* environment;
  const char* output;
  std::optional<Account> account;
  pid_t parent;
};

// Between fork and exec of a process with threads: only what is safe in a signal handler.
[[noreturn]] void become(const Prepared& what) {
  ::setpgid(0, 0);
  if (*what.output != '\0') {
    const int file = ::open(what.output, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0 || ::dup2(file, STDERR_FILENO) < 0) ::_exit(cannot_run);
    ::close(file);
  }
  if (what.account) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(what.account->group) != 0 || ::setuid(what.account->user) != 0) {
      ::_exit(cannot_run);
    }
  }
  // After the change of user, which clears it; and the parent may have gone before it was set.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != what.parent) ::_exit(cannot_run);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(what.arguments[0], what.arguments, what.environment);
  ::_exit(cannot_run);
}

}  // namespace

std::optional<Account> unprivileged_account() {
  if (::getuid() != 0) return std::nullopt;
  for (const char* name : {"mysql", "nobody"}) {
    if (const passwd* entry = ::getpwnam(name); entry != nullptr) return Account{entry->pw_uid, entry->pw_gid};
  }
  throw std::system_error{ENOENT, std::generic_category(), "neither an account `mysql` nor `nobody`"};
}

ChildProcess::ChildProcess(const Command& command) {
  auto arguments = command.arguments;
  auto environment = environment_with(command.environment);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const Prepared prepared{argument_pointers.data(), environment_pointers.data(), command.output.c_str(),
                          command.account, ::getpid()};
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (pid_ == 0) become(prepared);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)}, status_{std::exchange(other.status_, std::nullopt)} {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::poll() {
  if (pid_ < 0 || status_) return;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

bool ChildProcess::running() {
  poll();
  return pid_ >= 0 && !status_;
}

void ChildProcess::signal(int number) const {
  if (pid_ >= 0 && !status_) ::kill(pid_, number);
}

void ChildProcess::suspend() const {
  signal(SIGSTOP);
  siginfo_t stopped;
  if (pid_ >= 0 && !status_) ::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WEXITED | WNOWAIT);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  if (!wait_until([this] { return !running(); }, limit)) return std::nullopt;
  return status_;
}

}  // namespace sluice::test
