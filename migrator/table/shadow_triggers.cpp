#include "migrator/table/shadow_triggers.hpp"

#include <optional>

#include "migrator/table/alter_text.hpp"

namespace sluice::migrator {

namespace {

using Tried = std::variant<std::vector<Trigger>, Problems>;

constexpr std::string_view tried_name = "_sluice_tries_a_trigger";

struct Description {
  Trigger trigger;
  std::string database_collation;
};

SqlResult<void> run(Connection& connection, const std::string& sql) {
  const auto done = connection.execute(sql);
  if (!done) return done.error();
  return {};
}

SqlResult<Description> describe_trigger(Connection& connection, const TableRef& name) {
  const auto answer = connection.query("SHOW CREATE TRIGGER " + quote(name));
  if (!answer) return answer.error();
  const Row& row = answer->rows.at(0);
  return Description{.trigger = {.name = name.table,
                                 .sql_mode = row.at(1).value_or(""),
                                 .character_set_client = row.at(3).value_or(""),
                                 .collation_connection = row.at(4).value_or(""),
                                 .statement = row.at(2).value_or("")},
                     .database_collation = row.at(5).value_or("")};
}

// CREATE ... TRIGGER name ... ON table ..., with other names; nullopt: it is not understood.
std::optional<std::string> retargeted(const std::string& statement, const TableRef& trigger, const TableRef& table) {
  const std::vector<Token> tokens = tokenize(statement).tokens;
  const auto after = [&](std::size_t i, std::string_view word) {
    while (i < tokens.size() && !is_keyword(tokens, i, word)) ++i;
    return i + 1;
  };
  const auto last_of_name = [&](std::size_t first) { return is_symbol(tokens, first + 1, ".") ? first + 2 : first; };
  std::size_t name = after(0, "TRIGGER");
  if (is_keyword(tokens, name, "IF")) name += 3;  // NOT EXISTS
  const std::size_t of = after(last_of_name(name) + 1, "ON");
  if (last_of_name(of) >= tokens.size()) return std::nullopt;
  std::string text = statement.substr(0, tokens[name].begin) + quote(trigger);
  text += statement.substr(tokens[last_of_name(name)].end, tokens[of].begin - tokens[last_of_name(name)].end);
  return text + quote(table) + statement.substr(tokens[last_of_name(of)].end);
}

// Under the sql_mode and, unless its text has been converted, the character set that it was made with.
SqlResult<void> create(Connection& connection, const Trigger& trigger) {
  if (auto kept = run(connection, "SET @sluice_sql_mode = @@SESSION.sql_mode"); !kept) return kept;
  auto set = run(connection, "SET SESSION sql_mode = " + quote_string(trigger.sql_mode) +
                                 ", character_set_client = " + quote_string(trigger.character_set_client) +
                                 ", collation_connection = " + quote_string(trigger.collation_connection));
  auto made = set ? run(connection, trigger.statement) : set;
  if (!made && made.error().outcome == Outcome::unknown) return made;
  if (auto back = run(connection, "SET SESSION sql_mode = @sluice_sql_mode"); !back) return back;
  if (auto back = run(connection, "SET NAMES utf8mb4"); !back) return back;
  return made;
}

SqlResult<void> try_one(Connection& connection, Trigger trigger, const TableRef& shadow) {
  const TableRef name{shadow.database, std::string(tried_name)};
  auto text = retargeted(trigger.statement, name, shadow);
  if (!text) return SqlError{.code = 0, .sqlstate = "HY000", .text = "its definition is not understood"};
  trigger.statement = std::move(*text);
  trigger.character_set_client = "utf8mb4";
  const std::string drop = "DROP TRIGGER IF EXISTS " + quote(name);
  if (auto dropped = run(connection, drop); !dropped) return dropped;
  if (auto made = create(connection, trigger); !made) return made;
  return run(connection, drop);
}

SqlResult<std::string> collation_of(Connection& connection, const std::string& database) {
  const auto answer = connection.query(
      "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " + quote_string(database));
  if (!answer) return answer.error();
  return answer->rows.empty() ? std::string() : answer->rows[0].at(0).value_or("");
}

Problem refused(const std::string& trigger, const std::string& why) {
  return {"table.triggers", "the trigger " + trigger + " can't be made on the new table: " + why};
}

std::string reason(const SqlError& error) {
  constexpr unsigned access_denied = 1227;
  constexpr unsigned binlog_needs_super = 1419;
  if (error.code == access_denied) {
    return describe(error) +
           "; to keep its definer the user of Sluice needs SET_ANY_DEFINER (MySQL), SET USER (MariaDB)";
  }
  if (error.code == binlog_needs_super) {
    return describe(error) + "; SET GLOBAL log_bin_trust_function_creators = ON, or GRANT SUPER to the user of Sluice";
  }
  return describe(error);
}

}  // namespace

SqlResult<std::vector<std::string>> trigger_names(Connection& connection, const TableRef& table) {
  const auto answer =
      connection.query("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = " +
                       quote_string(table.database) + " AND EVENT_OBJECT_TABLE = " + quote_string(table.table) +
                       " ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER");
  if (!answer) return answer.error();
  std::vector<std::string> names;
  for (const Row& row : answer->rows) names.push_back(row.at(0).value_or(""));
  return names;
}

SqlResult<std::vector<Trigger>> read_triggers(Connection& connection, const TableRef& table) {
  const auto names = trigger_names(connection, table);
  if (!names) return names.error();
  std::vector<Trigger> triggers;
  for (const std::string& name : *names) {
    // Unconverted: what the text's own character set can say, utf8mb4 need not give back the same.
    if (auto raw = run(connection, "SET character_set_results = NULL"); !raw) return raw.error();
    auto description = describe_trigger(connection, {table.database, name});
    if (auto back = run(connection, "SET character_set_results = utf8mb4"); !back) return back.error();
    if (!description) return description.error();
    triggers.push_back(std::move(description->trigger));
  }
  return triggers;
}

SqlResult<Tried> try_triggers(Connection& connection, const TableRef& source, const TableRef& shadow) {
  auto triggers = read_triggers(connection, source);
  if (!triggers) return triggers.error();
  Problems problems;
  for (const Trigger& trigger : *triggers) {
    auto description = describe_trigger(connection, {source.database, trigger.name});
    if (!description) return description.error();
    const auto collation = collation_of(connection, source.database);
    if (!collation) return collation.error();
    if (description->database_collation != *collation) {
      problems.push_back(refused(trigger.name, "it was made when the database's collation was " +
                                                   description->database_collation + ", which now is " + *collation));
      continue;
    }
    const auto tried = try_one(connection, std::move(description->trigger), shadow);
    if (!tried && tried.error().outcome == Outcome::unknown) return tried.error();
    if (!tried) problems.push_back(refused(trigger.name, reason(tried.error())));
  }
  if (!problems.empty()) return Tried{std::move(problems)};
  return Tried{std::move(*triggers)};
}

SqlResult<void> create_trigger(Connection& connection, const std::string& database, const Trigger& trigger) {
  if (auto used = run(connection, "USE " + quote_identifier(database)); !used) return used;
  return create(connection, trigger);
}

}  // namespace sluice::migrator
