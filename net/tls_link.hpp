// One TLS session over a socket that does not block, on OpenSSL alone: a call says what it waits for instead of
// waiting. Gives its record buffers back while nothing is under way, which Asio's stream does not. For net's own .cpp
// files. One thread; a read and a write may both be unfinished.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/transport.hpp"

namespace sluice::net {

class TlsLink {
 public:
  struct Step {
    Wants wants = Wants::nothing;  // what the socket must be ready for before it is called again, with the same bytes
    std::size_t bytes = 0;         // of a read: 0 is the end of the stream, with or without close_notify
    error_code error = {};         // for all but a read, that end is one: Errc::end_of_stream
  };

  // `socket` stays the caller's. `already_read`: what came from it before, copied.
  TlsLink(SSL_CTX* context, int socket, Bytes already_read);

  [[nodiscard]] SSL* session() const noexcept { return session_.get(); }
  [[nodiscard]] Step accept() noexcept;
  [[nodiscard]] Step connect() noexcept;
  [[nodiscard]] Step read(Room into) noexcept;
  [[nodiscard]] Step write(Bytes bytes) noexcept;  // some of them
  // Sends a close_notify, as far as the kernel takes it at once and no record is half written; leaves the socket alone
  // from then on.
  void say_goodbye() noexcept;

 private:
  [[nodiscard]] Step after(int result, std::size_t bytes) noexcept;

  struct Free {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };
  std::unique_ptr<SSL, Free> session_;
  bool is_half_written_ = false;
};

}  // namespace sluice::net
