// What the proxy tells of itself, for metrics and the log. Std only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sluice::proxy {

// How a statement ended, as the client saw it.
enum class Outcome : std::uint8_t {
  ok,           // the server's OK or its rows
  error,        // the server's ERR
  refused,      // the gate's error: DDL on an armed table, or a snapshot older than the table
  interrupted,  // the gate's 1317: KILL QUERY while it waited
};

// Called on the I/O threads, from several at once: must be thread-safe, cheap, and never block.
class ProxyObserver {
 public:
  using Duration = std::chrono::steady_clock::duration;

  virtual ~ProxyObserver() = default;
  virtual void connection_opened() noexcept = 0;  // a client was accepted
  virtual void connection_closed() noexcept = 0;
  virtual void connection_refused() noexcept = 0;  // over the limit of connections; opened and closed are not told
  virtual void login_finished(Outcome outcome) noexcept = 0;
  virtual void server_unreachable(std::string_view reason) noexcept = 0;
  // `latency`: from the command's first byte read to its answer's last byte read; `held`: what of it the command waited
  // at the gate.
  virtual void statement_finished(Outcome outcome, Duration latency, Duration held) noexcept = 0;
  // The gate held a statement back for this long, whatever became of it.
  virtual void statement_held(Duration time) noexcept = 0;
};

}  // namespace sluice::proxy
