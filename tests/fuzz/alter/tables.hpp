// A table drawn at random, and its rows. Pure.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/alter/types.hpp"

namespace sluice::alters {

struct Column {
  std::string name;
  Type type;
  bool nullable = true;
  std::string fallback;    // " DEFAULT ...", " ON UPDATE ..." as in the definition
  std::string generated;   // " AS (...) STORED"; empty: a base column
  std::string attributes;  // " COMMENT ''", " INVISIBLE", " AUTO_INCREMENT"
  bool in_key = false;     // of the primary key, or of the unique key in its place
};

struct Key {
  std::string name;   // "PRIMARY" of the primary key
  std::string kind;   // "PRIMARY KEY", "UNIQUE KEY", "KEY", "FULLTEXT KEY", "SPATIAL KEY"
  std::string parts;  // with the parentheses
};

struct Table {
  Kind server{};
  std::string name;
  std::vector<Column> columns;
  std::vector<Key> keys;
  std::vector<std::string> checks;  // conditions
  std::string options;
  std::string partition;
  bool invisible_key = false;  // the server generates the primary key
};

using Values = std::vector<std::string>;  // SQL expressions

[[nodiscard]] Table draw_table(Kind server, std::uint64_t seed, Dice& dice);

[[nodiscard]] std::string create_sql(const Table& table, const std::string& name);
// `name type NOT NULL DEFAULT ...`
[[nodiscard]] std::string definition(const Column& column);
[[nodiscard]] Column draw_column(const Table& table, const std::string& name, Dice& dice);
[[nodiscard]] std::string draw_generated(const Table& table, Dice& dice);
// A key over the table's columns; with an empty kind: none came up.
[[nodiscard]] Key draw_secondary_key(const Table& table, const std::string& name, Dice& dice);
[[nodiscard]] std::string draw_partition(const Table& table, Dice& dice);
[[nodiscard]] std::string draw_check(const Table& table, Dice& dice);

// Of the columns that take values, in their order.
[[nodiscard]] std::vector<const Column*> base_columns(const Table& table);
[[nodiscard]] std::vector<const Column*> key_columns(const Table& table);
[[nodiscard]] std::string name_list(const std::vector<const Column*>& columns);
[[nodiscard]] std::string draw_value_of(const Column& column, Dice& dice);  // now and then NULL
[[nodiscard]] Values draw_row(const Table& table, Dice& dice);
[[nodiscard]] std::string tuple(const Values& values);
// IGNORE, so that what doesn't fit is made to fit.
[[nodiscard]] std::string insert_sql(const Table& table, const std::vector<Values>& rows);

}  // namespace sluice::alters
