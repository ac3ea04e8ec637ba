#include "net/acceptor.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "net/endpoint.hpp"
#include "net/ring.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);

tcp::endpoint resolve(const asio::any_io_executor& executor, const Address& address) {
  tcp::resolver resolver{executor};
  return resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive).begin()->endpoint();
}

}  // namespace

Acceptor::Acceptor(const asio::any_io_executor& executor, const Address& address)
    : address_(address), acceptor_(executor) {
  try {
    if (address.is_unix()) {
      file_.emplace(address.host);
      listen_at(asio::local::stream_protocol::endpoint{address.host});
      return;
    }
    listen_at(resolve(executor, address));
    address_.port = as_tcp(acceptor_.local_endpoint()).port();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("can't listen on " + to_string(address) + ": " + error.code().message());
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("can't listen on " + to_string(address) + ": " + error.what());
  }
}

void Acceptor::listen_at(const asio::generic::stream_protocol::endpoint& endpoint) {
  protocol_ = endpoint.protocol();
  acceptor_.open(protocol_);
  if (!file_) acceptor_.set_option(asio::socket_base::reuse_address{true});
  acceptor_.bind(endpoint);
  if (file_) file_->bound();
  acceptor_.listen();
}

awaitable<result<Stream::Socket>> Acceptor::accept(asio::any_io_executor executor) {
  if (Ring* const ring = Ring::behind(acceptor_.get_executor())) {
    const auto done = co_await ring->accept(acceptor_.native_handle());
    if (done.result < 0) co_return error_code{-done.result, boost::system::system_category()};
    Stream::Socket socket{executor};
    error_code error;
    socket.assign(protocol_, done.result, error);
    if (error) ::close(done.result);
    if (error) co_return error;
    co_return socket;
  }
  auto [error, client] = co_await acceptor_.async_accept(executor, AS_VALUE);
  if (error) co_return error;
  co_return std::move(client);
}

void Acceptor::close() noexcept {
  error_code ignored;
  if (!acceptor_.is_open()) return;
  if (Ring* const ring = Ring::behind(acceptor_.get_executor())) {
    // An accept() under way would keep it open; one not begun names the descriptor.
    ring->flush();
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  }
  acceptor_.close(ignored);
}

}  // namespace sluice::net
