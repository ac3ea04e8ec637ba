#include "net/stream.hpp"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "net/compressed.hpp"
#include "net/endpoint.hpp"
#include "net/tls_link.hpp"
#include "net/tls_state.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;

using Wants = TlsLink::Wants;

constexpr auto AS_VALUE = asio::as_tuple(asio::use_awaitable);

// A silent peer is given up after 60 s + 6 × 10 s: below the usual idle limits of firewalls and load balancers.
constexpr int KEEPALIVE_IDLE_SECONDS = 60;
constexpr int KEEPALIVE_INTERVAL_SECONDS = 10;
constexpr int KEEPALIVE_PROBES = 6;

void prepare_tcp(int socket) noexcept {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
  set(IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
  set(IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

std::string host_of(const Stream::Socket& socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return "unknown";
  return peer.protocol().family() == AF_UNIX ? "localhost" : as_tcp(peer).address().to_string();
}

result<protocol::IpEndpoint> to_protocol(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = protocol::parse_ip_address(endpoint.address().to_string());
  if (!address) return address.error();
  return protocol::IpEndpoint{*address, endpoint.port()};
}

bool is_certificate_error(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

awaitable<error_code> wait_for(Stream::Socket& socket, Wants wants) {
  const auto [error] = co_await socket.async_wait(
      wants == Wants::read ? Stream::Socket::wait_read : Stream::Socket::wait_write, AS_VALUE);
  co_return error;
}

awaitable<error_code> shake_hands(Stream::Socket& socket, TlsLink& tls, TlsLink::Step (TlsLink::*once)() noexcept) {
  while (true) {
    const auto step = (tls.*once)();
    if (step.error || step.wants == Wants::nothing) co_return step.error;
    if (const auto error = co_await wait_for(socket, step.wants)) co_return error;
  }
}

}  // namespace

Stream::Stream(Socket socket) : socket_(std::make_unique<Socket>(std::move(socket))), peer_host_(host_of(*socket_)) {
  error_code error;
  const auto local = socket_->local_endpoint(error);
  is_unix_ = !error && local.protocol().family() == AF_UNIX;
  if (!is_unix_) prepare_tcp(socket_->native_handle());
}

Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

awaitable<result<std::size_t>> Stream::read_some(Room into) {
  return compressed_ ? read_frames(into) : read_bytes(into);
}

awaitable<result<std::size_t>> Stream::read_bytes(Room into) {
  if (!tls_) {
    const auto [error, bytes] = co_await socket_->async_read_some(asio::buffer(into.data(), into.size()), AS_VALUE);
    if (error && error != asio::error::eof) co_return error;
    co_return bytes;
  }
  while (true) {
    const auto step = tls_->read(into);
    if (step.error) co_return step.error;
    if (step.wants == Wants::nothing) co_return step.bytes;
    if (const auto error = co_await wait_for(*socket_, step.wants)) co_return error;
  }
}

std::optional<result<std::size_t>> Stream::try_read(Room into) noexcept {
  return compressed_ ? unpack_some(into) : try_read_bytes(into);
}

std::optional<result<std::size_t>> Stream::try_read_bytes(Room into) noexcept {
  if (tls_) {
    const auto step = tls_->read(into);
    if (step.error) return result<std::size_t>{step.error};
    if (step.wants != Wants::nothing) return std::nullopt;
    return step.bytes;
  }
  const auto got = ::recv(socket_->native_handle(), into.data(), into.size(), MSG_DONTWAIT);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return result<std::size_t>{error_code{errno, boost::system::system_category()}};
}

awaitable<error_code> Stream::write(Bytes bytes, std::optional<Origin> origin) {
  return compressed_ ? write_frames(bytes, origin) : write_bytes(bytes);
}

awaitable<error_code> Stream::write_bytes(Bytes bytes) {
  if (!tls_) {
    const auto [error, written] =
        co_await asio::async_write(*socket_, asio::buffer(bytes.data(), bytes.size()), AS_VALUE);
    co_return error;
  }
  while (!bytes.empty()) {
    const auto step = tls_->write(bytes);
    if (step.error) co_return step.error;
    bytes = bytes.subspan(step.bytes);
    if (step.wants == Wants::nothing) continue;
    if (const auto error = co_await wait_for(*socket_, step.wants)) co_return error;
  }
  co_return error_code{};
}

result<std::size_t> Stream::try_write(Bytes bytes) noexcept {
  if (compressed_) return std::size_t{0};
  if (tls_) {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const auto step = tls_->write(bytes.subspan(written));
      if (step.error) return step.error;
      if (step.wants != Wants::nothing) break;
      written += step.bytes;
    }
    return written;
  }
  const auto written = ::send(socket_->native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
  return error_code{errno, boost::system::system_category()};
}

awaitable<error_code> Stream::accept_tls(ServerTls tls, Bytes already_read) {
  tls_ = std::make_unique<TlsLink>(tls.state().context.native_handle(), socket_->native_handle(), already_read);
  co_return co_await shake_hands(*socket_, *tls_, &TlsLink::accept);
}

awaitable<error_code> Stream::connect_tls(ClientTls tls, std::string host) {
  tls_ = std::make_unique<TlsLink>(tls.state().context.native_handle(), socket_->native_handle(), Bytes{});
  SSL* const session = tls_->session();
  error_code not_numeric;
  const bool is_name = (asio::ip::make_address(host, not_numeric), not_numeric.failed());
  if (is_name) SSL_set_tlsext_host_name(session, host.c_str());  // SNI carries names only (RFC 6066, 3)
  switch (tls.state().verify) {
    case Verify::nothing:
      SSL_set_verify(session, SSL_VERIFY_NONE, nullptr);
      break;
    case Verify::ca:
      SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
      break;
    case Verify::identity:
      SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
      if ((is_name ? SSL_set1_host(session, host.c_str())
                   : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str())) != 1) {
        co_return Errc::certificate_refused;
      }
      break;
  }
  const auto error = co_await shake_hands(*socket_, *tls_, &TlsLink::connect);
  if (is_certificate_error(error)) co_return Errc::certificate_refused;
  co_return error;
}

bool Stream::is_secure() const noexcept {
  return is_unix_ || is_tls();
}
bool Stream::is_tls() const noexcept {
  return tls_ != nullptr;
}
std::optional<protocol::ClientConnection> Stream::connection() const {
  error_code error;
  const auto peer = socket_->remote_endpoint(error);
  if (error || is_unix_) return std::nullopt;
  const auto local = socket_->local_endpoint(error);
  if (error) return std::nullopt;
  const auto client = to_protocol(as_tcp(peer));
  const auto server = to_protocol(as_tcp(local));
  if (!client || !server) return std::nullopt;
  return protocol::ClientConnection{*client, *server};
}

const std::string& Stream::peer_host() const noexcept {
  return peer_host_;
}

bool Stream::has_peer_left() const noexcept {
  pollfd look{.fd = socket_->native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) == 1;
}

void Stream::shutdown_send() noexcept {
  error_code ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() noexcept {
  error_code ignored;
  if (tls_ && socket_->is_open()) tls_->say_goodbye();
  socket_->close(ignored);
}

}  // namespace sluice::net
