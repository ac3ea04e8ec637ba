#include "migrator/table/shadow.hpp"

#include "migrator/table/alter_text.hpp"
#include "migrator/table/approved_renames.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/read_table.hpp"
#include "migrator/table/shadow_constraints.hpp"
#include "migrator/table/shadow_triggers.hpp"

namespace sluice::migrator {

namespace {

using Answer = std::variant<Shadow, Problems>;

SqlError vanished(const TableRef& table) {
  return {Outcome::refused, server_error::no_such_table, "42S02", "Table " + quote(table) + " doesn't exist"};
}

Problems shape_problems(const TableDefinition& source, const TableDefinition& shadow, const Attachments& attachments) {
  Problems problems;
  const bool takes_some_off = !attachments.parents.empty();
  if ((takes_some_off && source.hash_columns > 0) || (!attachments.foreign_keys.empty() && shadow.hash_columns > 0)) {
    problems.push_back(
        {"table.foreign_keys_copied",
         "the table has foreign keys, and a unique key that the server keeps as a hash: it can then only "
         "copy the table to give it a foreign key or to take one off, which can't be done at the swap; "
         "drop the foreign keys before and add them again afterwards"});
  }
  if (shadow.kind != TableKind::base || !same_name(shadow.engine, "InnoDB")) {
    problems.push_back({"alter.engine", "after the alter the table would not be an ordinary InnoDB table"});
  }
  return problems;
}

// What the server says no to, once it has been reached.
SqlResult<Answer> refusal(const SqlError& error, const std::string& code, const std::string& what) {
  if (error.outcome == Outcome::unknown) return error;
  std::string hint;
  if (error.code == server_error::lock_wait_timeout) {
    hint = "; somebody is busy with that table or with one that its foreign keys refer to";
  }
  if (error.code == server_error::invalid_default) {
    hint = "; if it is a zero date that the server's sql_mode forbids, set allow_zero_in_date";
  }
  return Answer{
      Problems{{code, what + ": " + describe(error) + hint, ServerRefusal{error.code, error.sqlstate, error.text}}}};
}

// Alters and reads the shadow that is there. Whatever is not a Shadow lets the caller drop it.
SqlResult<Answer> shape(Connection& connection, TableDefinition source, const Specification& specification) {
  const TableRef name = shadow_table(source.name);
  const AlterText text = read_alter(specification.alter);
  const Options& options = specification.options;
  const auto names = add_constraints(connection, source.name, name,
                                     options.discard_foreign_keys ? ForeignKeys::discard : ForeignKeys::keep);
  if (!names) {
    return refusal(names.error(), "table.constraints", "the table's constraints can't be given to its shadow table");
  }
  // An instant alter of the table itself would keep what is to be left behind, and lose what is to be carried over.
  const bool may_be_instant = options.attempt_instant_ddl && options.approve_renamed_columns.empty() &&
                              (!options.discard_foreign_keys || source.foreign_keys_out.empty());
  const std::string alter = with_names(specification.alter, *names);
  const bool instant = may_be_instant && connection.execute(instant_alter(name, alter));
  const auto altered = instant ? Affected{} : connection.execute("ALTER TABLE " + quote(name) + " " + alter);
  if (!altered) return refusal(altered.error(), "alter.refused", "the server refuses the alter");
  Attachments attachments;
  auto keys = take_foreign_keys(connection, source.name, name, *names, text);
  if (!keys) return refusal(keys.error(), "table.constraints", "the shadow table's foreign keys can't be taken off");
  if (auto* problems = std::get_if<Problems>(&*keys)) return Answer{std::move(*problems)};
  attachments.foreign_keys = std::get<std::vector<Constraint>>(std::move(*keys));
  for (const OwnForeignKey& key : source.foreign_keys_out) attachments.parents.push_back(key.parent);
  auto triggers = try_triggers(connection, source.name, name);
  if (!triggers) return triggers.error();
  if (auto* problems = std::get_if<Problems>(&*triggers)) return Answer{std::move(*problems)};
  attachments.triggers = std::get<std::vector<Trigger>>(std::move(*triggers));
  auto shadow = read_table(connection, name);
  if (!shadow) return shadow.error();
  if (!*shadow) return vanished(name);
  if (auto problems = shape_problems(source, **shadow, attachments); !problems.empty())
    return Answer{std::move(problems)};
  auto plan = plan_for(specification, source, **shadow);
  if (!plan) return Answer{plan.error()};
  if (auto kept = keep_auto_increment(connection, source.name, name); !kept) return kept.error();
  return Answer{Shadow{std::move(source), std::move(**shadow), std::move(*plan), instant, std::move(attachments)}};
}

}  // namespace

boost::system::result<CopyPlan, Problems> plan_for(const Specification& specification, const TableDefinition& source,
                                                   const TableDefinition& shadow) {
  AlterText alter = read_alter(specification.alter);
  auto problems = approve_renames(specification.options.approve_renamed_columns, source, shadow, alter);
  if (!problems.empty()) return problems;
  auto plan = make_plan(source, shadow, alter);
  if (plan && specification.options.allow_zero_in_date) plan->zero_dates = ZeroDates::allowed;
  return plan;
}

SqlResult<Answer> create_shadow(Connection& connection, const Specification& specification) {
  const TableRef asked{specification.database, specification.table};
  auto source = read_table(connection, asked);
  if (!source) return source.error();
  if (!*source) return vanished(asked);
  const TableRef name = shadow_table((*source)->name);
  const TableRef old = old_table((*source)->name);
  if (specification.options.initially_drop_ghost_table) {
    if (auto dropped = drop_table(connection, name); !dropped) return dropped.error();
  }
  if (auto made = connection.execute("CREATE TABLE " + quote(name) + " LIKE " + quote((*source)->name));
      !made) {
    // Nothing of ours is there to drop.
    return refusal(made.error(), "alter.refused", "the server refuses to make the shadow table");
  }
  auto shaped = shape(connection, std::move(**source), specification);
  if (!shaped || std::holds_alternative<Problems>(*shaped)) {
    const auto dropped = drop_table(connection, name);
    if (shaped && !dropped) return dropped.error();
  } else if (specification.options.initially_drop_old_table) {
    // Only now: what is refused leaves it, and with it the way back from the migration before.
    if (auto dropped = drop_table(connection, old); !dropped) return dropped.error();
  }
  return shaped;
}

std::string as_own(std::string statement) {
  return statement.append(" ").append(kOwnDefinition);
}

std::string instant_alter(const TableRef& table, const std::string& alter) {
  // In front: behind the alter's own clauses a comment, or the words of a partitioning, may stand.
  return "ALTER TABLE " + quote(table) + " ALGORITHM=INSTANT, " + alter;
}

SqlResult<Affected> drop_table(Connection& connection, const TableRef& table) {
  return connection.execute("DROP TABLE IF EXISTS " + quote(table));
}

SqlResult<std::uint64_t> next_auto_increment(Connection& connection, const TableRef& table) {
  const auto answer = connection.query("SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                                       quote_string(table.database) + " AND TABLE_NAME = " + quote_string(table.table));
  if (!answer) return answer.error();
  if (answer->rows.empty() || !answer->rows[0][0]) return std::uint64_t{0};
  return std::uint64_t{std::stoull(*answer->rows[0][0])};
}

SqlResult<void> set_auto_increment(Connection& connection, const TableRef& shadow, std::uint64_t next) {
  const auto altered =
      connection.execute(as_own("ALTER TABLE " + quote(shadow) + " AUTO_INCREMENT = " + std::to_string(next)));
  if (!altered) return altered.error();
  return {};
}

SqlResult<void> keep_auto_increment(Connection& connection, const TableRef& source, const TableRef& shadow) {
  const auto wanted = next_auto_increment(connection, source);
  if (!wanted) return wanted.error();
  const auto present = next_auto_increment(connection, shadow);
  if (!present) return present.error();
  // Never lower: the alter may have asked for a higher one.
  if (*present == 0 || *wanted <= *present) return {};
  return set_auto_increment(connection, shadow, *wanted);
}

SqlResult<std::string> definition_but_for_counters(Connection& connection, const TableRef& table) {
  auto definition = show_create(connection, table);
  if (definition.has_error()) return definition;
  constexpr std::string_view counter = " AUTO_INCREMENT=";
  if (const auto at = definition->rfind(counter); at != std::string::npos) {
    definition->erase(at, definition->find_first_not_of("0123456789", at + counter.size()) - at);
  }
  return definition;
}

SqlResult<std::string> show_create(Connection& connection, const TableRef& table) {
  const auto answer = connection.query("SHOW CREATE TABLE " + quote(table));
  if (!answer) return answer.error();
  return answer->rows.at(0).at(1).value_or("");
}

}  // namespace sluice::migrator
