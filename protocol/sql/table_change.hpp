// ALTER TABLE, CREATE INDEX and DROP INDEX as a migration takes them: the table, and what follows ALTER TABLE t. Pure.
//
// A tokenizer reads them as a session without lexical sql modes (ANSI_QUOTES and the like) does, and in doubt says that
// it can't. The server has the last word on whether a text is such a statement, and only one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/sql/statement_context.hpp"

namespace sluice::protocol {

struct TableChange {
  enum class Verb : std::uint8_t { alter_table, create_index, drop_index };
  enum class Way : std::uint8_t {
    migration,
    server,      // there is nothing for a migration to do, but at most a rename of the table, or the text asks for
                 // ALGORITHM=INSTANT
    impossible,  // `why` says what no migration can do
  };

  Verb verb = Verb::alter_table;
  Way way = Way::migration;
  std::string why;
  std::optional<std::string> database;
  std::string table;
  std::string table_text;  // both, quoted
  std::string alter;       // without ALGORITHM, LOCK, WAIT and NOWAIT
  // Of the alter: its words may mean something else in another time zone, or without foreign_key_checks.
  bool tells_times = false;
  bool tells_foreign_keys = false;
  bool spaces_calls = false;    // of functions, as only IGNORE_SPACE allows it
  bool may_be_missing = false;  // IF EXISTS of the table
  // The alter is no list of clauses, but begins with how the rows are partitioned.
  bool begins_with_partitioning = false;
  std::string_view statement;  // a view into the text, without the semicolon
  std::string_view rest;       // the statements behind it, a view into the text; empty: none
};

// Whether it may be worth a read_table_change(): a look at the first bytes. Those that begin with a code comment are
// not.
[[nodiscard]] bool may_change_table(std::string_view sql) noexcept;

// Nothing: it is another statement, or several of which none is such a change.
// `impossible` also where the change is not the first of several, or where there are several.
[[nodiscard]] std::optional<TableChange> read_table_change(std::string_view sql, MultiStatements multi);

}  // namespace sluice::protocol
