#include "net/stream.hpp"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>

#include "net/compressed.hpp"
#include "net/endpoint.hpp"
#include "net/tls_link.hpp"
#include "net/tls_state.hpp"
#include "net/transport.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;

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

result<protocol::IpEndpoint> to_protocol(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = protocol::parse_ip_address(endpoint.address().to_string());
  if (!address) return address.error();
  return protocol::IpEndpoint{*address, endpoint.port()};
}

enum class End : std::uint8_t { near, far };

// Nothing: not connected any more.
std::optional<asio::generic::stream_protocol::endpoint> end_of(int socket, End end) {
  asio::generic::stream_protocol::endpoint found;
  auto size = static_cast<socklen_t>(found.capacity());
  const auto ask = end == End::near ? ::getsockname : ::getpeername;
  if (ask(socket, static_cast<sockaddr*>(found.data()), &size) != 0) return std::nullopt;
  found.resize(size);
  return found;
}

bool is_certificate_error(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

awaitable<error_code> shake_hands(Transport& below, TlsLink& tls, TlsLink::Step (TlsLink::*once)() noexcept) {
  if (const auto error = co_await below.settle()) co_return error;
  while (true) {
    const auto step = (tls.*once)();
    if (step.error || step.wants == Wants::nothing) co_return step.error;
    if (const auto error = co_await below.wait(step.wants)) co_return error;
  }
}

}  // namespace

Stream::Stream(Socket socket) : Stream(make_transport(std::move(socket))) {}

Stream::Stream(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {
  const auto peer = end_of(transport_->handle(), End::far);
  const auto local = end_of(transport_->handle(), End::near);
  is_unix_ = local && local->protocol().family() == AF_UNIX;
  if (!is_unix_) prepare_tcp(transport_->handle());
  if (!peer) return;
  peer_host_ = is_unix_ ? "localhost" : as_tcp(*peer).address().to_string();
  if (is_unix_ || !local) return;
  const auto client = to_protocol(as_tcp(*peer));
  const auto server = to_protocol(as_tcp(*local));
  if (client && server) connection_ = protocol::ClientConnection{*client, *server};
}

Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

awaitable<result<std::size_t>> Stream::read_some(Room into) {
  return compressed_ ? read_frames(into) : read_bytes(into);
}

awaitable<result<std::size_t>> Stream::read_bytes(Room into) {
  return tls_ ? read_records(into) : transport_->read_some(into);
}

awaitable<result<std::size_t>> Stream::read_records(Room into) {
  while (true) {
    const auto step = tls_->read(into);
    if (step.error) co_return step.error;
    if (step.wants == Wants::nothing) co_return step.bytes;
    if (const auto error = co_await transport_->wait(step.wants)) co_return error;
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
  const auto got = ::recv(transport_->handle(), into.data(), into.size(), MSG_DONTWAIT);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return result<std::size_t>{system_error(errno)};
}

awaitable<error_code> Stream::write(Bytes bytes, std::optional<Origin> origin) {
  return compressed_ ? write_frames(bytes, origin) : write_bytes(bytes);
}

awaitable<error_code> Stream::write_bytes(Bytes bytes) {
  return tls_ ? write_records(bytes) : transport_->write(bytes);
}

awaitable<error_code> Stream::write_records(Bytes bytes) {
  while (!bytes.empty()) {
    const auto step = tls_->write(bytes);
    if (step.error) co_return step.error;
    bytes = bytes.subspan(step.bytes);
    if (step.wants == Wants::nothing) continue;
    if (const auto error = co_await transport_->wait(step.wants)) co_return error;
  }
  co_return error_code{};
}

result<std::size_t> Stream::try_write(Bytes bytes) noexcept {
  return compressed_ ? std::size_t{0} : try_write_bytes(bytes);
}

result<std::size_t> Stream::try_write_bytes(Bytes bytes) noexcept {
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
  return transport_->try_write(bytes);
}

result<std::size_t> send_now(int socket, Bytes bytes) noexcept {
  const auto written = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
  return system_error(errno);
}

bool Stream::is_settled() const noexcept {
  return transport_->is_settled();
}

awaitable<error_code> Stream::settle() {
  return transport_->settle();
}

awaitable<error_code> Stream::accept_tls(ServerTls tls, Bytes already_read) {
  tls_ = std::make_unique<TlsLink>(tls.state().context.native_handle(), transport_->handle(), already_read);
  co_return co_await shake_hands(*transport_, *tls_, &TlsLink::accept);
}

awaitable<error_code> Stream::connect_tls(ClientTls tls, std::string host) {
  tls_ = std::make_unique<TlsLink>(tls.state().context.native_handle(), transport_->handle(), Bytes{});
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
  const auto error = co_await shake_hands(*transport_, *tls_, &TlsLink::connect);
  if (is_certificate_error(error)) co_return Errc::certificate_refused;
  co_return error;
}

bool Stream::is_secure() const noexcept {
  return is_unix_ || is_tls();
}
bool Stream::is_tls() const noexcept {
  return tls_ != nullptr;
}
const std::optional<protocol::ClientConnection>& Stream::connection() const noexcept {
  return connection_;
}

const std::string& Stream::peer_host() const noexcept {
  return peer_host_;
}

bool Stream::has_peer_left() const noexcept {
  pollfd look{.fd = transport_->handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) == 1;
}

void Stream::shutdown_send() noexcept {
  transport_->shutdown_send();
}

void Stream::close() noexcept {
  if (tls_ && transport_->handle() >= 0) tls_->say_goodbye();
  transport_->close();
}

}  // namespace sluice::net
