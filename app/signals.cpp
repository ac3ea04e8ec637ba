#include "app/signals.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sluice::app {
namespace {

sigset_t both() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = both();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  const sigset_t set = both();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int Signals::wait() const {
  const sigset_t set = both();
  for (;;) {
    const int number = sigwaitinfo(&set, nullptr);
    if (number > 0) return number;
  }
}

std::optional<int> Signals::wait_for(std::chrono::milliseconds time) const {
  const sigset_t set = both();
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::max(deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration{});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = seconds.count(),
                         .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
    const int number = sigtimedwait(&set, nullptr, &limit);
    if (number > 0) return number;
    if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace sluice::app
