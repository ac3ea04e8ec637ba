#include "migrator/stream/dump_link.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "net/error.hpp"
#include "protocol/binlog/event.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/wire/server_reply.hpp"
#include "protocol/wire/text_query.hpp"

namespace sluice::migrator {

using boost::system::error_code;

namespace {

constexpr std::size_t room_bytes = 64 * 1024;
// An event and the status byte in front of it.
constexpr std::size_t payload_max_bytes = protocol::binlog::max_event_bytes + 1;

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sluice.stream"; }
  std::string message(int code) const override {
    switch (static_cast<LinkErrc>(code)) {
      case LinkErrc::malformed:
        return "the primary sent something else than its binlog";
      case LinkErrc::server_refused:
        return "the primary refused";
      case LinkErrc::ended_by_server:
        return "the primary ended the binlog dump";
      case LinkErrc::silent:
        return "the primary went silent";
    }
    return "unknown error";
  }
};

StreamError error_of(error_code code) {
  return {code, 0, {}, code.message()};
}

protocol::LoginTls wire_policy(StreamTls tls) noexcept {
  switch (tls) {
    case StreamTls::off:
      return protocol::LoginTls::off;
    case StreamTls::preferred:
      return protocol::LoginTls::preferred;
    case StreamTls::required:
      break;
  }
  return protocol::LoginTls::required;
}

StreamError refused(protocol::ServerError said) {
  return {LinkErrc::server_refused, said.code, std::move(said.sqlstate), std::move(said.text)};
}

std::string settings(const StreamOptions& options) {
  const auto nanoseconds = std::to_string(std::chrono::nanoseconds{options.heartbeat_ms}.count());
  // Each server knows some of these names and takes the others for variables like any. A capability of 4 is what makes
  // MariaDB send its GTID events as they are. A slow consumer is no reason to drop the link.
  return "SET @master_heartbeat_period=" + nanoseconds + ", @source_heartbeat_period=" + nanoseconds +
         ", @master_binlog_checksum='CRC32', @source_binlog_checksum='CRC32', @mariadb_slave_capability=4" +
         ", net_write_timeout=600";
}

// offset[4] flags[2] server id[4] file
std::vector<std::uint8_t> dump_command(const Position& from, std::uint32_t server_id) {
  constexpr std::uint8_t com_binlog_dump = 0x12;
  std::vector<std::uint8_t> payload;
  protocol::Writer writer{payload};
  writer.u8(com_binlog_dump);
  writer.u32(static_cast<std::uint32_t>(from.offset));
  writer.u16(0);
  writer.u32(server_id);
  writer.text(from.file);
  return payload;
}

}  // namespace

const boost::system::error_category& link_category() noexcept {
  static const Category instance;
  return instance;
}

bool is_passing(const StreamError& error) noexcept {
  // Too many connections (of all, of the user, in an hour), shutdown, network trouble seen from the server, kills,
  // offline mode.
  constexpr std::array<std::uint16_t, 14> passing{1040, 1053, 1077, 1080, 1152, 1158, 1159,
                                                  1160, 1161, 1203, 1226, 1317, 1927, 3032};
  if (error.code == LinkErrc::server_refused) return std::ranges::find(passing, error.server_code) != passing.end();
  if (error.code == LinkErrc::ended_by_server || error.code == LinkErrc::silent) return true;
  if (error.code == net::Errc::bad_address || error.code == net::Errc::certificate_refused) return false;
  return error.code.category() == net::category() || error.code.category() == boost::system::system_category();
}

DumpLink::DumpLink(const StreamLogin& login, const StreamOptions& options, const net::ClientTls& tls)
    : login_(login), options_(options), tls_(tls), packets_(payload_max_bytes), room_(room_bytes) {}

protocol::result<protocol::Packet> DumpLink::read_packet(Deadline deadline) {
  for (;;) {
    const auto packet = packets_.next();
    if (!packet) return packet.error();
    if (*packet) return **packet;
    const auto got = stream_.read_some(room_, deadline);
    if (!got) return got.error();
    if (*got == 0) return error_code{net::Errc::end_of_stream};
    packets_.feed(protocol::Bytes{room_}.first(*got));
  }
}

std::optional<StreamError> DumpLink::log_in(Deadline deadline) {
  using Next = protocol::LoginFsm::Next;
  protocol::LoginFsm login{
      {.user = login_.user,
       .password = protocol::Secret{login_.password},
       .tls = wire_policy(login_.tls),
       .transport = stream_.is_secure() ? protocol::Transport::secure : protocol::Transport::plain}};
  for (;;) {
    const auto packet = read_packet(deadline);
    if (!packet) return error_of(packet.error());
    for (auto step = login.on_packet(*packet);; step = login.on_upgraded()) {
      if (step.next == Next::failed) {
        return step.error.server.code != 0 ? refused(step.error.server) : error_of(step.error.code);
      }
      if (!step.send.empty()) {
        if (const auto error = stream_.write(step.send.bytes(), deadline)) return error_of(error);
      }
      if (step.next == Next::done) return std::nullopt;
      if (step.next == Next::read) break;
      if (const auto error = stream_.upgrade(tls_, net::certificate_name(login_.address), deadline))
        return error_of(error);
    }
  }
}

std::optional<StreamError> DumpLink::execute(std::string_view sql, Deadline deadline) {
  const auto command = protocol::frame(protocol::query_command(sql), 0);
  if (const auto error = stream_.write(command, deadline)) return error_of(error);
  const auto packet = read_packet(deadline);
  if (!packet) return error_of(packet.error());
  if (protocol::is_ok(packet->payload)) return std::nullopt;
  const auto error = protocol::parse_error(packet->payload);
  return error ? refused(*error) : error_of(LinkErrc::malformed);
}

std::optional<StreamError> DumpLink::open(const Position& from) {
  const auto deadline = std::chrono::steady_clock::now() + options_.connect_timeout_ms;
  if (const auto error = stream_.connect(login_.address, deadline)) return error_of(error);
  if (auto error = log_in(deadline)) return error;
  if (auto error = execute(settings(options_), deadline)) return error;
  const auto command = protocol::frame(dump_command(from, options_.server_id), 0);
  if (const auto error = stream_.write(command, deadline)) return error_of(error);
  return std::nullopt;
}

std::variant<protocol::Bytes, StreamError> DumpLink::next_event() {
  const auto packet = read_packet(std::chrono::steady_clock::now() + options_.silence_timeout_ms);
  if (!packet) {
    return error_of(packet.error() == net::Errc::deadline_passed ? LinkErrc::silent : packet.error());
  }
  // A status byte, then the event. ERR and EOF as anywhere else.
  const auto payload = packet->payload;
  if (!payload.empty() && payload.front() == 0) return payload.subspan(1);
  if (protocol::is_eof(payload)) return error_of(LinkErrc::ended_by_server);
  auto error = protocol::parse_error(payload);
  return error ? refused(std::move(*error)) : error_of(LinkErrc::malformed);
}

}  // namespace sluice::migrator
