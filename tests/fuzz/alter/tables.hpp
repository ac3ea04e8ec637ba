// A table drawn at random, and its rows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/alter/types.hpp"

namespace sluice::alters {

using Values = std::vector<std::string>;  // SQL expressions

struct Column {
  std::string name;
  Type type;
  bool nullable = true;
  std::string fallback;    // " DEFAULT ...", " ON UPDATE ..." as in the definition
  std::string generated;   // " AS (...) STORED"; empty: a base column
  std::string attributes;  // " COMMENT ''", " INVISIBLE", " AUTO_INCREMENT"
  bool in_key = false;     // of the primary key, or of the unique key in its place
  Values pool = {};        // if any: what its values mostly are
};

struct Key {
  std::string name;   // "PRIMARY" of the primary key
  std::string kind;   // "PRIMARY KEY", "UNIQUE KEY", "KEY", "FULLTEXT KEY", "SPATIAL KEY"
  std::string parts;  // with the parentheses
};

struct Check {
  std::string name;  // empty: the server gives one
  std::string condition;
};

struct ForeignKey {
  std::string name;
  std::string column;
  std::string parent;
  Type type;
  Values keys;            // of the parent's rows
  std::string on_change;  // " ON DELETE ..."
};

struct Trigger {
  std::string name;
  std::string event;  // "BEFORE INSERT"
  std::string body;
};

struct Table {
  Kind server{};
  std::uint64_t seed = 0;  // in each name that must be the only one in its schema
  std::string name;
  std::vector<Column> columns;
  std::vector<Key> keys;
  std::vector<Check> checks;
  std::optional<ForeignKey> foreign_key;
  std::vector<Trigger> triggers;
  std::string log;  // the table that the triggers write to
  std::string options;
  std::string partition;
  bool invisible_key = false;  // the server generates the primary key
};

[[nodiscard]] Table draw_table(Kind server, std::uint64_t seed, Dice& dice);

[[nodiscard]] std::string create_sql(const Table& table);
// `name type NOT NULL DEFAULT ...`
[[nodiscard]] std::string definition(const Column& column);
[[nodiscard]] Column draw_column(const Table& table, const std::string& name, Dice& dice);
[[nodiscard]] std::string draw_generated(const Table& table, Dice& dice);
// A key over the table's columns; with an empty kind: none came up.
[[nodiscard]] Key draw_secondary_key(const Table& table, const std::string& name, Dice& dice);
[[nodiscard]] std::string draw_partition(const Table& table, Dice& dice);
// `name`: what its name begins with, if it gets one.
[[nodiscard]] Check draw_check(const Table& table, const std::string& name, Dice& dice);
[[nodiscard]] std::string clause(const Check& check);

// Of the columns that take values, in their order.
[[nodiscard]] std::vector<const Column*> base_columns(const Table& table);
// Those of the key, or that it is computed of.
[[nodiscard]] std::vector<const Column*> key_columns(const Table& table);
[[nodiscard]] std::string name_list(const std::vector<const Column*>& columns);
[[nodiscard]] std::string draw_value_of(const Column& column,
                                        Dice& dice);  // now and then NULL, or no key of the parent
[[nodiscard]] Values draw_row(const Table& table, Dice& dice);
[[nodiscard]] std::string tuple(const Values& values);
// IGNORE, so that what doesn't fit is made to fit.
[[nodiscard]] std::string insert_sql(const Table& table, const std::vector<Values>& rows);

}  // namespace sluice::alters
