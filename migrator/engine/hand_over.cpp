#include "migrator/engine/hand_over.hpp"

#include <algorithm>

#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/shadow.hpp"
#include "migrator/table/shadow_triggers.hpp"

namespace sluice::migrator {
namespace {

SqlResult<void> run(Connection& connection, const std::string& sql) {
  const auto done = connection.execute(sql);
  if (done.has_error()) return done.error();
  return {};
}

SqlResult<std::vector<std::string>> foreign_keys_of(Connection& connection, const TableRef& table) {
  const auto text = show_create(connection, table);
  if (text.has_error()) return text.error();
  std::vector<std::string> names;
  for (const Constraint& constraint : constraints_of(*text)) {
    if (constraint.kind == ConstraintKind::foreign_key) names.push_back(constraint.name);
  }
  return names;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&](const std::string& other) { return same_name(other, name); });
}

std::string with_comma(const std::string& list) {
  return list.empty() ? "" : list + ", ";
}

SqlResult<void> alter(Connection& connection, const TableRef& table, const std::string& clauses, const HandOver& what) {
  return run(connection, "ALTER TABLE " + quote(table) + " " + clauses + " /* " + what.tag + " */");
}

SqlResult<void> move_foreign_keys(Connection& connection, const HandOver& what) {
  const auto of_old = foreign_keys_of(connection, what.old_table);
  if (of_old.has_error()) return of_old.error();
  std::string drops;
  for (const std::string& name : *of_old) drops = with_comma(drops) + "DROP FOREIGN KEY " + quote_identifier(name);
  // Rather refused than in any other way, which would copy the table.
  const std::string in_place = ", ALGORITHM = INPLACE";
  if (!drops.empty()) {
    if (auto dropped = alter(connection, what.old_table, drops + in_place, what); dropped.has_error()) return dropped;
  }

  const auto present = foreign_keys_of(connection, what.new_table);
  if (present.has_error()) return present.error();
  std::string adds;
  for (const Constraint& key : what.attachments.foreign_keys) {
    if (!holds(*present, key.name)) adds = with_comma(adds) + "ADD " + text_of(key);
  }
  if (adds.empty()) return {};
  return alter(connection, what.new_table, adds + in_place, what);
}

SqlResult<void> move_triggers(Connection& connection, const HandOver& what) {
  const auto of_old = trigger_names(connection, what.old_table);
  if (of_old.has_error()) return of_old.error();
  const auto present = trigger_names(connection, what.new_table);
  if (present.has_error()) return present.error();
  for (const Trigger& trigger : what.attachments.triggers) {
    if (holds(*present, trigger.name)) continue;
    if (holds(*of_old, trigger.name)) {
      auto dropped = run(connection, "DROP TRIGGER " + quote(TableRef{what.old_table.database, trigger.name}));
      if (dropped.has_error()) return dropped;
    }
    if (auto made = create_trigger(connection, what.new_table.database, trigger); made.has_error()) return made;
  }
  return {};
}

}  // namespace

SqlResult<void> hand_over(Connection& connection, const HandOver& what) {
  if (!what.attachments.parents.empty()) {
    if (auto moved = move_foreign_keys(connection, what); moved.has_error()) return moved;
  }
  return what.attachments.triggers.empty() ? SqlResult<void>{} : move_triggers(connection, what);
}

std::vector<std::string> statements_of(const HandOver& what) {
  std::vector<std::string> parts{what.tag};
  for (const Trigger& trigger : what.attachments.triggers) {
    // The server writes what stands before this word in its own way.
    const std::vector<Token> tokens = tokenize(trigger.statement).tokens;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!is_keyword(tokens, i, "TRIGGER")) continue;
      parts.push_back(trigger.statement.substr(tokens[i].begin));
      break;
    }
  }
  return parts;
}

}  // namespace sluice::migrator
