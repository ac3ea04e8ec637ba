// The proxy: clients come in here, each gets a connection of its own to the primary. Std and Boost.System only.
#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "protocol/sql/ddl_comment.hpp"
#include "protocol/wire/proxy_header.hpp"
#include "proxy/access_log.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/observer.hpp"
#include "proxy/online_ddl.hpp"

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
  preferred,        // whenever the primary offers it
  required,         // encrypted, certificate not looked at
  verify_ca,        // and the certificate leads to a trusted authority
  verify_identity,  // and carries the primary's name
};

// By what the I/O threads wait for their sockets.
enum class EventLoop : std::uint8_t {
  automatic,  // io_uring where the system allows it
  io_uring,
  epoll,
};

struct Limits {
  std::size_t connections = 10'000;
  std::size_t connections_per_user = 0;                   // 0: no limit
  std::size_t connections_per_address = 0;                // the same
  std::chrono::milliseconds connect_deadline_ms{10'000};  // to the primary
  // From accept to the end of the login; MySQL's connect_timeout.
  std::chrono::milliseconds handshake_deadline_ms{10'000};
  // Without a command, in a transaction or not; MySQL's wait_timeout. 0: none but the server's. Kept to within a
  // quarter.
  std::chrono::milliseconds idle_deadline_ms{0};
  // For a client to take the bytes that are on their way to it, up to 64 KB; then it counts as gone. 0: for ever.
  // Kept to within a second.
  std::chrono::milliseconds client_write_deadline_ms{600'000};
  // What the server still does for a client that is gone is killed after this time.
  std::chrono::milliseconds abandoned_deadline_ms{1000};
};

struct ProxyConfig {
  std::vector<net::Address> listen{{"127.0.0.1", 3307}};  // port 0: any free one
  net::Address primary{"127.0.0.1", 3306};
  unsigned threads = 0;  // 0: one per processor
  EventLoop event_loop = EventLoop::automatic;
  ClientTlsMode client_tls = ClientTlsMode::preferred;
  std::string certificate_file;  // PEM; empty, with key_file: a self-signed certificate is made at start
  std::string key_file;
  ServerTlsMode server_tls = ServerTlsMode::as_client;
  std::string ca_file;  // PEM; empty: the system's authorities
  // Who says in a PROXY protocol header whom they speak for: they have to. From all others such a header is refused.
  std::vector<protocol::IpNetwork> proxy_header_from;
  // Tells the primary by such a header who the client is. Nothing: does not.
  std::optional<protocol::ProxyHeaderVersion> proxy_header_to_primary;
  Limits limits;                        // that it starts with
  std::uint32_t access_log_sample = 1;  // the same: of so many statements that succeed, one is written down
  // How DDL is run where a client says nothing about it: `online` or `direct`.
  protocol::DdlMode ddl_mode = protocol::DdlMode::direct;
};

// A connection to the primary whose client is gone, as the primary's process list shows it. Its number may be another's
// after a restart of the primary.
struct Abandoned {
  gate::ConnectionId connection{};
  std::string user;
  // Of the near end, which the primary sees as another where something between changes it. Nothing: a unix socket.
  std::optional<std::uint16_t> port;
  std::chrono::steady_clock::time_point since;  // it has had its number at least so long
};

// Ends it at the primary (KILL). Called on the I/O threads: must be thread-safe and never block. `is_gone` may be
// called from any thread, once it is known that the primary has no such connection any more.
using Killer = std::function<void(Abandoned, std::function<void()> is_gone)>;

class Proxy {
 public:
  // All of these, and what `killer` refers to, must outlive the proxy. Without a killer the server is left to notice by
  // itself that a client has gone; without `online_ddl` it runs all DDL.
  Proxy(ProxyConfig config, gate::Gate& gate, ProxyObserver& observer, Killer killer = {},
        AccessLog* access_log = nullptr, OnlineDdl* online_ddl = nullptr);
  // Stops at once if it still runs.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Listens and starts the I/O threads. The file of a unix socket is made, one that nobody listens on replaced; it goes
  // when the proxy stops. Throws std::runtime_error with a sentence that names the address, the file or io_uring.
  void start();

  // The event loop that was chosen, and why it is not io_uring if the system refused that; valid after start().
  struct Chosen {
    EventLoop event_loop = EventLoop::epoll;
    boost::system::error_code refused;
  };
  [[nodiscard]] const Chosen& chosen() const noexcept;

  // Where clients connect, in the order of the configuration; valid after start().
  [[nodiscard]] const std::vector<net::Address>& addresses() const noexcept;
  // The port of the first of these that has one; 0: none has.
  [[nodiscard]] std::uint16_t port() const noexcept;

  // From any thread, after start(): new clients get the certificate that the files hold now. Throws std::runtime_error
  // with a sentence that names the file; the certificate stays the one it was then.
  void reload_certificate();

  // From any thread, after start(): nobody is sent away who is there, but the idle deadline is everybody's.
  void change_limits(const Limits& limits);
  // From any thread. `one_in`: not 0.
  void change_access_log_sample(std::uint32_t one_in) noexcept;

  // Blocks: accepts no more, ends each session as soon as it has no command or transaction open, and at `deadline` the
  // rest. A second call does nothing.
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::proxy
