// A statement about one table as the same statement about another of the same database. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/sql/lexer.hpp"

namespace sluice::protocol::sql {

struct TableRename {
  enum class Case : std::uint8_t { matters, is_folded } names = Case::matters;  // of the tables' names, at the server
  // Whether a column that the statement may mean is called like the table. Then the name alone is replaced only where
  // tables are named.
  enum class Namesake : std::uint8_t { none, column } namesake = Namesake::none;

  std::string_view database;  // of both
  std::string_view from;
  std::string_view to;  // as it is to stand in the text: quoted where it needs that
};

// `sql` with each identifier that means the table `from` replaced: `orders`, `shop`.`orders`, orders.qty; {table} means
// it anywhere. What stands
// in strings and comments, other databases' tables and other tables' columns of that name stays; so does everything
// from where the text can't be read any more.
[[nodiscard]] std::string with_table_renamed(std::string_view sql, const TableRename& rename, Reading reading = {});

}  // namespace sluice::protocol::sql
