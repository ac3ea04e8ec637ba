#include "migrator/rows/duplicate.hpp"

#include <array>
#include <optional>
#include <vector>

#include "migrator/rows/key_names.hpp"
#include "migrator/rows/row_hash.hpp"

namespace sluice::migrator {

namespace {

// "Duplicate entry 'x' for key 'one'", and with the table's name in front of the key's on MySQL from 8.0.19 on.
std::string index_named_in(const std::string& text, const std::string& table) {
  constexpr std::string_view before = "for key '";
  const auto at = text.rfind(before);
  if (at == std::string::npos || !text.ends_with('\'')) return {};
  std::string name = text.substr(at + before.size());
  name.pop_back();
  if (name.starts_with(table + ".")) name.erase(0, table.size() + 1);
  return name;
}

struct Part {
  SharedColumn column;
  std::string prefix;  // characters, or bytes; empty: the whole value
};

// nullopt: not all of its parts are columns that the source has.
std::optional<std::vector<Part>> parts_of(Connection& connection, const CopyPlan& plan, const std::string& index) {
  const auto answer =
      connection.query("SELECT COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = " +
                       quote_string(plan.shadow.database) + " AND TABLE_NAME = " + quote_string(plan.shadow.table) +
                       " AND INDEX_NAME = " + quote_string(index) + " ORDER BY SEQ_IN_INDEX");
  if (answer.has_error() || answer->rows.empty()) return std::nullopt;
  std::vector<Part> parts;
  for (const Row& row : answer->rows) {
    const SharedColumn* found = nullptr;
    for (const SharedColumn& column : plan.columns) {
      if (row[0] && same_name(column.shadow.name, *row[0])) found = &column;
    }
    if (found == nullptr) return std::nullopt;
    parts.push_back({*found, row[1].value_or("")});
  }
  return parts;
}

// FROM: the shadow's rows that the unique key takes for the source's row of `key`.
std::string alike(const RowSql& sql, const std::string& index, const std::vector<Part>& parts, const KeyLiterals& key) {
  const CopyPlan& plan = sql.plan();
  std::string values;
  std::string equal;
  for (const Part& part : parts) {
    const std::string name = "sluice_" + std::to_string(&part - parts.data());
    const std::string column = quote_identifier(part.column.shadow.name);
    const auto cut = [&](const std::string& value) {
      return part.prefix.empty() ? value : "LEFT(" + value + ", " + part.prefix + ")";
    };
    values += (values.empty() ? "" : ", ") + converted_expression(part.column) + " AS " + name;
    equal += (equal.empty() ? "" : " AND ") + cut(column) + " = " + cut("sluice." + name);
  }
  return " FROM (SELECT " + values + " FROM " + quote(plan.source) + " WHERE " +
         sql.where_keys(Side::source, std::array{key}) + ") AS sluice STRAIGHT_JOIN " + quote(plan.shadow) +
         " FORCE INDEX (" + quote_identifier(index) + ") ON " + equal;
}

}  // namespace

Duplicate find_duplicate(Connection& connection, const RowSql& sql, const KeyLiterals& key, const SqlError& error) {
  constexpr auto looked_at_max = " LIMIT 10";
  const std::string index = index_named_in(error.text, sql.plan().shadow.table);
  const auto parts = parts_of(connection, sql.plan(), index);
  if (!parts) return {.index = index};
  std::string literals;
  for (const SharedColumn& column : sql.plan().key.columns) {
    literals += (literals.empty() ? "" : ", ") + key_literal_expression(column, Side::shadow);
  }
  const auto others = connection.query("SELECT " + literals + alike(sql, index, *parts, key) + " WHERE NOT (" +
                                       sql.where_keys(Side::shadow, std::array{key}) + ")" + looked_at_max);
  if (others.has_error()) return {.index = index};
  for (const KeyLiterals& other : keys_of(*others)) {
    const auto itself = connection.query("SELECT 1" + alike(sql, index, *parts, other) + " WHERE " +
                                         sql.where_keys(Side::shadow, std::array{other}));
    if (itself.has_error()) return {.index = index};
    if (!itself->rows.empty()) return {.kind = Duplicate::Kind::real, .index = index, .other = other};
  }
  return {.kind = Duplicate::Kind::passing, .index = index};
}

std::string describe(const Duplicate& duplicate, const KeyLiterals& key, const SqlError& error) {
  const std::string index =
      "the unique key " + (duplicate.index.empty() ? "" : duplicate.index + " ") + "of the new table";
  if (duplicate.kind != Duplicate::Kind::real) {
    return index + " refuses the row with the key " + describe(key) + ": " + describe(error);
  }
  return index + " takes the rows with the keys " + describe(key) + " and " + describe(duplicate.other) +
         " for the same: " + describe(error);
}

}  // namespace sluice::migrator
