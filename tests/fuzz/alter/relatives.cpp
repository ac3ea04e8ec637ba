#include "tests/fuzz/alter/relatives.hpp"

#include "migrator/sql/quoting.hpp"

namespace sluice::alters {
namespace {

using migrator::quote_identifier;

constexpr const char* parent_key = "id";

Type draw_parent_type(Kind server, Dice& dice) {
  for (;;) {
    const Family family = dice.of(
        std::vector{Family::integer, Family::integer, Family::text, Family::decimal, Family::datetime, Family::binary});
    Type type = draw_type_of(family, server, dice);
    if (!is_blob(type) && type.size < 100) return type;
  }
}

std::string is_null(const char* row, const Column& column) {
  return std::string(row) + "." + quote_identifier(column.name) + " IS NULL";
}

Trigger draw_trigger(const Table& table, Dice& dice) {
  const auto columns = base_columns(table);
  const Column& column = *dice.of(columns);
  const std::string log = "INSERT INTO " + quote_identifier(table.log) + " (what, seen) VALUES (";
  Trigger trigger{.name = {}, .event = dice.text({"INSERT", "UPDATE", "DELETE"}), .body = {}};
  const bool changes = trigger.event != "DELETE" && !column.in_key && column.type.family == Family::integer &&
                       column.attributes.empty() && dice.one_in(2);
  if (changes) {
    const std::string value = "NEW." + quote_identifier(column.name);
    trigger.event.insert(0, "BEFORE ");
    trigger.body = "SET " + value + " = COALESCE(" + value + ", 5)";
    return trigger;
  }
  const char* const row = trigger.event == "DELETE" ? "OLD" : "NEW";
  const std::string seen = dice.one_in(2) ? "NULL" : is_null(row, column);
  trigger.body = log + "'" + trigger.event + "', " + seen + ")";
  if (trigger.event == "UPDATE" && dice.one_in(2)) {
    trigger.body = "BEGIN IF NOT (" + is_null("OLD", column) + ") THEN " + trigger.body + "; END IF; END";
  }
  trigger.event.insert(0, dice.text({"BEFORE ", "AFTER "}));
  return trigger;
}

}  // namespace

void add_foreign_key(Table& table, Dice& dice) {
  ForeignKey key{.name = dice.text({"fk", "_fk", "a key"}) + std::to_string(table.seed),
                 .column = "ref",
                 .parent = dice.text({"parent", "p p"}) + std::to_string(table.seed),
                 .type = draw_parent_type(table.server, dice),
                 .keys = {},
                 .on_change = draw_on_change(table.server, dice)};
  for (std::size_t left = 2 + dice.below(6); left > 0; --left) key.keys.push_back(draw_value(key.type, dice));
  table.columns.push_back({.name = key.column,
                           .type = key.type,
                           .nullable = !dice.one_in(3),
                           .fallback = {},
                           .generated = {},
                           .attributes = {},
                           .pool = key.keys});
  // An index of its own, so that the server makes none, which it would drop as soon as there is another.
  table.keys.push_back({"of ref", "KEY", "(" + quote_identifier(key.column) + ")"});
  table.foreign_key = std::move(key);
}

void add_triggers(Table& table, Dice& dice) {
  table.log = "log" + std::to_string(table.seed);
  for (std::size_t i = 1 + dice.below(3); i > 0; --i) {
    Trigger trigger = draw_trigger(table, dice);
    trigger.name = dice.text({"tr", "a `trigger` ", "\u00e9"}) + std::to_string(table.seed) + "_" + std::to_string(i);
    table.triggers.push_back(std::move(trigger));
  }
}

std::string clause(const ForeignKey& key) {
  return "CONSTRAINT " + quote_identifier(key.name) + " FOREIGN KEY (" + quote_identifier(key.column) +
         ") REFERENCES " + quote_identifier(key.parent) + " (" + parent_key + ")" + key.on_change;
}

std::string draw_on_change(Kind server, Dice& dice) {
  // Where the binlog does not tell of cascades, they are refused.
  if (!dice.one_in(server == Kind::mysql ? 2 : 8)) return dice.text({"", "", " ON DELETE RESTRICT"});
  return dice.text({" ON DELETE CASCADE", " ON UPDATE CASCADE", " ON DELETE SET NULL",
                    " ON DELETE CASCADE ON UPDATE CASCADE", " ON DELETE SET NULL ON UPDATE CASCADE"});
}

std::vector<std::string> parent_sql(const Table& table) {
  if (!table.foreign_key) return {};
  const ForeignKey& key = *table.foreign_key;
  std::string values;
  for (const std::string& value : key.keys) values += (values.empty() ? "(" : ", (") + value + ")";
  const std::string name = quote_identifier(key.parent);
  return {"CREATE TABLE " + name + " (" + parent_key + " " + sql(key.type) + " NOT NULL PRIMARY KEY)",
          "INSERT IGNORE INTO " + name + " VALUES " + values};
}

std::vector<std::string> triggers_sql(const Table& table) {
  if (table.triggers.empty()) return {};
  std::vector<std::string> statements{"CREATE TABLE " + quote_identifier(table.log) +
                                      " (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), seen INT)"};
  for (const Trigger& trigger : table.triggers) {
    statements.push_back("CREATE TRIGGER " + quote_identifier(trigger.name) + " " + trigger.event + " ON " +
                         quote_identifier(table.name) + " FOR EACH ROW " + trigger.body);
  }
  return statements;
}

std::vector<std::string> relatives_of(const Table& table) {
  std::vector<std::string> names;
  if (table.foreign_key) names.push_back(table.foreign_key->parent);
  if (!table.triggers.empty()) names.push_back(table.log);
  return names;
}

std::string draw_parent_write(const Table& table, Dice& dice) {
  const ForeignKey& key = *table.foreign_key;
  const std::string name = quote_identifier(key.parent);
  const std::string where = std::string(" WHERE ") + parent_key + " = " + dice.of(key.keys);
  const std::string other = dice.one_in(2) ? dice.of(key.keys) : draw_value(key.type, dice);
  switch (dice.below(3)) {
    case 0:
      return "INSERT INTO " + name + " VALUES (" + other + ")";
    case 1:
      return "UPDATE " + name + " SET " + parent_key + " = " + other + where;
    default:
      return "DELETE FROM " + name + where;
  }
}

}  // namespace sluice::alters
