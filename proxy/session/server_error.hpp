// The answers that the proxy gives in the server's place: whole ERR packets, header included.
// Layout: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/online_ddl.hpp"

namespace sluice::proxy {

using PacketBytes = std::vector<std::uint8_t>;

// Instead of the greeting, where no SQLSTATE is sent yet. (Client libraries refuse numbers of 2000 and above from a
// server.)
[[nodiscard]] PacketBytes too_many_connections();                       // 1040
[[nodiscard]] PacketBytes server_unreachable(std::string_view reason);  // 1105
[[nodiscard]] PacketBytes tls_impossible();                             // 1105
[[nodiscard]] PacketBytes too_many_from(std::string_view host);         // 1040
[[nodiscard]] PacketBytes bad_proxy_header();                           // 1043

// During the login, with the sequence id that the client expects next.
[[nodiscard]] PacketBytes bad_handshake(std::uint8_t sequence);                             // 1043, 08S01
[[nodiscard]] PacketBytes login_refused(std::uint8_t sequence, std::string_view reason);    // 1045, 28000
[[nodiscard]] PacketBytes too_many_of_user(std::uint8_t sequence, std::string_view user);   // 1203, 42000
[[nodiscard]] PacketBytes tls_required(std::uint8_t sequence);                              // 3159, HY000
[[nodiscard]] PacketBytes tls_unavailable(std::uint8_t sequence, std::string_view reason);  // 1105, HY000

// Between commands, before the connection is closed, as MySQL does it. MariaDB just closes.
[[nodiscard]] PacketBytes idle_for_too_long();  // 4031, HY000

// Instead of a command's answer, which follows the command's only packet.
[[nodiscard]] PacketBytes query_interrupted(std::uint8_t sequence);         // 1317, 70100
[[nodiscard]] PacketBytes table_definition_changed(std::uint8_t sequence);  // 1412, HY000
[[nodiscard]] PacketBytes error_of(std::uint8_t sequence, const DdlFailure& failure);
[[nodiscard]] PacketBytes definition_refused(std::uint8_t sequence, std::string_view migration);  // 1105, HY000

}  // namespace sluice::proxy
