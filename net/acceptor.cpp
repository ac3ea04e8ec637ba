#include "net/acceptor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "net/endpoint.hpp"

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
  acceptor_.open(endpoint.protocol());
  if (!file_) acceptor_.set_option(asio::socket_base::reuse_address{true});
  acceptor_.bind(endpoint);
  if (file_) file_->bound();
  acceptor_.listen();
}

awaitable<result<Stream::Socket>> Acceptor::accept(asio::any_io_executor executor) {
  auto [error, client] = co_await acceptor_.async_accept(executor, AS_VALUE);
  if (error) co_return error;
  co_return std::move(client);
}

void Acceptor::close() noexcept {
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace sluice::net
