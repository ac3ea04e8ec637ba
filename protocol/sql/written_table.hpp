// Whether a statement writes to one table only. Pure; a tokenizer, as the scan is: where it can't tell it says
// elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/sql/lexer.hpp"
#include "protocol/sql/table_rename.hpp"

namespace sluice::protocol::sql {

enum class Writes : std::uint8_t {
  nothing,    // a SELECT
  the_table,  // an INSERT, REPLACE, UPDATE or DELETE of this table alone
  elsewhere,  // another table, a file, or who knows: an UPDATE or DELETE of several tables
};

struct WrittenTable {
  TableRename::Case names = TableRename::Case::matters;
  std::string_view database;  // of the session as well
  std::string_view table;
};

// What stored functions and triggers write is not looked at.
[[nodiscard]] Writes written_by(std::string_view sql, const WrittenTable& table, Reading reading = {});

}  // namespace sluice::protocol::sql
