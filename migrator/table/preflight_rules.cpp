#include <array>
#include <span>
#include <string_view>

#include "migrator/table/constraint.hpp"
#include "migrator/table/preflight.hpp"

namespace sluice::migrator {

namespace {

// A rule adds what it finds against the migration. Those that look at the table are only asked where there is one.
using Rule = void (*)(const Specification&, const PreflightFacts&, Problems&);

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

void alter_is_one_statement(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const AlterText& alter = facts.alter;
  if (alter.empty) {
    problems.push_back({"alter.empty", "the alter is empty: write what follows ALTER TABLE t, e.g. ADD COLUMN c INT"});
  }
  if (alter.unterminated) {
    problems.push_back({"alter.unterminated", "a quote or a comment in the alter is not closed"});
  }
  if (alter.second_statement) {
    problems.push_back(
        {"alter.second_statement", "the alter holds a second statement after a semicolon: give one only"});
  }
  if (alter.starts_with_alter_table) {
    problems.push_back(
        {"alter.whole_statement", "the alter begins with ALTER TABLE: give only what follows the table's name"});
  }
}

void alter_is_supported(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const AlterText& alter = facts.alter;
  if (alter.renames_table) {
    problems.push_back(
        {"alter.renames_table", "the alter renames the table: use RENAME TABLE, which is instant, by itself"});
  }
  if (alter.moves_data) {
    problems.push_back(
        {"alter.moves_data",
         "the alter drops, truncates, exchanges or imports partitions or tablespaces: that acts on rows, "
         "not on the table's shape, and can't be done on a copy"});
  }
  if (!alter.engine.empty() && !same_name(alter.engine, "InnoDB")) {
    problems.push_back(
        {"alter.engine", "the alter changes the engine to " + alter.engine + ": only InnoDB is supported"});
  }
}

void table_is_there(const Specification& specification, const PreflightFacts& facts, Problems& problems) {
  if (!facts.database_exists) {
    problems.push_back({"database.unknown",
                        "there is no database " + specification.database + ", or the user of Sluice may not see it"});
  } else if (!facts.table) {
    problems.push_back({"table.unknown", "there is no table " + specification.table + " in " + specification.database +
                                             ", or the user of Sluice may not see it"});
  }
}

void table_is_plain(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const TableDefinition& table = *facts.table;
  switch (table.kind) {
    case TableKind::base:
      break;
    case TableKind::view:
      problems.push_back({"table.not_base", table.name.table + " is a view: migrate the table under it"});
      return;
    case TableKind::other:
      problems.push_back(
          {"table.not_base", table.name.table + " is not an ordinary table (a sequence or system-versioned)"});
      return;
  }
  if (!same_name(table.engine, "InnoDB")) {
    problems.push_back({"table.engine", "the table's engine is " + table.engine +
                                            ": only InnoDB locks rows, which copying a live table needs"});
  }
  if (best_key(table) == nullptr) problems.push_back(missing_key(table));
}

void relatives_can_be_followed(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const TableDefinition& table = *facts.table;
  if (!table.foreign_keys_in.empty()) {
    problems.push_back(
        {"table.foreign_keys", "other tables' foreign keys refer to the table (" + join(table.foreign_keys_in) +
                                   "), and would go on referring to the old one: drop them before, and add them to the "
                                   "new table afterwards"});
  }
  // Before 9.6, and where told so, InnoDB itself changes the children, and the binlog says nothing of it.
  if (facts.native_foreign_keys == "OFF") return;
  std::vector<std::string> cascades;
  for (const OwnForeignKey& key : table.foreign_keys_out) {
    if (key.on_parent_change == OnParentChange::change_child) cascades.push_back(key.name);
  }
  if (cascades.empty()) return;
  problems.push_back({"table.cascades",
                      "foreign keys of the table change its rows when their parents change (" + join(cascades) +
                          ", by CASCADE or SET NULL), and this server's binlog does not tell of it: the rows could "
                          "not be followed; drop these foreign keys before, and add them to the new table afterwards"});
}

void triggers_are_allowed(const Specification& specification, const PreflightFacts& facts, Problems& problems) {
  const TableDefinition& table = *facts.table;
  if (table.triggers.empty() || specification.options.include_triggers) return;
  problems.push_back({"table.triggers", "the table has triggers (" + join(table.triggers) +
                                            "): set include_triggers to take them over, or drop them before"});
}

void names_are_free(const Specification& specification, const PreflightFacts& facts, Problems& problems) {
  const TableRef shadow = shadow_table(facts.table->name);
  const TableRef old = old_table(facts.table->name);
  if (characters(shadow.table) > max_name_length_characters) {
    problems.push_back({"table.name_too_long", "the name " + shadow.table + " would be longer than the server's " +
                                                   std::to_string(max_name_length_characters) + " characters"});
  }
  for (const OwnForeignKey& key : facts.table->foreign_keys_out) {
    const std::string renamed =
        ConstraintNames(facts.table->name.table, old.table, {{.name = key.name}}).on_shadow(key.name).value_or("");
    if (characters(renamed) <= max_name_length_characters) continue;
    problems.push_back({"table.name_too_long", "the name " + renamed +
                                                   ", which the server would give to the old table's foreign key, "
                                                   "is too long: give the constraint another name"});
  }
  if (facts.shadow_exists && !specification.options.initially_drop_ghost_table) {
    problems.push_back({"shadow.exists", "the table " + shadow.table +
                                             " exists already: drop it if nobody needs it, or set "
                                             "initially_drop_ghost_table"});
  }
  if (facts.old_exists && !specification.options.initially_drop_old_table) {
    problems.push_back({"old.exists", "the table " + old.table +
                                          " exists already, perhaps from an earlier migration: drop "
                                          "it if nobody needs it, or set initially_drop_old_table"});
  }
}

void binlog_tells_rows(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const auto on = [](const std::string& value) { return value == "ON" || value == "1"; };
  if (!on(facts.log_bin)) {
    problems.push_back({"binlog.off",
                        "log_bin is off: changes made while the table is copied could not be followed; start "
                        "the server with --log-bin"});
  }
  // MySQL 9 may lack the variable, as rows are then all there is.
  if (!facts.binlog_format.empty() && !same_name(facts.binlog_format, "ROW")) {
    problems.push_back({"binlog.format", "binlog_format is " + facts.binlog_format +
                                             ": SET GLOBAL binlog_format = ROW, and "
                                             "let the clients connect anew"});
  }
  if (!facts.binlog_order_commits.empty() && !on(facts.binlog_order_commits)) {
    problems.push_back({"binlog.order_commits",
                        "binlog_order_commits is OFF: a transaction could be visible before an older "
                        "one in the binlog is; SET GLOBAL binlog_order_commits = ON"});
  }
}

void missing(Problems& problems, const std::string& privilege, const std::string& where) {
  problems.push_back({"privilege.missing", "the user of Sluice lacks " + privilege + " on " + where + ": GRANT it"});
}

void privileges_suffice(const Specification& specification, const PreflightFacts& facts, Problems& problems) {
  // The shadow and the old table need them too, so a grant on the source table alone is not enough.
  const TableRef shadow = shadow_table({specification.database, specification.table});
  for (const auto* privilege :
       {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "LOCK TABLES", "TRIGGER"}) {
    if (!facts.grants.on_table(privilege, shadow.database, shadow.table)) {
      missing(problems, privilege, quote_identifier(specification.database) + ".*");
    }
  }
  const auto any_of = [&](std::initializer_list<const char*> names) {
    for (const auto* name : names) {
      if (facts.grants.globally(name)) return true;
    }
    return false;
  };
  const bool mariadb = facts.server.kind == ServerKind::mariadb;
  if (!any_of({"REPLICATION SLAVE", "REPLICATION REPLICA"})) missing(problems, "REPLICATION SLAVE", "*.*");
  if (!any_of({"REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"})) {
    missing(problems, mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", "*.*");
  }
  if (!any_of({"PROCESS"})) missing(problems, "PROCESS", "*.*");
  if (specification.options.on_blocker == OnBlocker::kill &&
      !any_of({"CONNECTION_ADMIN", "CONNECTION ADMIN", "SUPER"})) {
    missing(problems, mariadb ? "CONNECTION ADMIN" : "CONNECTION_ADMIN", "*.*, which on_blocker=kill needs");
  }
}

// The fence locks them too, and the new table's foreign keys refer to them.
void parents_are_accessible(const Specification& specification, const PreflightFacts& facts, Problems& problems) {
  std::vector<const char*> privileges{"SELECT", "LOCK TABLES"};
  if (!specification.options.discard_foreign_keys) privileges.push_back("REFERENCES");
  for (const OwnForeignKey& key : facts.table->foreign_keys_out) {
    for (const auto* privilege : privileges) {
      if (facts.grants.on_table(privilege, key.parent.database, key.parent.table)) continue;
      missing(problems, privilege, quote(key.parent) + ", which the foreign key " + key.name + " needs");
    }
  }
}

void old_table_is_there(const Specification&, const PreflightFacts& facts, Problems& problems) {
  const TableRef shadow = shadow_table(facts.table->name);
  const TableRef old = old_table(facts.table->name);
  if (facts.shadow_exists) {
    problems.push_back({"shadow.exists", "the table " + shadow.table +
                                             " exists: where a revert was given up by panic, cleanup gives the old "
                                             "table its name back; else drop it if nobody needs it"});
  } else if (!facts.old_exists) {
    problems.push_back({"old.missing", "the old table " + old.table + " is gone: there is nothing to go back to"});
  }
}

void nothing_hangs_on_it(const Specification&, const PreflightFacts& facts, Problems& problems) {
  if (!facts.table->foreign_keys_out.empty()) {
    problems.push_back({"revert.foreign_keys",
                        "the table has foreign keys, which a revert can't give back to the old table: alter the table "
                        "back by a migration of its own"});
  }
  if (!facts.table->triggers.empty()) {
    problems.push_back(
        {"revert.triggers", "the table has triggers (" + join(facts.table->triggers) +
                                "), which a revert can't give back to the old table: alter the table back "
                                "by a migration of its own"});
  }
}

constexpr std::array<Rule, 5> rules = {alter_is_one_statement, alter_is_supported, table_is_there, binlog_tells_rows,
                                       privileges_suffice};
constexpr std::array<Rule, 5> table_rules = {table_is_plain, relatives_can_be_followed, triggers_are_allowed,
                                             names_are_free, parents_are_accessible};
constexpr std::array<Rule, 3> revert_rules = {table_is_there, binlog_tells_rows, privileges_suffice};
constexpr std::array<Rule, 4> revert_table_rules = {table_is_plain, relatives_can_be_followed, nothing_hangs_on_it,
                                                    old_table_is_there};

Problems ask(std::span<const Rule> always, std::span<const Rule> of_table, const Specification& specification,
             const PreflightFacts& facts) {
  Problems problems;
  for (const Rule rule : always) rule(specification, facts, problems);
  if (facts.table) {
    for (const Rule rule : of_table) rule(specification, facts, problems);
  }
  return problems;
}

}  // namespace

Problems check(const Specification& specification, const PreflightFacts& facts) {
  return ask(rules, table_rules, specification, facts);
}

Problems check_revert(const Specification& specification, const PreflightFacts& facts) {
  return ask(revert_rules, revert_table_rules, specification, facts);
}

}  // namespace sluice::migrator
