#include "net/tls_link.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace sluice::net {
namespace {

// OpenSSL's own socket BIO would raise SIGPIPE, and knows nothing of what has been read before.
struct Below {
  int socket;
  std::vector<std::uint8_t> ahead;
  std::size_t ahead_read = 0;
  bool has_ended = false;
};

Below& below(BIO* bio) noexcept {
  return *static_cast<Below*>(BIO_get_data(bio));
}

int read_below(BIO* bio, char* into, int size) noexcept {
  Below& from = below(bio);
  BIO_clear_retry_flags(bio);
  if (from.ahead_read < from.ahead.size()) {
    const auto count = std::min(from.ahead.size() - from.ahead_read, static_cast<std::size_t>(size));
    std::copy_n(from.ahead.begin() + static_cast<std::ptrdiff_t>(from.ahead_read), count, into);
    from.ahead_read += count;
    return static_cast<int>(count);
  }
  const auto got = ::recv(from.socket, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) from.has_ended = true;
  return static_cast<int>(got);
}

int write_below(BIO* bio, const char* bytes, int size) noexcept {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(below(bio).socket, bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control_below(BIO* bio, int command, long, void*) noexcept {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:  // asked for by SSL_OP_IGNORE_UNEXPECTED_EOF
      return below(bio).has_ended ? 1 : 0;
    default:
      return 0;
  }
}

int free_below(BIO* bio) noexcept {
  delete static_cast<Below*>(BIO_get_data(bio));
  return 1;
}

[[noreturn]] void out_of_memory() {
  std::fputs("TLS: OpenSSL is out of memory\n", stderr);
  std::abort();
}

BIO_METHOD* make_method() {
  BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
  if (made == nullptr) out_of_memory();
  BIO_meth_set_read(made, read_below);
  BIO_meth_set_write(made, write_below);
  BIO_meth_set_ctrl(made, control_below);
  BIO_meth_set_destroy(made, free_below);
  return made;
}

}  // namespace

TlsLink::TlsLink(SSL_CTX* context, int socket, Bytes already_read) : session_(SSL_new(context)) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = BIO_new(method);
  if (!session_ || bio == nullptr) out_of_memory();
  BIO_set_data(bio, new Below{.socket = socket, .ahead = {already_read.begin(), already_read.end()}});
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  // A record's head and body, and the records behind it, with one call.
  SSL_set_read_ahead(session_.get(), 1);
  SSL_set_mode(session_.get(),
               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Clients leave without a close_notify. And nobody renegotiates: a write would have to wait for what the reader
  // reads.
  SSL_set_options(session_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
}

TlsLink::Step TlsLink::after(int result, std::size_t bytes) noexcept {
  if (result > 0) return {.bytes = bytes};
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.wants = Wants::read};
    case SSL_ERROR_WANT_WRITE:
      return {.wants = Wants::write};
    case SSL_ERROR_ZERO_RETURN:
      return {.error = Errc::end_of_stream};
    case SSL_ERROR_SYSCALL:
      return {.error = system_error(errno == 0 ? ECONNRESET : errno)};
    default:
      return {.error = {static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()}};
  }
}

TlsLink::Step TlsLink::accept() noexcept {
  ERR_clear_error();
  return after(SSL_accept(session_.get()), 0);
}

TlsLink::Step TlsLink::connect() noexcept {
  ERR_clear_error();
  return after(SSL_connect(session_.get()), 0);
}

TlsLink::Step TlsLink::read(Room into) noexcept {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &got);
  const auto step = after(result, got);
  // Reading a session ticket has taken a buffer for an answer that TLS 1.3 does not have.
  if (step.wants == Wants::read) SSL_free_buffers(session_.get());
  if (step.error == Errc::end_of_stream) return {};
  return step;
}

TlsLink::Step TlsLink::write(Bytes bytes) noexcept {
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
  const auto step = after(result, written);
  is_half_written_ = step.wants == Wants::write;
  return step;
}

void TlsLink::say_goodbye() noexcept {
  ERR_clear_error();
  if (!is_half_written_ && SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
  // Its number may soon be another connection's.
  below(SSL_get_rbio(session_.get())).socket = -1;
}

}  // namespace sluice::net
