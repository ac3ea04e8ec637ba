// One connection to the primary that sends its binlog. Blocks, with deadlines. One thread, except interrupt().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "migrator/stream/change_consumer.hpp"
#include "migrator/stream/stream.hpp"
#include "net/blocking_stream.hpp"
#include "net/tls.hpp"
#include "protocol/wire/login_fsm.hpp"
#include "protocol/wire/packet.hpp"

namespace sluice::migrator {

enum class LinkErrc {
  malformed = 1,    // the server sent no packet of a dump
  server_refused,   // the server said no: StreamError has its words
  ended_by_server,  // the dump has ended: the connection was killed, or the server shuts down
  silent,           // neither an event nor a heartbeat came in time
};
[[nodiscard]] const boost::system::error_category& link_category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(LinkErrc code) noexcept {
  return {static_cast<int>(code), link_category()};
}

// Whether trying again may help: the link was lost, or the server said no for now. A purged binlog, wrong credentials
// or a missing privilege stay what they are.
[[nodiscard]] bool is_passing(const StreamError& error) noexcept;

class DumpLink {
 public:
  // References must outlive the link.
  DumpLink(const StreamLogin& login, const StreamOptions& options, const net::ClientTls& tls);

  // Connects, logs in and asks for the binlog from there on. Nothing where it went well.
  [[nodiscard]] std::optional<StreamError> open(const Position& from);
  // The next event, whole; valid until the next call.
  [[nodiscard]] std::variant<protocol::Bytes, StreamError> next_event();

  void interrupt() noexcept { stream_.interrupt(); }

 private:
  using Deadline = net::BlockingStream::TimePoint;

  [[nodiscard]] protocol::result<protocol::Packet> read_packet(Deadline deadline);
  [[nodiscard]] std::optional<StreamError> log_in(Deadline deadline);
  [[nodiscard]] std::optional<StreamError> execute(std::string_view sql, Deadline deadline);

  const StreamLogin& login_;
  const StreamOptions& options_;
  const net::ClientTls& tls_;
  net::BlockingStream stream_;
  protocol::PacketAssembler packets_;
  std::vector<std::uint8_t> room_;
};

}  // namespace sluice::migrator

template <>
struct boost::system::is_error_code_enum<sluice::migrator::LinkErrc> : std::true_type {};
