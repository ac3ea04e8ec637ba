#include "tests/bench/copy_loop.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <thread>
#include <vector>

namespace sluice::test {
namespace {

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connected_to(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = local(port);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  return made;
}

// The event's number holds both sockets: where to read, and where to write.
void watch(int epoll, int from, int to) {
  const int on = 1;
  ::setsockopt(from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{.events = EPOLLIN,
                    .data = {.u64 = static_cast<std::uint64_t>(from) << 32U | static_cast<std::uint32_t>(to)}};
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event) != 0) std::abort();
}

bool send_all(int to, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else {
      pollfd full{.fd = to, .events = POLLOUT, .revents = 0};
      ::poll(&full, 1, -1);
    }
  }
  return true;
}

void carry(int epoll) {
  std::array<epoll_event, 64> events{};
  std::vector<char> buffer(64U * 1024U);
  while (true) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (const auto& event : std::span(events).first(static_cast<std::size_t>(count > 0 ? count : 0))) {
      const auto from = static_cast<int>(event.data.u64 >> 32U);
      const auto to = static_cast<int>(event.data.u64 & 0xFFFFFFFFU);
      const auto got = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) continue;
      if (got > 0 && send_all(to, std::span(buffer).first(static_cast<std::size_t>(got)))) continue;
      // The other socket's own end closes it.
      ::shutdown(to, SHUT_WR);
      ::close(from);
    }
  }
}

}  // namespace

void run_copy_loop(std::uint16_t port, std::uint16_t target) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = local(port);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  if (::listen(listener, SOMAXCONN) != 0) std::abort();
  std::vector<int> loops(std::max(1U, std::thread::hardware_concurrency()));
  for (int& epoll : loops) {
    epoll = ::epoll_create1(0);
    std::thread(carry, epoll).detach();
  }
  for (std::size_t next = 0;; ++next) {
    const int client = ::accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    const int server = connected_to(target);
    const int epoll = loops[next % loops.size()];
    watch(epoll, client, server);
    watch(epoll, server, client);
  }
}

}  // namespace sluice::test
