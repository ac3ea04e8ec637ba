// A client that says packet by packet what it wants, to a server directly or through the proxy. Logs in as somebody who
// has no password.
#pragma once

#include <stdexcept>

#include "net/blocking_stream.hpp"
#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/packet.hpp"

namespace sluice::proxy {

class RawClient {
 public:
  using Payload = std::vector<std::uint8_t>;

  // `first`: what it says before it has heard anything.
  explicit RawClient(std::uint16_t port, std::uint32_t more_capabilities = 0, const Payload& first = {},
                     std::string_view user = "root") {
    namespace capability = protocol::capability;
    if (stream_.connect({"127.0.0.1", port}, deadline())) throw std::runtime_error("no connection");
    if (stream_.write(first, deadline())) throw std::runtime_error("can't write");
    (void)receive();  // the greeting
    Payload login;
    protocol::Writer writer{login};
    writer.u32(capability::LONG_PASSWORD | capability::PROTOCOL_41 | capability::SECURE_CONNECTION |
               capability::PLUGIN_AUTH | capability::CONNECT_WITH_DB | more_capabilities);
    writer.u32(1 << 24);
    writer.u8(45);  // utf8mb4
    writer.zeros(23);
    writer.zero_terminated(user);
    writer.u8(0);
    writer.zero_terminated("test");
    writer.zero_terminated("mysql_native_password");
    send(login);
    authenticate({});
  }

  // As the next packet; the sequence goes on from what was received last.
  void send(const Payload& payload) {
    if (stream_.write(protocol::frame(payload, sequence_++), deadline())) throw std::runtime_error("can't write");
  }
  void command(const Payload& payload) {
    sequence_ = 0;
    send(payload);
  }
  void query(std::string_view sql) {
    Payload payload{0x03};
    protocol::Writer{payload}.text(sql);
    command(payload);
  }
  // Empty: the server has closed.
  Payload receive() {
    std::array<std::uint8_t, 4096> some{};
    while (true) {
      const auto packet = assembler_.next();
      if (!packet) return {};
      if (*packet) {
        sequence_ = static_cast<std::uint8_t>((*packet)->sequence + 1);
        return {(*packet)->payload.begin(), (*packet)->payload.end()};
      }
      const auto got = stream_.read_some(some, deadline());
      if (!got || *got == 0) return {};
      assembler_.feed(protocol::Bytes{some}.first(*got));
    }
  }
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
  protocol::PacketAssembler assembler_{std::size_t{1} << 20};
  std::uint8_t sequence_ = 0;
};

}  // namespace sluice::proxy
