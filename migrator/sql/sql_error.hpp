// What a server, or the way to it, answered instead of a result.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>

namespace sluice::migrator {

enum class Outcome : std::uint8_t {
  refused,  // the server said no: the statement had no effect (InnoDB)
  unknown   // the connection was lost: the statement may have been executed, and even committed
};

struct SqlError {
  // First, so that no number or text makes an SqlError: SqlResult of those would be ambiguous.
  Outcome outcome = Outcome::refused;
  unsigned code = 0;     // the server's or, from 2000 to 2999 and from 5000 on (Connector/C), the client library's
  std::string sqlstate;  // five characters
  std::string text;      // in the server's words
};

template <class T>
using SqlResult = boost::system::result<T, SqlError>;

// Aborts with a message. Boost.System's hook for reading a value that is not there: `value()`, and after 1.81 `*` too.
[[noreturn]] void throw_exception_from_error(const SqlError& error, const boost::source_location& where);

namespace server_error {  // the server's numbers that decisions are made on
inline constexpr unsigned table_exists = 1050;
inline constexpr unsigned bad_table = 1051;
inline constexpr unsigned duplicate_key_name = 1061;
inline constexpr unsigned duplicate_entry = 1062;
inline constexpr unsigned invalid_default = 1067;
inline constexpr unsigned cant_drop_key = 1091;
inline constexpr unsigned no_such_table = 1146;
inline constexpr unsigned lock_wait_timeout = 1205;  // also: MariaDB's NOWAIT met a locked row
inline constexpr unsigned deadlock = 1213;
inline constexpr unsigned query_interrupted = 1317;
inline constexpr unsigned table_definition_changed = 1412;  // since the snapshot of this transaction was opened
inline constexpr unsigned wrong_value = 1525;               // a literal that is no date, or one that sql_mode forbids
inline constexpr unsigned online_log_too_big = 1799;  // more changed while an index was built than it could remember
inline constexpr unsigned lock_nowait = 3572;         // MySQL's NOWAIT met a locked row
}  // namespace server_error

// Whether another transaction's lock was in the way, so that the same may succeed later.
[[nodiscard]] bool is_lock_conflict(const SqlError& error) noexcept;
// The same, or the connection is gone.
[[nodiscard]] bool may_succeed_later(const SqlError& error) noexcept;

// "text (code)", for the one who asked. The text may repeat values of rows and parts of statements.
[[nodiscard]] std::string describe(const SqlError& error);

// For journal and log: the same where the server's words can name nothing but objects of the schema, accounts and
// hosts, else "error code (SQLSTATE …)".
[[nodiscard]] std::string describe_without_values(const SqlError& error);

}  // namespace sluice::migrator
