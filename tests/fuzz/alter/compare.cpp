#include "tests/fuzz/alter/compare.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "migrator/sql/quoting.hpp"

namespace sluice::alters {
namespace {

using migrator::quote_identifier;
using migrator::quote_string;
using test::TestClient;

// What may differ in SHOW CREATE TABLE: CHECKs that somebody named are given a leading underscore on MySQL, or lose it,
// and stand in the order of names; indexes that are built late stand behind others.
std::string without_differences(const std::string& create) {
  const std::string named = "CONSTRAINT `_";
  std::string text;
  std::vector<std::string> last;
  std::istringstream lines{create};
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(',')) line.pop_back();
    const auto at = line.find(named);
    if (at != std::string::npos && line.find("` CHECK (") != std::string::npos) line.erase(at + named.size() - 1, 1);
    const auto begins = [&line](const char* with) { return line.starts_with(with); };
    const bool in_order =
        !begins("  KEY ") && !begins("  FULLTEXT ") && !begins("  SPATIAL ") && !begins("  CONSTRAINT ");
    if (line.starts_with(")")) {
      std::ranges::sort(last);
      for (const std::string& one : last) text += one + "\n";
    }
    if (in_order) {
      text += line + "\n";
    } else {
      last.push_back(line);
    }
  }
  return text;
}

std::string definition_of(TestClient& client, const std::string& table) {
  std::string text = client.must("SHOW CREATE TABLE " + quote_identifier(table)).rows().at(0).at(1).value();
  text.erase(0, text.find('('));
  const std::string counter = " AUTO_INCREMENT=";
  if (const auto at = text.rfind(counter); at != std::string::npos) {
    text.erase(at, text.find_first_not_of("0123456789", at + counter.size()) - at);
  }
  return without_differences(text);
}

std::string triggers_of(TestClient& client, const std::string& table) {
  const auto reply = client.must(
      "SELECT CONCAT_WS(' | ', TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, ACTION_STATEMENT, "
      "SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION) FROM "
      "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = " +
      quote_string(table) + " ORDER BY 1");
  std::string text;
  for (const auto& row : reply.rows()) text += "\n  " + row.at(0).value_or("NULL");
  return text;
}

// The column's value as text that keeps each byte apart.
std::string exact(const std::string& name, const std::string& type) {
  const std::string quoted = quote_identifier(name);
  if (type == "float" || type == "double") return "CAST(" + quoted + " + 0e0 AS CHAR)";
  if (type == "timestamp") return "CAST(UNIX_TIMESTAMP(" + quoted + ") AS CHAR)";
  if (type == "bit") return "CAST(" + quoted + " + 0 AS CHAR)";
  if (type == "enum" || type == "set") return "CONCAT(" + quoted + " + 0, ':', HEX(" + quoted + "))";
  if (type.ends_with("char") || type.ends_with("text") || type.ends_with("blob") || type.ends_with("binary") ||
      type == "vector" || type == "point" || type == "geometry") {
    return "HEX(" + quoted + ")";
  }
  return "CAST(" + quoted + " AS CHAR)";
}

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // sorted
};

Rows rows_of(TestClient& client, const std::string& table, const std::set<std::string>& unpredictable) {
  Rows result;
  std::string list;
  const auto columns = client.must(
      "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
      "DATABASE() AND TABLE_NAME = " +
      quote_string(table) + " ORDER BY ORDINAL_POSITION");
  for (const auto& row : columns.rows()) {
    const std::string name = row.at(0).value();
    if (unpredictable.contains(name)) continue;
    result.columns.push_back(name);
    list += (list.empty() ? "" : ", ") + exact(name, row.at(1).value());
  }
  if (list.empty()) list = "1";
  const auto reply = client.must("SELECT " + list + " FROM " + quote_identifier(table));
  for (const auto& row : reply.rows()) {
    std::vector<std::string> values;
    for (const auto& cell : row) values.push_back(cell.value_or("NULL"));
    result.rows.push_back(std::move(values));
  }
  std::ranges::sort(result.rows);
  return result;
}

std::string shown(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (const std::string& value : row) text += (&value == &row.front() ? "    " : " | ") + value;
    text += "\n";
  }
  return text;
}

std::string difference_of_rows(const Rows& table, const Rows& expected) {
  if (table.rows == expected.rows) return {};
  std::vector<std::vector<std::string>> missing;
  std::vector<std::vector<std::string>> unexpected;
  std::ranges::set_difference(expected.rows, table.rows, std::back_inserter(missing));
  std::ranges::set_difference(table.rows, expected.rows, std::back_inserter(unexpected));
  return "  rows (" + std::to_string(table.rows.size()) + ", the server's " + std::to_string(expected.rows.size()) +
         ") of:\n" + shown({table.columns}) + "  only the server's:\n" + shown(missing) + "  only Sluice's:\n" +
         shown(unexpected);
}

}  // namespace

std::uint64_t next_number(TestClient& client, const std::string& table) {
  const auto reply = client.must(
      "SELECT COALESCE(MAX(AUTO_INCREMENT), 0) FROM information_schema.TABLES t JOIN information_schema.COLUMNS c "
      "USING "
      "(TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = DATABASE() AND c.EXTRA LIKE '%auto_increment%' AND TABLE_NAME "
      "= " +
      quote_string(table));
  return std::stoull(reply.value());
}

std::string difference(TestClient& client, TestClient& expected, const Compared& compared) {
  const std::string& table = compared.table;
  const std::string ours = definition_of(client, table) + triggers_of(client, table);
  const std::string theirs = definition_of(expected, table) + triggers_of(expected, table);
  if (ours != theirs) return "  definition:\n" + ours + "\n  the server's:\n" + theirs + "\n";
  std::string differs = difference_of_rows(rows_of(client, table, compared.unpredictable),
                                           rows_of(expected, table, compared.unpredictable));
  for (const std::string& relative : compared.relatives) {
    differs += difference_of_rows(rows_of(client, relative, {"n"}), rows_of(expected, relative, {"n"}));
  }
  const auto next = next_number(client, table);
  const auto wanted = next_number(expected, table);
  if (next < wanted)
    differs += "  AUTO_INCREMENT " + std::to_string(next) + ", the server's " + std::to_string(wanted) + "\n";
  return differs;
}

}  // namespace sluice::alters
