#include "proxy/session/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "proxy/session/server_error.hpp"

namespace sluice::proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);
// Without file descriptors accept() fails at once, again and again, until some are given back.
constexpr auto PAUSE_AFTER_FAILURE = std::chrono::milliseconds(50);

}  // namespace

Listener::Listener(Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers)
    : shared_(shared), workers_(workers), acceptor_(workers.front()->context()) {}

std::uint16_t Listener::start() {
  const net::Address& listen = shared_.config.listen;
  try {
    tcp::resolver resolver{acceptor_.get_executor()};
    const tcp::endpoint endpoint =
        resolver.resolve(listen.host, std::to_string(listen.port), tcp::resolver::passive).begin()->endpoint();
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address{true});
    acceptor_.bind(endpoint);
    acceptor_.listen();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("can't listen on " + net::to_string(listen) + ": " + error.code().message());
  }
  asio::co_spawn(workers_.front()->context(), accept_all(), asio::detached);
  return acceptor_.local_endpoint().port();
}

void Listener::stop() {
  asio::post(acceptor_.get_executor(), [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

net::awaitable<void> Listener::accept_all() {
  for (std::size_t turn = 0; acceptor_.is_open(); ++turn) {
    Worker& worker = *workers_[turn % workers_.size()];
    auto [error, client] = co_await acceptor_.async_accept(worker.context(), AS_VALUE);
    if (!error) {
      hand_out(net::Stream::Socket{std::move(client)}, worker);
    } else if (acceptor_.is_open()) {
      asio::steady_timer pause{acceptor_.get_executor(), PAUSE_AFTER_FAILURE};
      (void)co_await pause.async_wait(AS_VALUE);
    }
  }
}

void Listener::hand_out(net::Stream::Socket client, Worker& worker) {
  if (++shared_.connections <= shared_.config.limits.connections) {
    asio::post(worker.context(),
               [&worker, client = std::move(client)]() mutable { worker.adopt(net::Stream{std::move(client)}); });
    return;
  }
  --shared_.connections;
  shared_.observer.connection_refused();
  net::Stream refused{std::move(client)};
  (void)refused.try_write(too_many_connections());
}

}  // namespace sluice::proxy
