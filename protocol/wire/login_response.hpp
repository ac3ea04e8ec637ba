// What a client says of itself, in its answer to the greeting and in COM_CHANGE_USER, as one who passes it on must read
// or change it. Pure; every length is checked.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_change_user.html
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

// What one in between can't follow, as it is not known: neither offered to the client nor asked of the server.
inline constexpr std::uint32_t NOT_RELAYED = capability::CAPABILITY_EXTENSION;
inline constexpr std::uint32_t RELAYED_OF_MARIADB =
    mariadb_capability::PROGRESS | mariadb_capability::BULK_OPERATIONS | mariadb_capability::EXTENDED_METADATA |
    mariadb_capability::CACHE_METADATA | mariadb_capability::BULK_UNIT_RESULTS;

// Changes the capabilities of a packet that parse_greeting() has read, and nothing else. Of MariaDB's extended ones
// what is not relayed is taken out.
void write_greeting_capabilities(std::span<std::uint8_t> greeting, std::uint32_t capabilities);

// The first bytes of the client's answer: an SSLRequest is these and no more.
inline constexpr std::size_t SSL_REQUEST_BYTES = 32;

struct LoginResponse {
  std::uint32_t capabilities = 0;
  std::uint32_t mariadb_capabilities = 0;  // 0 of a client that has none
  std::uint16_t collation = 0;
  std::string user;
  std::string database;
  std::string plugin;
  std::size_t auth_bytes = 0;
};

// Of a response or an SSLRequest, of 4 bytes or more.
[[nodiscard]] std::uint32_t capabilities_of(Bytes response);
enum class LegTls : std::uint8_t { off, on };
// What the server is to read in the client's place: what the client asked for, without what is NOT_RELAYED or a
// compression that the server did not offer, and with TLS as it is on the server's side.
void write_relayed_capabilities(std::span<std::uint8_t> response, std::uint32_t offered, LegTls tls);
[[nodiscard]] std::optional<LoginResponse> read_login_response(Bytes payload);

// The response of somebody whom no server knows, for a login that is to end now.
[[nodiscard]] std::vector<std::uint8_t> nobodys_login(Bytes auth);

// The answer to a plugin in such a login: no password, or a wrong one, whichever the server holds against nobody or, at
// least, not against the address that it comes from. An account without a password may be let in by it.
[[nodiscard]] std::vector<std::uint8_t> nobodys_answer(std::string_view plugin);

// The payload of COM_CHANGE_USER, the command byte included.
struct ChangeUser {
  std::string user;
  std::string database;
  std::string plugin;
  std::uint16_t collation = 0;
};
[[nodiscard]] std::optional<ChangeUser> read_change_user(Bytes payload);

}  // namespace sluice::protocol
