// The capability flags that client and server agree upon in the handshake.
// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
// https://mariadb.com/kb/en/connection/#capabilities
#pragma once

#include <cstdint>

namespace sluice::protocol::capability {

// MariaDB calls it CLIENT_MYSQL: a server or client without it has MariaDB's extended flags.
inline constexpr std::uint32_t LONG_PASSWORD = 1U << 0;
inline constexpr std::uint32_t FOUND_ROWS = 1U << 1;
inline constexpr std::uint32_t LONG_FLAG = 1U << 2;
inline constexpr std::uint32_t CONNECT_WITH_DB = 1U << 3;
inline constexpr std::uint32_t COMPRESS = 1U << 5;
inline constexpr std::uint32_t LOCAL_FILES = 1U << 7;
inline constexpr std::uint32_t PROTOCOL_41 = 1U << 9;
inline constexpr std::uint32_t SSL = 1U << 11;
inline constexpr std::uint32_t TRANSACTIONS = 1U << 13;
inline constexpr std::uint32_t SECURE_CONNECTION = 1U << 15;
inline constexpr std::uint32_t MULTI_STATEMENTS = 1U << 16;
inline constexpr std::uint32_t MULTI_RESULTS = 1U << 17;
inline constexpr std::uint32_t PS_MULTI_RESULTS = 1U << 18;
inline constexpr std::uint32_t PLUGIN_AUTH = 1U << 19;
inline constexpr std::uint32_t CONNECT_ATTRS = 1U << 20;
inline constexpr std::uint32_t PLUGIN_AUTH_LENENC_DATA = 1U << 21;
inline constexpr std::uint32_t CAN_HANDLE_EXPIRED_PASSWORDS = 1U << 22;
inline constexpr std::uint32_t SESSION_TRACK = 1U << 23;
inline constexpr std::uint32_t DEPRECATE_EOF = 1U << 24;
inline constexpr std::uint32_t OPTIONAL_RESULTSET_METADATA = 1U << 25;
inline constexpr std::uint32_t ZSTD_COMPRESSION = 1U << 26;
inline constexpr std::uint32_t QUERY_ATTRIBUTES = 1U << 27;
inline constexpr std::uint32_t MULTI_FACTOR = 1U << 28;
inline constexpr std::uint32_t CAPABILITY_EXTENSION = 1U << 29;  // reserved for a second word

}  // namespace sluice::protocol::capability

namespace sluice::protocol::mariadb_capability {

inline constexpr std::uint32_t PROGRESS = 1U << 0;
inline constexpr std::uint32_t BULK_OPERATIONS = 1U << 2;
inline constexpr std::uint32_t EXTENDED_METADATA = 1U << 3;
inline constexpr std::uint32_t CACHE_METADATA = 1U << 4;
inline constexpr std::uint32_t BULK_UNIT_RESULTS = 1U << 5;

}  // namespace sluice::protocol::mariadb_capability
