#include "app/signals.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>

namespace sluice::app {

Signals::Signals(Hangup hangup) {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  if (hangup == Hangup::is_waited_for) sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  if (sigismember(&set_, SIGHUP) == 1) std::signal(SIGHUP, SIG_IGN);
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

std::optional<int> Signals::wait_for(std::chrono::milliseconds time) const {
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::max(deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration{});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = seconds.count(),
                         .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
    const int number = sigtimedwait(&set_, nullptr, &limit);
    if (number > 0) return number;
    if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace sluice::app
