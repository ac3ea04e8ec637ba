#include "proxy/session/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/session/server_error.hpp"

namespace sluice::proxy {
namespace {

namespace asio = boost::asio;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);
// Without file descriptors accept() fails at once, again and again, until some are given back.
constexpr auto PAUSE_AFTER_FAILURE = std::chrono::milliseconds(50);

}  // namespace

Listener::Listener(Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers,
                   boost::asio::any_io_executor executor)
    : shared_(shared), workers_(workers), executor_(std::move(executor)) {}

std::vector<net::Address> Listener::start() {
  std::vector<net::Address> addresses;
  for (const auto& address : shared_.config.listen) {
    addresses.push_back(acceptors_.emplace_back(executor_, address).address());
  }
  for (auto& acceptor : acceptors_) {
    asio::co_spawn(executor_, accept_all(acceptor), asio::detached);
  }
  return addresses;
}

void Listener::stop() {
  asio::post(executor_, [this] {
    for (auto& acceptor : acceptors_) acceptor.close();
  });
}

net::awaitable<void> Listener::accept_all(net::Acceptor& acceptor) {
  while (acceptor.is_open()) {
    Worker& worker = *workers_[turn_++ % workers_.size()];
    auto client = co_await acceptor.accept(worker.executor());
    if (client) {
      hand_out(std::move(*client), worker);
    } else if (acceptor.is_open()) {
      asio::steady_timer pause{executor_, PAUSE_AFTER_FAILURE};
      (void)co_await pause.async_wait(AS_VALUE);
    }
  }
}

void Listener::hand_out(net::Stream::Socket client, Worker& worker) {
  const bool has_room = ++shared_.connections <= shared_.limits.load()->connections;
  if (!has_room) --shared_.connections;
  asio::post(worker.executor(), [this, has_room, &worker, client = std::move(client)]() mutable {
    net::Stream stream{std::move(client)};
    if (has_room) return worker.adopt(std::move(stream));
    shared_.observer.connection_refused(Refusal::connections, stream.peer_host());
    (void)stream.try_write(too_many_connections());
  });
}

}  // namespace sluice::proxy
