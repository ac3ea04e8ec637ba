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

// Holds what one or two rows of the source become in the shadow, of the columns of a unique key: in columns of the
// shadow's own types, so that the server converts them as it did in the row that it refused. Of this connection alone.
constexpr std::string_view taken_over = "_sluice.taken_over";

std::string name_of(std::size_t part) {
  return "sluice_" + std::to_string(part);
}

SqlResult<Affected> make_room(Connection& connection, const CopyPlan& plan, const std::vector<Part>& parts) {
  std::string columns;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    columns += (i == 0 ? "" : ", ") + quote_identifier(parts[i].column.shadow.name) + " AS " + name_of(i);
  }
  auto gone = connection.execute("DROP TEMPORARY TABLE IF EXISTS " + std::string(taken_over));
  if (gone.has_error()) return gone;
  // Its own key: a server may require one.
  return connection.execute("CREATE TEMPORARY TABLE " + std::string(taken_over) +
                            " (sluice_row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY) AS SELECT " + columns + " FROM " +
                            quote(plan.shadow) + " LIMIT 0");
}

SqlResult<Affected> take_over(Connection& connection, const RowSql& sql, const std::vector<Part>& parts, Keys keys) {
  std::string columns;
  std::string values;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    columns += (i == 0 ? "" : ", ") + name_of(i);
    values += (i == 0 ? "" : ", ") + stored_expression(parts[i].column, connection.flavor());
  }
  auto emptied = connection.execute("DELETE FROM " + std::string(taken_over));
  if (emptied.has_error()) return emptied;
  return connection.execute("INSERT INTO " + std::string(taken_over) + " (" + columns + ") SELECT " + values +
                            " FROM " + quote(sql.plan().source) + " WHERE " + sql.where_keys(Side::source, keys));
}

// As much of a value as the key has of it.
std::string cut(const std::string& value, const Part& part) {
  return part.prefix.empty() ? value : "LEFT(" + value + ", " + part.prefix + ")";
}

// FROM: the shadow's rows that the unique key takes for the row taken over.
std::string alike(const CopyPlan& plan, const std::string& index, const std::vector<Part>& parts) {
  std::string equal;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    equal += (i == 0 ? "" : " AND ") + cut(quote_identifier(parts[i].column.shadow.name), parts[i]) + " = " +
             cut(name_of(i), parts[i]);
  }
  return " FROM " + std::string(taken_over) + " STRAIGHT_JOIN " + quote(plan.shadow) + " FORCE INDEX (" +
         quote_identifier(index) + ") ON " + equal;
}

// Whether two rows were taken over and the key takes them for one. By aggregates, which compare whole values as the key
// does, and a temporary table can't be joined with itself.
std::string are_two_alike(const std::vector<Part>& parts) {
  std::string alike = "SELECT COUNT(*) = 2";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string value = cut(name_of(i), parts[i]);
    alike += " AND COUNT(" + value + ") = 2 AND MIN(" + value + ") = MAX(" + value + ")";
  }
  return alike + " FROM " + std::string(taken_over);
}

Duplicate find_other(Connection& connection, const RowSql& sql, const std::string& index,
                     const std::vector<Part>& parts, const KeyLiterals& key) {
  constexpr auto looked_at_max = " LIMIT 10";
  const Duplicate unknown{.index = index};
  if (make_room(connection, sql.plan(), parts).has_error() ||
      take_over(connection, sql, parts, std::array{key}).has_error()) {
    return unknown;
  }
  std::string literals;
  for (const SharedColumn& column : sql.plan().key.columns) {
    literals += (literals.empty() ? "" : ", ") + key_literal_expression(column, Side::shadow);
  }
  const std::string from = alike(sql.plan(), index, parts);
  const auto others = connection.query("SELECT " + literals + from + " WHERE NOT (" +
                                       sql.where_keys(Side::shadow, std::array{key}) + ")" + looked_at_max);
  if (others.has_error()) return unknown;
  for (const KeyLiterals& other : keys_of(*others)) {
    // Both in one statement: one after the other, they might exchange their values in between.
    if (take_over(connection, sql, parts, std::array{key, other}).has_error()) continue;
    const auto both = connection.query(are_two_alike(parts));
    if (both.has_error()) return unknown;
    if (both->rows.at(0).at(0) == "1") return {.kind = Duplicate::Kind::real, .index = index, .other = other};
  }
  return {.kind = Duplicate::Kind::passing, .index = index};
}

}  // namespace

Duplicate find_duplicate(Connection& connection, const RowSql& sql, const KeyLiterals& key, const SqlError& error) {
  const std::string index = index_named_in(error.text, sql.plan().shadow.table);
  const auto parts = parts_of(connection, sql.plan(), index);
  if (!parts) return {.index = index};
  Duplicate found = find_other(connection, sql, index, *parts, key);
  (void)connection.execute("DROP TEMPORARY TABLE IF EXISTS " + std::string(taken_over));
  return found;
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
