#include "tests/fuzz/alter/tables.hpp"

#include <algorithm>

#include "migrator/sql/quoting.hpp"
#include "tests/fuzz/alter/relatives.hpp"

namespace sluice::alters {
namespace {

using migrator::quote_identifier;

constexpr std::size_t longest_name = 59;  // _..._gho leaves that

std::string draw_table_name(std::uint64_t seed, Dice& dice) {
  std::string name = dice.one_in(3)
                         ? dice.text({"select", "t t", "t`t", "caf\u00e9 \u2603", "a?b", "T", "t'", "5", "key"})
                         : std::string{"t"};
  name += std::to_string(seed);
  if (dice.one_in(20)) name.insert(name.begin(), longest_name - std::min(longest_name, name.size()), 'n');
  return name;
}

std::string draw_column_name(std::size_t number, Dice& dice) {
  static const std::vector<const char*> odd{"select", "a b",  "tick`", "\u65e5\u672c", "key", "Group",
                                            "x?",     "it's", "\"q\"", "a.b",          "100"};
  const std::string plain = "c" + std::to_string(number);
  if (dice.one_in(40)) return plain + std::string(64 - plain.size(), 'n');
  return dice.one_in(4) ? dice.of(odd) + plain : plain;
}

std::string draw_default(const Column& column, Kind server, Dice& dice) {
  const Type& type = column.type;
  const bool temporal = type.family == Family::datetime || type.family == Family::timestamp;
  if (temporal && dice.one_in(2)) {
    const std::string now = "CURRENT_TIMESTAMP" + (type.size > 0 ? "(" + std::to_string(type.size) + ")" : "");
    return " DEFAULT " + now + (dice.one_in(3) ? " ON UPDATE " + now : "");
  }
  if (type.family == Family::timestamp && column.nullable) return " DEFAULT NULL";
  if (!dice.one_in(3)) return "";
  if (column.nullable && dice.one_in(3)) return " DEFAULT NULL";
  if (is_blob(type)) return server == Kind::mysql && type.family != Family::text ? "" : " DEFAULT ('d')";
  if (type.family == Family::text && dice.one_in(3)) return " DEFAULT (CONCAT('a', 'b'))";
  if (type.family == Family::integer && dice.one_in(3)) return " DEFAULT (1 + 2)";
  if (type.family == Family::set || type.family == Family::bit) return "";
  if (type.name == "FLOAT") return " DEFAULT 1.5";  // of longer ones MySQL keeps six digits at the next ALTER
  if (type.family == Family::enumeration) return " DEFAULT '" + dice.of(type.members) + "'";
  std::string value = draw_value(type, dice);
  return value.starts_with("REPEAT") || value.starts_with("ST_") || value.starts_with("STRING") ? ""
                                                                                                : " DEFAULT " + value;
}

bool has_text(const Column& column) {
  return column.type.family == Family::text;
}

// A key of what is computed of the first column.
void add_generated_key(Table& table, Dice& dice) {
  Column& column = table.columns.front();
  column.type = {.family = Family::integer, .name = "INT"};
  column.nullable = false;
  column.in_key = true;
  column.fallback.clear();
  table.columns.push_back({.name = "computed",
                           .type = {.family = Family::integer, .name = "BIGINT"},
                           .generated = " AS (" + quote_identifier(table.columns.front().name) + " * 2) STORED"});
  const bool unique = table.server == Kind::mariadb || dice.one_in(4);
  table.keys.push_back({unique ? "the key" : "PRIMARY", unique ? "UNIQUE KEY" : "PRIMARY KEY", "(`computed`)"});
}

void add_key(Table& table, Dice& dice) {
  if (table.server == Kind::mysql && dice.one_in(12)) {
    table.invisible_key = true;
    return;
  }
  if (dice.one_in(15)) return add_generated_key(table, dice);
  std::string parts;
  const std::size_t width = dice.one_in(4) ? 2 : 1;
  for (std::size_t i = 0; i < width; ++i) {
    Column& column = table.columns.at(i);
    column.type = draw_key_type(table.server, dice);
    column.nullable = false;
    column.in_key = true;
    column.fallback.clear();
    const bool descending = dice.one_in(8);
    parts += (parts.empty() ? "(" : ", ") + quote_identifier(column.name) + (descending ? " DESC" : "");
  }
  if (width == 1 && table.columns[0].type.family == Family::integer && dice.one_in(3)) {
    table.columns[0].attributes = " AUTO_INCREMENT";
  }
  const bool unique = dice.one_in(4);
  table.keys.push_back({unique ? "the key" : "PRIMARY", unique ? "UNIQUE KEY" : "PRIMARY KEY", parts + ")"});
}

void add_unique_of_its_own(Table& table, Dice& dice) {
  for (Column& column : table.columns) {
    if (column.in_key || !column.generated.empty() || is_blob(column.type) || column.type.size > 100) continue;
    if (column.type.family == Family::bit || column.type.family == Family::year || !dice.one_in(2)) continue;
    table.keys.push_back({"u " + column.name.substr(0, 1), "UNIQUE KEY", "(" + quote_identifier(column.name) + ")"});
    return;
  }
}

}  // namespace

Column draw_column(const Table& table, const std::string& name, Dice& dice) {
  Column column{.name = name, .type = draw_type(table.server, dice), .nullable = !dice.one_in(3)};
  column.fallback = draw_default(column, table.server, dice);
  if (dice.one_in(10)) column.attributes += " COMMENT 'it''s a \"column\"'";
  if (dice.one_in(15)) column.attributes += " INVISIBLE";
  return column;
}

std::string draw_generated(const Table& table, Dice& dice) {
  std::vector<std::string> expressions;
  for (const Column& column : table.columns) {
    if (!column.generated.empty() || column.attributes == " AUTO_INCREMENT") continue;
    const std::string name = quote_identifier(column.name);
    switch (column.type.family) {
      case Family::integer:
      case Family::decimal:
        expressions.push_back(name + " % 7");
        break;
      case Family::text:
        expressions.push_back("CONCAT(LEFT(" + name + ", 20), '!')");
        expressions.push_back("CHAR_LENGTH(" + name + ")");
        break;
      case Family::date:
      case Family::datetime:
        expressions.push_back("YEAR(" + name + ")");
        break;
      case Family::binary:
        expressions.push_back("LENGTH(" + name + ")");
        break;
      case Family::json:
        expressions.push_back("JSON_LENGTH(" + name + ")");
        break;
      case Family::real:
      case Family::bit:
      case Family::timestamp:
      case Family::time:
      case Family::year:
      case Family::enumeration:
      case Family::set:
      case Family::geometry:
      case Family::vector:
      case Family::address:
      case Family::uuid:
        expressions.push_back(name + " IS NULL");
        break;
    }
  }
  if (expressions.empty()) return "";
  return " AS (" + dice.of(expressions) + ")" + dice.text({" VIRTUAL", " STORED"});
}

Key draw_secondary_key(const Table& table, const std::string& name, Dice& dice) {
  const Column& column = dice.of(table.columns);
  const std::string quoted = quote_identifier(column.name);
  const bool full = has_text(column) && charset_of(column.type.collation).starts_with("utf8");
  if (full && dice.one_in(3)) return {name, "FULLTEXT KEY", "(" + quoted + ")"};
  if (column.type.family == Family::geometry)
    return column.nullable ? Key{} : Key{name, "SPATIAL KEY", "(" + quoted + ")"};
  if (column.type.family == Family::json || column.type.family == Family::vector) return {};
  const bool texts = has_text(column) || column.type.family == Family::binary;
  const bool prefix = is_blob(column.type) || (texts && (column.type.size > 100 || dice.one_in(3)));
  const std::string kind = dice.one_in(3) ? "UNIQUE KEY" : "KEY";
  if (table.server == Kind::mysql && column.type.family == Family::integer && column.generated.empty() &&
      dice.one_in(4)) {
    return {name, kind, "((" + quoted + " % 10))"};
  }
  std::string parts =
      "(" + quoted +
      (prefix ? "(" + std::to_string(std::min(column.type.size == 0 ? 5U : column.type.size, 5U)) + ")" : "");
  const Column& second = dice.of(table.columns);
  if (second.name != column.name && !is_blob(second.type) && second.type.size < 100 && dice.one_in(2)) {
    parts += ", " + quote_identifier(second.name) + (dice.one_in(4) ? " DESC" : "");
  }
  return {name, kind, parts + ")"};
}

std::string draw_partition(const Table& table, Dice& dice) {
  const auto keys = key_columns(table);
  if (keys.empty()) return " PARTITION BY KEY () PARTITIONS 3";
  const std::string name = quote_identifier(keys.front()->name);
  const Family family = keys.front()->type.family;
  if (family == Family::integer) {
    return dice.text({" PARTITION BY HASH (", " PARTITION BY LINEAR HASH ("}) + name + ") PARTITIONS " +
           std::to_string(1 + dice.below(4));
  }
  if (family == Family::date)
    return " PARTITION BY RANGE COLUMNS (" + name +
           ") (PARTITION a VALUES LESS THAN ('2000-01-01'), PARTITION b VALUES LESS THAN (MAXVALUE))";
  return " PARTITION BY KEY (" + name + ") PARTITIONS 2";
}

Check draw_check(const Table& table, const std::string& name, Dice& dice) {
  const Column& column = dice.of(table.columns);
  const std::string value = quote_identifier(column.name);
  Check check{.name = dice.one_in(2) ? name + std::to_string(table.seed) : "", .condition = value + " IS NOT NULL"};
  if (column.attributes.find("AUTO_INCREMENT") != std::string::npos) {
    check.condition = "1 = 1";
  } else if (column.type.family == Family::integer) {
    check.condition = value + dice.text({" >= 0", " < 1000", " <> 7"});
  } else if (has_text(column)) {
    check.condition = "CHAR_LENGTH(" + value + ") < 20";
  }
  return check;
}

std::string clause(const Check& check) {
  return (check.name.empty() ? "" : "CONSTRAINT " + quote_identifier(check.name) + " ") + "CHECK (" + check.condition +
         ")";
}

Table draw_table(Kind server, std::uint64_t seed, Dice& dice) {
  Table table{.server = server, .seed = seed, .name = draw_table_name(seed, dice)};
  const std::size_t width = 2 + dice.below(6);
  for (std::size_t i = 0; i < width; ++i) table.columns.push_back(draw_column(table, draw_column_name(i, dice), dice));
  add_key(table, dice);
  if (dice.one_in(3)) {
    Column column{.name = "g", .type = {}, .generated = draw_generated(table, dice)};
    // Wide enough for each value, and no operand of anything drawn later.
    column.type = {.family = Family::uuid, .name = "VARCHAR(60)"};
    if (!column.generated.empty()) table.columns.push_back(std::move(column));
  }
  if (dice.one_in(6)) add_foreign_key(table, dice);
  if (dice.one_in(3)) add_unique_of_its_own(table, dice);
  for (std::size_t i = dice.below(3); i > 0; --i) {
    Key key = draw_secondary_key(table, "k" + std::to_string(i), dice);
    if (!key.kind.empty()) table.keys.push_back(std::move(key));
  }
  if (dice.one_in(5)) table.checks.push_back(draw_check(table, "positive", dice));
  if (dice.one_in(6))
    table.options += dice.text({" ROW_FORMAT=COMPACT", " ROW_FORMAT=DYNAMIC", " ROW_FORMAT=REDUNDANT",
                                " ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"});
  if (dice.one_in(8)) table.options += " COMMENT='it''s a table'";
  if (dice.one_in(8)) table.options += " DEFAULT COLLATE " + draw_collation(server, dice);
  const bool other_unique = std::ranges::count_if(table.keys, [](const Key& key) {
                              return key.kind == "UNIQUE KEY" || key.kind == "PRIMARY KEY" ||
                                     key.kind == "FULLTEXT KEY" || key.kind == "SPATIAL KEY";
                            }) > 1;
  if (!other_unique && !table.foreign_key && dice.one_in(12)) table.partition = draw_partition(table, dice);
  if (dice.one_in(8)) add_triggers(table, dice);
  return table;
}

std::string definition(const Column& column) {
  std::string text = quote_identifier(column.name) + " " + sql(column.type) + column.generated;
  if (column.generated.empty()) text += (column.nullable ? " NULL" : " NOT NULL") + column.fallback;
  return text + column.attributes;
}

std::string create_sql(const Table& table) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const Column& column : table.columns) add(definition(column));
  for (const Key& key : table.keys)
    add(key.kind + (key.name == "PRIMARY" ? "" : " " + quote_identifier(key.name)) + " " + key.parts);
  for (const Check& check : table.checks) add(clause(check));
  if (table.foreign_key) add(clause(*table.foreign_key));
  return "CREATE TABLE " + quote_identifier(table.name) + " (" + text + ")" + table.options + table.partition;
}

