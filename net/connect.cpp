#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "net/stream.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Clock = std::chrono::steady_clock;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t MAX_UNIX_PATH = 107;  // sockaddr_un::sun_path without its final zero

awaitable<result<std::vector<Endpoint>>> resolve(Address address) {
  if (address.is_unix()) {
    if (address.host.size() > MAX_UNIX_PATH) co_return Errc::bad_address;
    co_return std::vector<Endpoint>{asio::local::stream_protocol::endpoint{address.host}};
  }
  error_code not_numeric;
  const auto numeric = asio::ip::make_address(address.host, not_numeric);
  if (!not_numeric) co_return std::vector<Endpoint>{asio::ip::tcp::endpoint{numeric, address.port}};

  asio::ip::tcp::resolver resolver{co_await asio::this_coro::executor};
  const auto [error, found] = co_await resolver.async_resolve(address.host, std::to_string(address.port), AS_VALUE);
  if (error || found.empty()) co_return Errc::host_not_found;
  std::vector<Endpoint> endpoints;
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  co_return endpoints;
}

awaitable<error_code> connect_one(std::shared_ptr<Stream::Socket> socket, Endpoint endpoint,
                                  Clock::time_point deadline) {
  asio::steady_timer timer{co_await asio::this_coro::executor, deadline};
  timer.async_wait([socket](error_code cancelled) {
    error_code ignored;
    if (!cancelled) socket->close(ignored);
  });
  const auto [error] = co_await socket->async_connect(endpoint, AS_VALUE);
  if (error && Clock::now() >= deadline) co_return Errc::deadline_passed;
  co_return error;
}

}  // namespace

awaitable<result<Stream>> connect(Address address, Clock::time_point deadline) {
  const auto endpoints = co_await resolve(address);
  if (!endpoints) co_return endpoints.error();
  error_code last = Errc::host_not_found;
  for (const auto& endpoint : *endpoints) {
    if (Clock::now() >= deadline) co_return Errc::deadline_passed;
    auto socket = std::make_shared<Stream::Socket>(co_await asio::this_coro::executor);
    last = co_await connect_one(socket, endpoint, deadline);
    // The deadline may have closed a socket whose connect had succeeded in the same turn.
    if (!last && socket->is_open()) co_return Stream{std::move(*socket)};
    if (!last) last = Errc::deadline_passed;
  }
  co_return last;
}

}  // namespace sluice::net
