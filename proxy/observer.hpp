// What the proxy tells of itself, for metrics and the log. Std only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "proxy/online_ddl.hpp"

namespace sluice::proxy {

// How a statement, or a login, ended, as the client saw it.
enum class Outcome : std::uint8_t {
  ok,           // the server's OK or its rows
  error,        // the server's ERR
  refused,      // the gate's error: DDL on an armed table, or a snapshot older than the table
  interrupted,  // the gate's 1317: KILL QUERY while it waited
};
inline constexpr std::array<std::string_view, 4> OUTCOMES{"ok", "error", "refused", "interrupted"};

// The commands that metrics and logs tell apart.
enum class CommandKind : std::uint8_t {
  query,
  prepare,
  execute,
  bulk_execute,
  fetch,
  init_db,
  field_list,
  change_user,
  reset_connection,
  ping,
  other,
};
inline constexpr std::array<std::string_view, 11> COMMAND_KINDS{
    "query",      "prepare",     "execute",          "bulk_execute", "fetch", "init_db",
    "field_list", "change_user", "reset_connection", "ping",         "other"};

// The most that a command does to an armed table, as the scan of its text sees it.
enum class TableTouch : std::uint8_t {
  unscanned,  // nothing was armed
  none,
  read,
  write,  // or it can't be told
  ddl,
};
inline constexpr std::array<std::string_view, 5> TABLE_TOUCHES{"unscanned", "none", "read", "write", "ddl"};

// A client's command that has been answered.
struct Statement {
  using Duration = std::chrono::steady_clock::duration;
  CommandKind command = CommandKind::other;
  TableTouch touch = TableTouch::unscanned;
  Outcome outcome = Outcome::ok;
  Duration latency{};  // from the command's first byte read to its answer's last byte read
  Duration held{};     // what of it the command waited at the gate, or for its migration
};

// Why a client was turned away before, or at the end of, its login.
enum class Refusal : std::uint8_t {
  connections,          // there are as many as may be: 1040
  user_connections,     // of this user: 1203
  address_connections,  // from this address: 1040
  proxy_header,         // one that can't be understood, or from an address that is not trusted
  handshake_timeout,    // the login was not over in time
};

// By their names in metrics and the log.
inline constexpr std::array<std::string_view, 5> REFUSALS{"connections", "user_connections", "address_connections",
                                                          "proxy_header", "handshake_timeout"};

// Called on the I/O threads, from several at once: must be thread-safe, cheap, and never block.
class ProxyObserver {
 public:
  using Duration = std::chrono::steady_clock::duration;

  virtual ~ProxyObserver() = default;
  virtual void connection_opened() noexcept = 0;  // a client was accepted
  virtual void connection_closed() noexcept = 0;
  // `host`: where the client came from. Opened and closed are told as well, except for Refusal::connections.
  virtual void connection_refused(Refusal reason, std::string_view host) noexcept = 0;
  virtual void connection_idled_out() noexcept = 0;    // closed for having been idle for too long
  virtual void server_query_abandoned() noexcept = 0;  // a client was gone, and its statement had to be killed
  virtual void login_finished(Outcome outcome) noexcept = 0;
  virtual void server_unreachable(std::string_view reason) noexcept = 0;
  virtual void statement_finished(const Statement& statement) noexcept = 0;
  // A client's DDL that was to be run as a migration.
  virtual void ddl_finished(DdlOutcome outcome) noexcept = 0;
  // The gate held a statement back for this long, whatever became of it.
  virtual void statement_held(Duration time) noexcept = 0;
};

}  // namespace sluice::proxy
