// The HTTP API: requests to change tables, their status, metrics, probes and the status page, as docs/http-api.md says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "migrator/api.hpp"

namespace sluice::control {

struct TlsFiles {  // PEM
  std::string certificate_chain;
  std::string private_key;
};

struct ServerLimits {
  std::size_t connections_max = 256;  // one more is accepted only when one has gone
  std::size_t body_bytes_max = 1024 * 1024;
  std::uint32_t header_bytes_max = 16 * 1024;
  std::size_t subscribers_max = 32;                    // of GET /events and GET /migrate/{id}/events
  std::chrono::milliseconds idle_deadline{30'000};     // for a request to arrive whole, and for an answer to be taken
  std::chrono::milliseconds events_interval{250};      // between two looks at a migration that is subscribed to
  std::chrono::milliseconds heartbeat_interval{5000};  // so that subscribers who left are noticed
};

struct ServerConfig {
  std::string host = "127.0.0.1";  // an address, or a name that resolves to one
  std::uint16_t port = 0;          // 0: any free one
  std::string token;  // what "Authorization: Bearer" must carry; empty: none, and only loopback may be bound
  std::optional<TlsFiles> tls;
  ServerLimits limits;
};

// The 99th percentile of the clients' statements of the last few seconds; nothing: none has ended. To be asked once a
// second. An empty function: nobody measures.
using ClientLatency = std::function<std::optional<std::chrono::nanoseconds>()>;

// Runs on threads of its own: one for the sockets, a few for the calls that block, so that the probes always answer.
// `migrations` must outlive the server; the functions are called from its threads, client_latency from a single one.
class Server {
 public:
  Server(ServerConfig config, migrator::Migrations& migrations, std::function<std::string()> metrics_text,
         std::function<bool()> ready, ClientLatency client_latency = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and answers from here on. Throws std::runtime_error with a sentence: no token but not loopback, an address
  // that can't be bound, TLS files that can't be used.
  void start();
  // The bound port; 0 before start().
  [[nodiscard]] std::uint16_t port() const noexcept;
  // From any thread, while it runs: requests have to carry this one from now on. `token` is not empty.
  void set_token(std::string token);
  // From any thread, while it runs: new connections get the certificate that the files hold now. Throws
  // std::runtime_error with a sentence that names the file; the certificate stays the one it was then.
  void reload_certificate();
  // Closes every connection; blocks until the calls that are running have ended. May be called more than once.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::control
