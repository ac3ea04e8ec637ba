#include "migrator/engine/leads_to.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "protocol/sql/text.hpp"

namespace sluice::migrator {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

struct Source {
  gate::TableName name;  // what clients would name
  std::string text;      // lower case; empty: hidden from this user, or no SQL
  bool is_name = false;  // the text is nothing but a table's name
};

std::string doubled(const std::string& text, char quote) {
  std::string result;
  for (const char c : text) result.append(c == quote ? 2 : 1, c);
  return result;
}

// May it name that table, told in lower case?
bool names(const Source& source, const std::string& name) {
  if (source.text.empty()) return true;
  if (source.is_name) return protocol::sql::may_be_same_name(source.text, name);
  // Other letters have upper cases and accents, and a question mark stands for any of them.
  const bool ascii = std::ranges::all_of(name, [](unsigned char c) { return c < 0x80 && c != '?'; });
  const auto has = [&](const std::string& spelling) {
    return ascii ? source.text.find(spelling) != std::string::npos
                 : protocol::sql::may_contain_name(source.text, spelling);
  };
  return has(name) || has(doubled(name, '`')) || has(doubled(name, '"'));
}

}  // namespace

SqlResult<std::vector<gate::Target>> names_that_lead_to(Connection& connection, const TableRef& table,
                                                        Relatives relatives) {
  const std::string by_foreign_keys =
      // A change of the parent may cascade to the child; a change of the child looks at the parent.
      " UNION ALL SELECT unique_constraint_schema, referenced_table_name, table_name, 1"
      " FROM information_schema.referential_constraints"
      " UNION ALL SELECT constraint_schema, table_name, referenced_table_name, 1"
      " FROM information_schema.referential_constraints";
  auto rows = connection.query(
      "SELECT table_schema, table_name, view_definition, 0 FROM information_schema.views"
      " WHERE table_schema NOT IN ('sys', 'mysql', 'information_schema', 'performance_schema')"
      " UNION ALL SELECT routine_schema, routine_name, IF(routine_body = 'SQL', routine_definition, NULL), 0"
      " FROM information_schema.routines"
      " WHERE routine_schema NOT IN ('sys', 'mysql')"
      " UNION ALL SELECT event_object_schema, event_object_table, action_statement, 0"
      " FROM information_schema.triggers"
      " WHERE trigger_schema NOT IN ('sys', 'mysql')" +
      (relatives == Relatives::included ? by_foreign_keys : ""));
  if (rows.has_error()) return rows.error();
  std::vector<Source> sources;
  for (const Row& row : rows->rows) {
    sources.push_back({{row[0].value_or(""), row[1].value_or("")}, lower(row[2].value_or("")), row[3] == "1"});
  }

  std::vector<gate::Target> targets{{.name = {table.database, table.table}, .kind = gate::Target::Kind::table}};
  std::set<gate::TableName> known{targets.front().name};
  // Each name that is found may itself be named by others.
  for (std::size_t next = 0; next < targets.size(); ++next) {
    const std::string name = lower(targets[next].name.table);
    for (const Source& source : sources) {
      if (names(source, name) && known.insert(source.name).second) {
        targets.push_back({.name = source.name, .kind = gate::Target::Kind::alias});
      }
    }
  }
  return targets;
}

}  // namespace sluice::migrator
