// The proxy: clients come in here, each gets a connection of its own to the primary. Std and Boost.System only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/observer.hpp"

namespace sluice::proxy {

// TLS with the clients.
enum class ClientTlsMode : std::uint8_t {
  disabled,   // never offered
  preferred,  // offered; the client chooses
  required,   // a client without TLS is refused with error 3159
};

// TLS with the primary.
enum class ServerTlsMode : std::uint8_t {
  as_client,  // exactly when the client uses it
  disabled,
  required,         // encrypted, certificate not looked at
  verify_ca,        // and the certificate leads to a trusted authority
  verify_identity,  // and carries the primary's name
};

struct Limits {
  std::size_t connections = 10'000;
  std::chrono::milliseconds connect_deadline_ms{10'000};  // to the primary
  std::chrono::milliseconds handshake_deadline_ms{
      10'000};  // from accept to the end of the login; MySQL's connect_timeout
};

struct ProxyConfig {
  std::vector<net::Address> listen{{"127.0.0.1", 3307}};  // port 0: any free one
  net::Address primary{"127.0.0.1", 3306};
  unsigned threads = 0;  // 0: one per processor
  ClientTlsMode client_tls = ClientTlsMode::preferred;
  std::string certificate_file;  // PEM; empty, with key_file: a self-signed certificate is made at start
  std::string key_file;
  ServerTlsMode server_tls = ServerTlsMode::as_client;
  std::string ca_file;  // PEM; empty: the system's authorities
  Limits limits;
};

class Proxy {
 public:
  // `gate` and `observer` must outlive the proxy.
  Proxy(ProxyConfig config, gate::Gate& gate, ProxyObserver& observer);
  // Stops at once if it still runs.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Listens and starts the I/O threads. The file of a unix socket is made, one that nobody listens on replaced; it goes
  // when the proxy stops. Throws std::runtime_error with a sentence that names the address or the file.
  void start();

  // Where clients connect, in the order of the configuration; valid after start().
  [[nodiscard]] const std::vector<net::Address>& addresses() const noexcept;
  // The port of the first of these that has one; 0: none has.
  [[nodiscard]] std::uint16_t port() const noexcept;

  // Blocks: accepts no more, ends each session as soon as it has no command or transaction open, and at `deadline` the
  // rest. A second call does nothing.
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::proxy
