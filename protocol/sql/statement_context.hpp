// What a session must learn from each statement, armed or not: a look at its first word, which costs a few nanoseconds.
// Dynamic SQL (EXECUTE) is not looked into. Routines leave database and character set as they found them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/sql/scan.hpp"

namespace sluice::protocol {

// Nothing a session has to remember.
struct OrdinaryStatement {
  bool operator==(const OrdinaryStatement&) const = default;
};
// USE database: takes effect if the server answers OK.
struct UseDatabase {
  std::string database;
  bool operator==(const UseDatabase&) const = default;
};
// SET NAMES, SET CHARACTER SET, character_set_client, autocommit, @sluice_ddl. Effective if the server answers OK.
struct SetVariables {
  enum class Autocommit : std::uint8_t { off, on, unknown };
  std::optional<std::string> charset;  // of the client's text, lower case; empty: cannot be told (DEFAULT, @a)
  std::optional<Autocommit> autocommit;
  bool ddl_mode = false;  // @sluice_ddl is set
  bool operator==(const SetVariables&) const = default;
};
// BEGIN [WORK], START TRANSACTION [READ ONLY | READ WRITE] or XA START alone: a transaction begins, no snapshot is
// taken yet. (XA START fails while tables are locked.)
struct PlainBegin {
  bool operator==(const PlainBegin&) const = default;
};
// KILL [HARD|SOFT] [CONNECTION|QUERY] n
struct Kill {
  enum class What : std::uint8_t { connection, query };
  What what = What::connection;
  std::uint64_t connection = 0;
  bool operator==(const Kill&) const = default;
};
// COMMIT, ROLLBACK (but not to a savepoint). Where a transaction is open behind it (AND CHAIN, completion_type), it is
// a new one, which is as after PlainBegin.
struct EndTransaction {
  bool operator==(const EndTransaction&) const = default;
};
// EXECUTE [IMMEDIATE]: whether it changes the database or the character set, only the server's session tracking tells.
struct ExecuteStatement {
  bool operator==(const ExecuteStatement&) const = default;
};
// What becomes of locks that outlast their statement.
enum class LockAction : std::uint8_t {
  lock_tables,      // LOCK TABLES, FLUSH TABLES t WITH READ LOCK, FLUSH TABLES t FOR EXPORT
  lock_everything,  // FLUSH TABLES WITH READ LOCK
  unlock,           // UNLOCK TABLES: both of these
  begin,            // a transaction begins: gives up the first
  open_handler,     // HANDLER t OPEN
  close_handler,
};
inline constexpr std::array kLockActions{LockAction::lock_tables,  LockAction::lock_everything,
                                         LockAction::unlock,       LockAction::begin,
                                         LockAction::open_handler, LockAction::close_handler};
[[nodiscard]] bool takes_lock(LockAction action) noexcept;
struct ChangeLocks {
  LockAction action{};
  bool operator==(const ChangeLocks&) const = default;
};
// Several statements, some of which do any of the above. If one fails, those before it have been run.
struct SeveralStatements {
  bool use_database = false;
  bool set_charset = false;
  bool set_ddl_mode = false;
  std::vector<LockAction> locks;  // in this order
  bool operator==(const SeveralStatements&) const = default;
};
// It may do any of the above, and cannot be told (code comments, quotes that hang on sql_mode): database and character
// set are unknown after it.
struct UnknownStatement {
  std::vector<LockAction> locks;  // that it may take; what it may give up counts as held
  bool operator==(const UnknownStatement&) const = default;
};

using StatementContext = std::variant<OrdinaryStatement, UseDatabase, SetVariables, PlainBegin, EndTransaction,
                                      ChangeLocks, Kill, ExecuteStatement, SeveralStatements, UnknownStatement>;

// Whether the server takes several statements in one text (CLIENT_MULTI_STATEMENTS, or COM_SET_OPTION).
enum class MultiStatements : std::uint8_t { no, yes };

// `sql` is the payload of a COM_QUERY without command byte and query attributes.
[[nodiscard]] StatementContext look_at(std::string_view sql, MultiStatements multi);

// The same for a text of which only this beginning is known, and which may hold several statements.
[[nodiscard]] UnknownStatement look_at_beginning(std::string_view sql);

}  // namespace sluice::protocol
