#include "migrator/engine/leads_to.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace sluice::migrator {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

struct Source {
  gate::TableName name;  // what clients would name
  std::string text;      // lower case; empty: hidden from this user
};

}  // namespace

SqlResult<std::vector<gate::Target>> names_that_lead_to(Connection& connection, const TableRef& table) {
  auto rows = connection.query(
      "SELECT table_schema, table_name, view_definition FROM information_schema.views"
      " WHERE table_schema NOT IN ('sys', 'mysql', 'information_schema', 'performance_schema')"
      " UNION ALL SELECT routine_schema, routine_name, routine_definition FROM information_schema.routines"
      " WHERE routine_schema NOT IN ('sys', 'mysql')"
      " UNION ALL SELECT event_object_schema, event_object_table, action_statement FROM information_schema.triggers"
      " WHERE trigger_schema NOT IN ('sys', 'mysql')");
  if (rows.has_error()) return rows.error();
  std::vector<Source> sources;
  for (const Row& row : rows->rows) {
    sources.push_back({{row[0].value_or(""), row[1].value_or("")}, lower(row[2].value_or(""))});
  }

  std::vector<gate::Target> targets{{.name = {table.database, table.table}, .kind = gate::Target::Kind::table}};
  std::set<gate::TableName> known{targets.front().name};
  // Each name that is found may itself be named by others.
  for (std::size_t next = 0; next < targets.size(); ++next) {
    const std::string name = lower(targets[next].name.table);
    for (const Source& source : sources) {
      const bool leads = source.text.empty() || source.text.find(name) != std::string::npos;
      if (leads && known.insert(source.name).second) {
        targets.push_back({.name = source.name, .kind = gate::Target::Kind::alias});
      }
    }
  }
  return targets;
}

}  // namespace sluice::migrator
