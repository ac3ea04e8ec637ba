// A client that says packet by packet what it wants, to a server directly or through the proxy. Logs in as somebody who
// has no password.
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "net/blocking_stream.hpp"
#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/packet.hpp"
#include "tests/support/packet_reader.hpp"

namespace sluice::proxy {

class RawClient {
 public:
  using Payload = test::PacketReader::Payload;
  struct Options {
    std::uint32_t capabilities = 0;          // beyond the least
    std::uint32_t mariadb_capabilities = 0;  // MariaDB's extended ones
    std::string user = "root";
    std::string plugin = "mysql_native_password";
    Payload first;                            // said before anything was heard
    std::optional<Payload> instead_of_login;  // sent in its place
    std::string behind_login;                 // a query sent with the login, without waiting for its OK
  };

  explicit RawClient(std::uint16_t port, std::uint32_t more_capabilities = 0)
      : RawClient(port, Options{.capabilities = more_capabilities}) {}
  RawClient(std::uint16_t port, const Options& options) {
    if (stream_.connect({"127.0.0.1", port}, deadline())) throw std::runtime_error("no connection");
    send_bytes(options.first);
    greeting_ = receive();
    const auto login = options.instead_of_login.value_or(login_response(options));
    if (options.behind_login.empty()) {
      send(login);
      logged_in_ = authenticate({});
      return;
    }
    auto bytes = packets_.frame(login);
    const auto query = protocol::frame(query_payload(options.behind_login), 0);
    bytes.insert(bytes.end(), query.begin(), query.end());
    send_bytes(bytes);
    logged_in_ = receive();
  }

  static Payload query_payload(std::string_view sql) {
    Payload payload{0x03};
    protocol::Writer{payload}.text(sql);
    return payload;
  }

  static Payload login_response(const Options& options) {
    namespace capability = protocol::capability;
    Payload login;
    protocol::Writer writer{login};
    const std::uint32_t is_mysql = options.mariadb_capabilities == 0 ? capability::LONG_PASSWORD : 0;
    writer.u32(is_mysql | capability::PROTOCOL_41 | capability::SECURE_CONNECTION | capability::PLUGIN_AUTH |
               capability::CONNECT_WITH_DB | options.capabilities);
    writer.u32(1 << 24);
    writer.u8(45);  // utf8mb4
    writer.zeros(19);
    writer.u32(options.mariadb_capabilities);
    writer.zero_terminated(options.user);
    writer.u8(0);
    writer.zero_terminated("test");
    writer.zero_terminated(options.plugin);
    return login;
  }

  // COM_CHANGE_USER.
  static Payload change_user_payload(std::string_view user, const Payload& answer) {
    Payload payload{0x11};
    protocol::Writer writer{payload};
    writer.zero_terminated(user);
    writer.length_encoded_bytes(answer);
    writer.zero_terminated("test");
    writer.u16(45);
    writer.zero_terminated("mysql_native_password");
    return payload;
  }

  // As the next packet; the sequence goes on from what was received last.
  void send(const Payload& payload) { send_bytes(packets_.frame(payload)); }
  void command(const Payload& payload) {
    packets_.begin_command();
    send(payload);
  }
  void query(std::string_view sql) { command(query_payload(sql)); }
  // Several commands in one piece.
  void commands(const std::vector<Payload>& payloads) {
    Payload bytes;
    for (const auto& payload : payloads) {
      const auto framed = protocol::frame(payload, 0);
      bytes.insert(bytes.end(), framed.begin(), framed.end());
    }
    send_bytes(bytes);
  }
  void send_bytes(const Payload& bytes) {
    if (stream_.write(bytes, deadline())) throw std::runtime_error("can't write");
  }
  // What comes next, as it comes; empty: the server has closed.
  Payload receive_bytes() {
    Payload some(4096);
    const auto got = stream_.read_some(some, deadline());
    some.resize(got ? *got : 0);
    return some;
  }
  // Empty: the server has closed.
  Payload receive() {
    return packets_.receive([this](std::span<std::uint8_t> some) {
      const auto got = stream_.read_some(some, deadline());
      return got ? *got : 0;
    });
  }
  // Of the packet that comes next, if both sides go on.
  [[nodiscard]] std::uint8_t next_sequence() const { return packets_.next_sequence(); }
  [[nodiscard]] const Payload& greeting() const { return greeting_; }
  // What the login ended with.
  [[nodiscard]] const Payload& logged_in() const { return logged_in_; }

  // Answers whatever the plugins ask with `response`, to the OK, ERR or end: its first byte, or nothing.
  Payload authenticate(const Payload& response) {
    while (true) {
      auto packet = receive();
      if (packet.empty() || packet[0] == 0x00 || packet[0] == 0xFF) return packet;
      if (packet[0] == 0x01 && packet.size() == 2 && packet[1] == 0x03) continue;
      send(response);
    }
  }

 private:
  static net::BlockingStream::TimePoint deadline() {
    return std::chrono::steady_clock::now() + std::chrono::seconds{20};
  }

  net::BlockingStream stream_;
  test::PacketReader packets_;
  Payload greeting_;
  Payload logged_in_;
};

}  // namespace sluice::proxy
