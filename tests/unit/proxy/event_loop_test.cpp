// By what a proxy's threads wait: as asked for, and as the system allows.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "net/loop.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/proxy.hpp"
#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

// As container runtimes do it; for this process, for good.
void forbid_io_uring() {
  std::array<sock_filter, 4> rules{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
                                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program{.len = rules.size(), .filter = rules.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::abort();
  }
}

// Prints what was chosen.
[[noreturn]] void start(EventLoop wanted) {
  CountingObserver observer;
  gate::Gate gate;
  ProxyConfig config{.listen = {{"127.0.0.1", 0}}};
  config.event_loop = wanted;
  {
    Proxy proxy{config, gate, observer};
    try {
      proxy.start();
      std::fprintf(stderr, "%s, refused: %s\n", proxy.chosen().event_loop == EventLoop::io_uring ? "io_uring" : "epoll",
                   proxy.chosen().refused ? proxy.chosen().refused.message().c_str() : "no");
    } catch (const std::runtime_error& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }
  std::exit(0);
}

const testing::ExitedWithCode ENDS{0};

TEST(EventLoop, is_epoll_where_that_is_wanted) {
  EXPECT_EXIT(start(EventLoop::epoll), ENDS, "epoll, refused: no");
}

TEST(EventLoop, is_epoll_where_io_uring_is_forbidden_and_says_why) {
  const auto forbidden = [](EventLoop wanted) {
    forbid_io_uring();
    start(wanted);
  };
  EXPECT_EXIT(forbidden(EventLoop::automatic), ENDS, "epoll, refused: Operation not permitted");
  EXPECT_EXIT(forbidden(EventLoop::io_uring), ENDS,
              "io_uring: Operation not permitted: it takes Linux 6.1 and a container that allows it; or start with "
              "--event-loop auto");
}

TEST(EventLoop, is_io_uring_where_it_is_allowed) {
  if (net::Loop::io_uring_refused()) return;
  EXPECT_EXIT(start(EventLoop::automatic), ENDS, "io_uring, refused: no");
  EXPECT_EXIT(start(EventLoop::io_uring), ENDS, "io_uring, refused: no");
}

}  // namespace
}  // namespace sluice::proxy
