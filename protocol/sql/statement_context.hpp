// What a session must learn from each statement, armed or not: a look at its first word, which costs a few nanoseconds.
// Dynamic SQL (EXECUTE) is not looked into. Routines leave database and character set as they found them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

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
// SET NAMES, SET CHARACTER SET, character_set_client, autocommit. Effective if the server answers OK.
struct SetVariables {
  enum class Autocommit : std::uint8_t { off, on, unknown };
  std::optional<std::string> charset;  // of the client's text, lower case; empty: cannot be told (DEFAULT, @a)
  std::optional<Autocommit> autocommit;
  bool operator==(const SetVariables&) const = default;
};
// BEGIN [WORK] or START TRANSACTION [READ ONLY | READ WRITE] alone: a transaction begins, no snapshot is taken yet.
struct PlainBegin {
  bool operator==(const PlainBegin&) const = default;
};
// LOCK TABLES, FLUSH TABLES ... WITH READ LOCK or FOR EXPORT.
struct LockTables {
  bool operator==(const LockTables&) const = default;
};
struct UnlockTables {
  bool operator==(const UnlockTables&) const = default;
};
// EXECUTE [IMMEDIATE]: whether it changes the database or the character set, only the server's session tracking tells.
struct ExecuteStatement {
  bool operator==(const ExecuteStatement&) const = default;
};
// It may do any of the above, and cannot be told cheaply (several statements, code comments): database, character set
// and locks are unknown after it.
struct UnknownStatement {
  bool operator==(const UnknownStatement&) const = default;
};

using StatementContext = std::variant<OrdinaryStatement, UseDatabase, SetVariables, PlainBegin, LockTables,
                                      UnlockTables, Kill, ExecuteStatement, UnknownStatement>;

// Whether the server takes several statements in one text (CLIENT_MULTI_STATEMENTS, or COM_SET_OPTION).
enum class MultiStatements : std::uint8_t { no, yes };

// `sql` is the payload of a COM_QUERY without command byte and query attributes.
[[nodiscard]] StatementContext look_at(std::string_view sql, MultiStatements multi);

}  // namespace sluice::protocol
