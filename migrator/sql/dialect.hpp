// Where MySQL and MariaDB differ in what the engine says to them: nowhere else is a server's kind asked for.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::migrator {

enum class ServerKind : std::uint8_t { mysql, mariadb };

struct Version {
  unsigned major = 0, minor = 0, patch = 0;
  auto operator<=>(const Version&) const = default;
};

struct ServerFlavor {
  ServerKind kind = ServerKind::mysql;
  Version version;
};

// From VERSION() or the greeting: "9.7.4", "10.11.19-MariaDB-0+deb12u1", "5.5.5-10.11.19-MariaDB".
[[nodiscard]] ServerFlavor parse_flavor(std::string_view version);

enum class OnLockedRow : std::uint8_t { wait, fail };

// The clause after a SELECT that takes shared row locks, with a leading space.
[[nodiscard]] std::string_view share_lock(const ServerFlavor& server, OnLockedRow on_locked) noexcept;

// Answers the binlog's head: file, position, ... and on MySQL the executed GTID set in the fifth column.
[[nodiscard]] std::string_view binlog_head_statement(const ServerFlavor& server) noexcept;

// Answers what tells this server from others, a replica of it among them: its binlog's positions mean nothing there.
[[nodiscard]] std::string_view server_identity_statement(const ServerFlavor& server) noexcept;

// MySQL 8.0.13 and newer; MariaDB answers 1192.
[[nodiscard]] bool can_rename_under_lock_tables(const ServerFlavor& server) noexcept;

// Whether CREATE TABLE ... LIKE gives CHECKs new names, as they are unique in a schema; in MariaDB they are in a table.
[[nodiscard]] bool like_renames_checks(const ServerFlavor& server) noexcept;

// performance_schema.metadata_locks (on by default in MySQL 8, off with the whole schema in MariaDB).
[[nodiscard]] bool has_metadata_lock_instruments(const ServerFlavor& server) noexcept;

// performance_schema.events_transactions_current: who is in a transaction, and at which isolation level.
[[nodiscard]] bool has_transaction_instruments(const ServerFlavor& server) noexcept;

// Whether a date may be, or have parts that are, zero: as the server's global sql_mode says, or in any case.
enum class ZeroDates : std::uint8_t { as_server, allowed };

// The part of a global sql_mode that says what may be stored, and strict; without what would change how SQL is read
// (ANSI_QUOTES, NO_BACKSLASH_ESCAPES, ...) and with NO_AUTO_VALUE_ON_ZERO, so that a copied 0 stays 0.
[[nodiscard]] std::string storing_sql_mode(std::string_view global_sql_mode, ZeroDates zero_dates);

// The aggregate that XORs hashes given in hexadecimal: of all bits where the server can, else of the first 64.
[[nodiscard]] std::string xor_of_hashes(const ServerFlavor& server, const std::string& hash);

// An expression over information_schema.STATISTICS: 'YES' where the index may be used by the optimizer.
[[nodiscard]] std::string_view usable_index_column(const ServerFlavor& server) noexcept;

// Settings that only one of the two knows, as assignments for SET SESSION, each with a leading comma. `select_limit`:
// how long a SELECT (in MariaDB any statement) may take; 0: as long as it likes.
[[nodiscard]] std::string flavor_settings(const ServerFlavor& server, std::chrono::milliseconds select_limit);

}  // namespace sluice::migrator
