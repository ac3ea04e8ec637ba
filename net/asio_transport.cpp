// A socket whose thread waits in Asio's reactor.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/ring.hpp"
#include "net/ring_transport.hpp"
#include "net/transport.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);

class AsioTransport final : public Transport {
 public:
  explicit AsioTransport(Stream::Socket socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int handle() const noexcept override {
    return const_cast<Stream::Socket&>(socket_).native_handle();  // which Asio has no const one of
  }

  [[nodiscard]] awaitable<result<std::size_t>> read_some(Room into) override {
    const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), AS_VALUE);
    if (error && error != asio::error::eof) co_return error;
    co_return bytes;
  }

  [[nodiscard]] awaitable<error_code> write(Bytes bytes) override {
    const auto [error, written] =
        co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), AS_VALUE);
    co_return error;
  }

  [[nodiscard]] result<std::size_t> try_write(Bytes bytes) noexcept override { return send_now(handle(), bytes); }

  [[nodiscard]] bool is_settled() const noexcept override { return true; }

  [[nodiscard]] awaitable<error_code> settle() override { co_return error_code{}; }

  [[nodiscard]] awaitable<error_code> wait(Wants wants) override {
    const auto [error] = co_await socket_.async_wait(
        wants == Wants::read ? Stream::Socket::wait_read : Stream::Socket::wait_write, AS_VALUE);
    co_return error;
  }

  void shutdown_send() noexcept override {
    error_code ignored;
    socket_.shutdown(Stream::Socket::shutdown_send, ignored);
  }

  void close() noexcept override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Stream::Socket socket_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(Stream::Socket socket) {
  if (Ring* const ring = Ring::behind(socket.get_executor())) {
    return std::make_unique<RingTransport>(*ring, socket.release());
  }
  return std::make_unique<AsioTransport>(std::move(socket));
}

}  // namespace sluice::net
