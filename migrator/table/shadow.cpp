#include "migrator/table/shadow.hpp"

#include "migrator/table/alter_text.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {

namespace {

using Answer = std::variant<Shadow, Problems>;

SqlError vanished(const TableRef& table) {
  return {Outcome::refused, server_error::no_such_table, "42S02", "Table " + quote(table) + " doesn't exist"};
}

SqlResult<void> drop_leftovers(Connection& connection, const TableRef& source, const Options& options) {
  if (options.initially_drop_ghost_table) {
    if (auto dropped = drop_table(connection, shadow_table(source)); !dropped) return dropped.error();
  }
  if (options.initially_drop_old_table) {
    if (auto dropped = drop_table(connection, old_table(source)); !dropped) return dropped.error();
  }
  return {};
}

Problems shape_problems(const TableDefinition& shadow) {
  Problems problems;
  if (shadow.kind != TableKind::base || !same_name(shadow.engine, "InnoDB")) {
    problems.push_back({"alter.engine", "after the alter the table would not be an ordinary InnoDB table"});
  }
  return problems;
}

// Alters and reads the shadow that is there. Whatever is not a Shadow lets the caller drop it.
SqlResult<Answer> shape(Connection& connection, TableDefinition source, const Specification& specification) {
  const TableRef name = shadow_table(source.name);
  const bool instant =
      specification.options.attempt_instant_ddl && connection.execute(instant_alter(name, specification.alter));
  const auto altered =
      instant ? Affected{} : connection.execute("ALTER TABLE " + quote(name) + " " + specification.alter);
  if (!altered) {
    if (altered.error().outcome == Outcome::unknown) return altered.error();
    return Answer{Problems{{"alter.refused", "the server refuses the alter: " + describe(altered.error())}}};
  }
  auto shadow = read_table(connection, name);
  if (!shadow) return shadow.error();
  if (!*shadow) return vanished(name);
  if (auto problems = shape_problems(**shadow); !problems.empty()) return Answer{std::move(problems)};
  auto plan = make_plan(source, **shadow, read_alter(specification.alter));
  if (!plan) return Answer{plan.error()};
  if (auto kept = keep_auto_increment(connection, source.name, name); !kept) return kept.error();
  return Answer{Shadow{std::move(source), std::move(**shadow), std::move(*plan), instant}};
}

}  // namespace

SqlResult<Answer> create_shadow(Connection& connection, const Specification& specification) {
  const TableRef asked{specification.database, specification.table};
  auto source = read_table(connection, asked);
  if (!source) return source.error();
  if (!*source) return vanished(asked);
  const TableRef name = shadow_table((*source)->name);
  if (auto free = drop_leftovers(connection, (*source)->name, specification.options); !free) return free.error();
  if (auto made = connection.execute("CREATE TABLE " + quote(name) + " LIKE " + quote((*source)->name)); !made) {
    return made.error();  // nothing of ours is there to drop
  }
  auto shaped = shape(connection, std::move(**source), specification);
  if (!shaped || std::holds_alternative<Problems>(*shaped)) {
    const auto dropped = drop_table(connection, name);
    if (shaped && !dropped) return dropped.error();
  }
  return shaped;
}

std::string instant_alter(const TableRef& table, const std::string& alter) {
  // In front: behind the alter's own clauses a comment, or the words of a partitioning, may stand.
  return "ALTER TABLE " + quote(table) + " ALGORITHM=INSTANT, " + alter;
}

SqlResult<Affected> drop_table(Connection& connection, const TableRef& table) {
  return connection.execute("DROP TABLE IF EXISTS " + quote(table));
}

SqlResult<void> keep_auto_increment(Connection& connection, const TableRef& source, const TableRef& shadow) {
  const auto next = [&](const TableRef& table) -> SqlResult<std::uint64_t> {
    const auto answer = connection.query(
        "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quote_string(table.database) +
        " AND TABLE_NAME = " + quote_string(table.table));
    if (!answer) return answer.error();
    if (answer->rows.empty() || !answer->rows[0][0]) return std::uint64_t{0};
    return std::uint64_t{std::stoull(*answer->rows[0][0])};
  };
  const auto wanted = next(source);
  if (!wanted) return wanted.error();
  const auto present = next(shadow);
  if (!present) return present.error();
  if (*present == 0 || *wanted <= *present) return {};
  const auto altered =
      connection.execute("ALTER TABLE " + quote(shadow) + " AUTO_INCREMENT = " + std::to_string(*wanted) + " " +
                         std::string(kOwnDefinition));
  if (!altered) return altered.error();
  return {};
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
