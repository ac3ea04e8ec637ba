#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <vector>

#include "net/ring.hpp"
#include "net/ring_transport.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"

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

awaitable<result<Stream>> connect_by_asio(Endpoint endpoint, Clock::time_point deadline) {
  const auto executor = co_await asio::this_coro::executor;
  Stream::Socket socket{executor};
  Timer timer{executor};
  timer.set(deadline, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  const auto [error] = co_await socket.async_connect(endpoint, AS_VALUE);
  // The deadline may have closed a socket whose connect had succeeded in the same turn.
  if (Clock::now() >= deadline && (error || !socket.is_open())) co_return Errc::deadline_passed;
  if (error) co_return error;
  co_return Stream{std::move(socket)};
}

awaitable<result<Stream>> connect_by_ring(Ring& ring, Endpoint endpoint, Clock::time_point deadline) {
  const auto protocol = endpoint.protocol();
  const int socket = ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
  if (socket < 0) co_return system_error(errno);
  auto transport = std::make_unique<RingTransport>(ring, socket);
  const Bytes address{static_cast<const std::uint8_t*>(static_cast<const void*>(endpoint.data())), endpoint.size()};
  const auto done = co_await ring.connect(socket, address, deadline - Clock::now());
  if (done.result < 0 && Clock::now() >= deadline) co_return Errc::deadline_passed;
  if (done.result < 0) co_return system_error(-done.result);
  co_return Stream{std::move(transport)};
}

}  // namespace

awaitable<result<Stream>> connect(Address address, Clock::time_point deadline) {
  const auto endpoints = co_await resolve(address);
  if (!endpoints) co_return endpoints.error();
  error_code last = Errc::host_not_found;
  for (const auto& endpoint : *endpoints) {
    if (Clock::now() >= deadline) co_return Errc::deadline_passed;
    Ring* const ring = Ring::behind(co_await asio::this_coro::executor);
    auto connected =
        co_await (ring != nullptr ? connect_by_ring(*ring, endpoint, deadline) : connect_by_asio(endpoint, deadline));
    if (connected) co_return std::move(*connected);
    last = connected.error();
  }
  co_return last;
}

}  // namespace sluice::net