std::vector<const Column*> base_columns(const Table& table) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns) {
    if (column.generated.empty()) columns.push_back(&column);
  }
  return columns;
}

std::vector<const Column*> key_columns(const Table& table) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns) {
    if (column.in_key && column.generated.empty()) columns.push_back(&column);
  }
  return columns;
}

std::string name_list(const std::vector<const Column*>& columns) {
  std::string list;
  for (const Column* column : columns) list += (list.empty() ? "" : ", ") + quote_identifier(column->name);
  return list;
}

std::string draw_value_of(const Column& column, Dice& dice) {
  if (column.nullable && dice.one_in(6)) return "NULL";
  return column.pool.empty() || dice.one_in(12) ? draw_value(column.type, dice) : dice.of(column.pool);
}

Values draw_row(const Table& table, Dice& dice) {
  Values values;
  for (const Column* column : base_columns(table)) values.push_back(draw_value_of(*column, dice));
  return values;
}

std::string tuple(const Values& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "(" : ", ") + value;
  return text + ")";
}

std::string insert_sql(const Table& table, const std::vector<Values>& rows) {
  std::string text;
  for (const Values& row : rows) text += (text.empty() ? "" : ", ") + tuple(row);
  return "INSERT IGNORE INTO " + quote_identifier(table.name) + " (" + name_list(base_columns(table)) + ") VALUES " +
         text;
}

}  // namespace sluice::alters
