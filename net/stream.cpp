#include "net/stream.hpp"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <climits>

#include "net/endpoint.hpp"
#include "net/tls_state.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

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

result<std::size_t> end_as_zero(const error_code& error, std::size_t bytes) {
  if (!error) return bytes;
  if (error == asio::error::eof || error == ssl::error::stream_truncated) return 0;
  return error;
}

bool is_certificate_error(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace

struct Stream::Tls {
  Tls(Socket& socket, ssl::context& context) : stream(socket, context) {}
  ssl::stream<Socket&> stream;
  bool writing = false;

  // Asio's own shutdown would wait for the peer's answer. What the session writes from here on goes nowhere.
  void say_goodbye(int socket) noexcept {
    SSL* const session = stream.native_handle();
    BIO* const record = writing || SSL_is_init_finished(session) != 1 ? nullptr : BIO_new(BIO_s_mem());
    if (record == nullptr) return;
    SSL_set0_wbio(session, record);
    SSL_shutdown(session);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(record, &bytes);
    if (size > 0) (void)::send(socket, bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
};

Stream::Stream(Socket socket) : socket_(std::make_unique<Socket>(std::move(socket))), peer_host_(host_of(*socket_)) {
  error_code error;
  const auto local = socket_->local_endpoint(error);
  is_unix_ = !error && local.protocol().family() == AF_UNIX;
  if (!is_unix_) prepare_tcp(socket_->native_handle());
}

Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

awaitable<result<std::size_t>> Stream::read_some(Room into) {
  const auto room = asio::buffer(into.data(), into.size());
  const auto [error, bytes] =
      tls_ ? co_await tls_->stream.async_read_some(room, AS_VALUE) : co_await socket_->async_read_some(room, AS_VALUE);
  co_return end_as_zero(error, bytes);
}

std::optional<result<std::size_t>> Stream::try_read(Room into) noexcept {
  if (tls_) {
    SSL* const session = tls_->stream.native_handle();
    if (SSL_pending(session) <= 0) return std::nullopt;
    const int got = SSL_read(session, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
    return got > 0 ? std::optional{result<std::size_t>{static_cast<std::size_t>(got)}} : std::nullopt;
  }
  const auto got = ::recv(socket_->native_handle(), into.data(), into.size(), MSG_DONTWAIT);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return result<std::size_t>{error_code{errno, boost::system::system_category()}};
}

awaitable<error_code> Stream::write(Bytes bytes) {
  const auto data = asio::buffer(bytes.data(), bytes.size());
  if (!tls_) {
    const auto [error, written] = co_await asio::async_write(*socket_, data, AS_VALUE);
    co_return error;
  }
  tls_->writing = true;
  const auto [error, written] = co_await asio::async_write(tls_->stream, data, AS_VALUE);
  tls_->writing = static_cast<bool>(error);
  co_return error;
}

result<std::size_t> Stream::try_write(Bytes bytes) noexcept {
  if (tls_) return std::size_t{0};
  const auto written = ::send(socket_->native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
  return error_code{errno, boost::system::system_category()};
}

awaitable<error_code> Stream::accept_tls(ServerTls tls, Bytes already_read) {
  tls_ = std::make_unique<Tls>(*socket_, tls.state().context);
  const auto ahead = asio::buffer(already_read.data(), already_read.size());
  const auto [error, used] = co_await tls_->stream.async_handshake(ssl::stream_base::server, ahead, AS_VALUE);
  co_return error;
}

awaitable<error_code> Stream::connect_tls(ClientTls tls, std::string host) {
  tls_ = std::make_unique<Tls>(*socket_, tls.state().context);
  error_code ignored;
  if (asio::ip::make_address(host, ignored); ignored) {  // SNI carries names only (RFC 6066, 3)
    SSL_set_tlsext_host_name(tls_->stream.native_handle(), host.c_str());
  }
  switch (tls.state().verify) {
    case Verify::nothing:
      tls_->stream.set_verify_mode(ssl::verify_none);
      break;
    case Verify::ca:
      tls_->stream.set_verify_mode(ssl::verify_peer);
      break;
    case Verify::identity:
      tls_->stream.set_verify_mode(ssl::verify_peer);
      tls_->stream.set_verify_callback(ssl::host_name_verification(host));
      break;
  }
  const auto [error] = co_await tls_->stream.async_handshake(ssl::stream_base::client, AS_VALUE);
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

void Stream::shutdown_send() noexcept {
  error_code ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() noexcept {
  error_code ignored;
  if (tls_ && socket_->is_open()) tls_->say_goodbye(socket_->native_handle());
  socket_->close(ignored);
}

}  // namespace sluice::net
