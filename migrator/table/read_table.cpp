#include "migrator/table/read_table.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::migrator {

namespace {

std::string text(const Value& value) {
  return value.value_or("");
}

std::optional<std::uint64_t> number(const Value& value) {
  if (!value) return std::nullopt;
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc{} || end != value->data() + value->size()) return std::nullopt;
  return result;
}

bool contains(const std::string& haystack, std::string_view needle) {
  return haystack.find(needle) != std::string::npos;
}

std::string named(std::string_view schema_column, std::string_view table_column, const TableRef& name) {
  std::string where = " WHERE ";
  where.append(schema_column).append(" = ").append(quote_string(name.database)).append(" AND ");
  return where.append(table_column).append(" = ").append(quote_string(name.table));
}

Generated generated(const std::string& extra) {
  if (contains(extra, "VIRTUAL")) return Generated::is_virtual;
  if (contains(extra, "STORED GENERATED") || contains(extra, "PERSISTENT")) return Generated::is_stored;
  return Generated::no;
}

Column column_from(const Row& row, ServerKind server) {
  Column column;
  column.name = text(row[0]);
  column.column_type = text(row[1]);
  column.data_type = text(row[2]);
  column.charset = text(row[3]);
  column.collation = text(row[4]);
  column.char_length = number(row[5]);
  column.octet_length = number(row[6]);
  column.precision = number(row[7]);
  column.scale = number(row[8]);
  column.fraction_digits = number(row[9]).value_or(0);
  column.nullable = text(row[10]) == "YES";
  const std::string extra = text(row[12]);
  // MariaDB writes the default as an expression: 'text', current_timestamp(), NULL.
  column.has_default = (row[11].has_value() && !(server == ServerKind::mariadb && *row[11] == "NULL")) ||
                       contains(extra, "DEFAULT_GENERATED");
  column.default_is_expression =
      contains(extra, "DEFAULT_GENERATED") || (server == ServerKind::mariadb && contains(text(row[11]), "("));
  column.is_unsigned = contains(column.column_type, " unsigned");
  column.auto_increment = contains(extra, "auto_increment");
  column.invisible = contains(extra, "INVISIBLE");
  column.generated = generated(extra);
  column.ordinal = static_cast<std::size_t>(number(row[13]).value_or(1) - 1);
  return column;
}

SqlResult<void> read_columns(Connection& connection, TableDefinition& table) {
  const auto answer = connection.query(
      "SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, "
      "CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, IS_NULLABLE, COLUMN_DEFAULT, "
      "EXTRA, ORDINAL_POSITION FROM information_schema.COLUMNS" +
      named("TABLE_SCHEMA", "TABLE_NAME", table.name) + " ORDER BY ORDINAL_POSITION");
  if (!answer) return answer.error();
  for (const Row& row : answer->rows) table.columns.push_back(column_from(row, connection.flavor().kind));
  return {};
}

// information_schema does not tell their order.
SqlResult<void> sort_keys(Connection& connection, TableDefinition& table) {
  const auto answer = connection.query("SHOW INDEX FROM " + quote(table.name));
  if (!answer) return answer.error();
  constexpr std::size_t key_name = 2;
  std::ranges::sort(table.keys, {}, [&](const Key& key) {
    return std::ranges::find(answer->rows, key.name, [](const Row& row) { return text(row[key_name]); }) -
           answer->rows.begin();
  });
  return {};
}

SqlResult<void> read_keys(Connection& connection, TableDefinition& table) {
  const auto answer = connection.query(
      "SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, NULLABLE, INDEX_TYPE, " +
      std::string(usable_index_column(connection.flavor())) + " FROM information_schema.STATISTICS" +
      named("TABLE_SCHEMA", "TABLE_NAME", table.name) + " ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX");
  if (!answer) return answer.error();
  for (const Row& row : answer->rows) {
    if (table.keys.empty() || table.keys.back().name != text(row[0])) {
      Key key;
      key.name = text(row[0]);
      key.unique = text(row[1]) == "0";
      key.searchable = text(row[5]) == "BTREE" && text(row[6]) == "YES";
      if (key.unique && text(row[5]) == "HASH") ++table.hash_columns;
      table.keys.push_back(std::move(key));
    }
    table.keys.back().parts.push_back({text(row[2]), row[3].has_value(), text(row[4]) == "YES"});
  }
  return sort_keys(connection, table);
}

