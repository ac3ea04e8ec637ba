// A connection for a thread of its own: connect, read, write and upgrade to TLS, each with a deadline. Std and
// Boost.System only.
//
// All calls belong to one thread, except interrupt(). After any error the stream is only good for being destroyed.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "net/address.hpp"
#include "net/tls.hpp"

namespace sluice::net {

class BlockingStream {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  BlockingStream();
  ~BlockingStream();
  BlockingStream(const BlockingStream&) = delete;
  BlockingStream& operator=(const BlockingStream&) = delete;

  // Blocks: resolves and tries each address. Errc::host_not_found, deadline_passed, interrupted, or the system's error.
  [[nodiscard]] boost::system::error_code connect(const Address& address, TimePoint deadline);

  // Blocks for at least one byte. 0: the peer has closed. Errc::deadline_passed, interrupted, or the system's error.
  [[nodiscard]] boost::system::result<std::size_t> read_some(std::span<std::uint8_t> into, TimePoint deadline);

  // Blocks until `into` is full. As read_some; Errc::end_of_stream if the peer closes before.
  [[nodiscard]] boost::system::error_code read(std::span<std::uint8_t> into, TimePoint deadline);

  // Blocks until the kernel has all of `bytes`.
  [[nodiscard]] boost::system::error_code write(std::span<const std::uint8_t> bytes, TimePoint deadline);

  // Blocks for the TLS handshake (after an SSLRequest). `host` is the name to verify and to send as SNI.
  // Errc::certificate_refused where the certificate does not pass.
  [[nodiscard]] boost::system::error_code upgrade(const ClientTls& tls, const std::string& host, TimePoint deadline);

  // TLS or a unix socket: a password may be sent in clear.
  [[nodiscard]] bool is_secure() const noexcept;

  // From any thread, at any time: the call that blocks now, and each later one, ends with Errc::interrupted.
  void interrupt() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::net
