// The server's first packet, protocol version 10.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/wire/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

inline constexpr std::size_t SCRAMBLE_BYTES = 20;
using Scramble = std::array<std::uint8_t, SCRAMBLE_BYTES>;

struct Greeting {
  std::string version;  // without the "5.5.5-" that MariaDB puts before it for old replicas
  std::uint32_t thread_id = 0;
  Scramble scramble{};
  std::uint32_t capabilities = 0;
  std::uint32_t mariadb_capabilities = 0;  // 0 of a MySQL server
  std::uint8_t charset = 0;                // the collation's number
  std::uint16_t status = 0;
  std::string plugin;  // the server's default one; empty of a server without CLIENT_PLUGIN_AUTH

  [[nodiscard]] bool is_mariadb() const noexcept;
  [[nodiscard]] bool can(std::uint32_t capability) const noexcept { return (capabilities & capability) == capability; }
};

// WireErrc::unsupported_protocol for another version or one without a 20-byte scramble; truncated.
// Bytes behind the plugin's name are let pass: the packet has grown before.
[[nodiscard]] result<Greeting> parse_greeting(Bytes payload);

}  // namespace sluice::protocol