SqlResult<std::vector<std::string>> read_list(Connection& connection, const std::string& sql) {
  const auto answer = connection.query(sql);
  if (!answer) return answer.error();
  std::vector<std::string> list;
  for (const Row& row : answer->rows) list.push_back(text(row[0]));
  return list;
}

SqlResult<std::vector<OwnForeignKey>> read_foreign_keys(Connection& connection, const TableRef& table) {
  const auto answer = connection.query(
      "SELECT CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE FROM "
      "information_schema.REFERENTIAL_CONSTRAINTS" +
      named("CONSTRAINT_SCHEMA", "TABLE_NAME", table));
  if (!answer) return answer.error();
  const auto acts = [](const Value& rule) { return rule != "RESTRICT" && rule != "NO ACTION"; };
  std::vector<OwnForeignKey> keys;
  for (const Row& row : answer->rows) {
    keys.push_back(
        {.name = text(row[0]),
         .parent = {text(row[1]), text(row[2])},
         .on_parent_change = acts(row[3]) || acts(row[4]) ? OnParentChange::change_child : OnParentChange::refuse});
  }
  return keys;
}

SqlResult<void> read_surroundings(Connection& connection, TableDefinition& table) {
  auto out = read_foreign_keys(connection, table.name);
  if (!out) return out.error();
  auto in = foreign_keys_to(connection, table.name);
  if (!in) return in.error();
  auto triggers = read_list(connection, "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS" +
                                            named("EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE", table.name));
  if (!triggers) return triggers.error();
  table.foreign_keys_out = std::move(*out);
  table.foreign_keys_in = std::move(*in);
  table.triggers = std::move(*triggers);
  return {};
}

TableKind kind_of(const std::string& type) {
  if (type == "BASE TABLE") return TableKind::base;
  return type == "VIEW" || type == "SYSTEM VIEW" ? TableKind::view : TableKind::other;
}

}  // namespace

SqlResult<std::vector<std::string>> foreign_keys_to(Connection& connection, const TableRef& table) {
  return read_list(connection,
                   "SELECT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME, '.', CONSTRAINT_NAME) FROM "
                   "information_schema.REFERENTIAL_CONSTRAINTS" +
                       named("UNIQUE_CONSTRAINT_SCHEMA", "REFERENCED_TABLE_NAME", table) +
                       " AND NOT (CONSTRAINT_SCHEMA = UNIQUE_CONSTRAINT_SCHEMA AND TABLE_NAME = "
                       "REFERENCED_TABLE_NAME)");
}

SqlResult<std::optional<TableDefinition>> read_table(Connection& connection, const TableRef& name) {
  const auto answer = connection.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, AUTO_INCREMENT, CREATE_OPTIONS FROM "
      "information_schema.TABLES" +
      named("TABLE_SCHEMA", "TABLE_NAME", name));
  if (!answer) return answer.error();
  if (answer->rows.empty()) return std::optional<TableDefinition>{};
  const Row& row = answer->rows.front();
  TableDefinition table;
  table.name = {text(row[0]), text(row[1])};
  table.kind = kind_of(text(row[2]));
  table.engine = text(row[3]);
  table.rows_estimated = number(row[4]).value_or(0);
  table.auto_increment = number(row[5]);
  table.partitioned = contains(text(row[6]), "partitioned");
  if (auto read = read_columns(connection, table); !read) return read.error();
  if (auto read = read_keys(connection, table); !read) return read.error();
  if (auto read = read_surroundings(connection, table); !read) return read.error();
  return std::optional<TableDefinition>{std::move(table)};
}

SqlResult<bool> database_exists(Connection& connection, std::string_view database) {
  const auto answer =
      connection.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " + quote_string(database));
  if (!answer) return answer.error();
  return !answer->rows.empty();
}

SqlResult<bool> table_exists(Connection& connection, const TableRef& name) {
  const auto answer =
      connection.query("SELECT 1 FROM information_schema.TABLES" + named("TABLE_SCHEMA", "TABLE_NAME", name));
  if (!answer) return answer.error();
  return !answer->rows.empty();
}

}  // namespace sluice::migrator
