// What a table is, as information_schema tells it. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

enum class Generated : std::uint8_t { no, is_virtual, is_stored };

struct Column {
  std::string name;
  std::string column_type;  // "int(11) unsigned", "enum('a','b')", lower case except within quotes
  std::string data_type;    // "int", "varchar", ...
  std::string charset;      // empty: not a character column
  std::string collation;
  std::optional<std::uint64_t> char_length;   // in characters; in bytes for binary strings
  std::optional<std::uint64_t> octet_length;  // the most bytes it can hold
  std::optional<std::uint64_t> precision;     // of numbers
  std::optional<std::uint64_t> scale;         // of numbers
  std::uint64_t fraction_digits = 0;          // of temporals
  bool nullable = false;
  bool is_unsigned = false;
  bool has_default = false;
  bool default_is_expression = false;  // CURRENT_TIMESTAMP, (UUID()), ...
  bool auto_increment = false;
  bool invisible = false;
  Generated generated = Generated::no;
  std::size_t ordinal = 0;  // from 0, as in the binlog's row images
};

struct KeyPart {
  std::string column;  // empty: an expression
  bool prefix = false;
  bool nullable = false;
};

struct Key {
  std::string name;  // "PRIMARY" for the primary key
  bool unique = false;
  bool searchable = false;  // a visible B-tree: FORCE INDEX works, and ranges
  std::vector<KeyPart> parts;
};

// What a change of the parent's row does to the child's.
enum class OnParentChange : std::uint8_t { refuse, change_child };  // the latter: CASCADE, SET NULL

struct OwnForeignKey {
  std::string name;
  TableRef parent;
  OnParentChange on_parent_change = OnParentChange::refuse;
};

enum class TableKind : std::uint8_t { base, view, other };

struct TableDefinition {
  TableRef name;  // in the server's spelling
  TableKind kind = TableKind::base;
  std::string engine;
  std::vector<Column> columns;   // in their order
  std::size_t hash_columns = 0;  // hidden ones behind them: MariaDB's, one for each unique key that is kept as a hash
  std::vector<Key> keys;         // in the server's order: PRIMARY first
  std::vector<OwnForeignKey> foreign_keys_out;
  std::vector<std::string> foreign_keys_in;  // "database.table.constraint" of other tables' that refer to it
  std::vector<std::string> triggers;
  std::uint64_t rows_estimated = 0;
  std::optional<std::uint64_t> auto_increment;  // the next value
  bool partitioned = false;
};

// By name, as the server does it: letters' case does not matter. nullptr: none.
[[nodiscard]] const Column* find_column(const TableDefinition& table, std::string_view name) noexcept;

[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace sluice::migrator
