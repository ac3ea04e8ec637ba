#include "migrator/table/shadow_constraints.hpp"

#include <algorithm>

#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

namespace {

using Taken = std::variant<std::vector<Constraint>, Problems>;

std::vector<Constraint> constraints_of(std::string_view definition, ConstraintKind kind) {
  std::vector<Constraint> constraints = migrator::constraints_of(definition);
  std::erase_if(constraints, [&](const Constraint& constraint) { return constraint.kind != kind; });
  return constraints;
}

SqlResult<std::vector<Constraint>> read(Connection& connection, const TableRef& table, ConstraintKind kind) {
  const auto text = show_create(connection, table);
  if (!text) return text.error();
  return constraints_of(*text, kind);
}

SqlResult<void> alter(Connection& connection, const TableRef& table, std::string_view verb,
                      const std::vector<std::string>& what) {
  if (what.empty()) return {};
  std::string clauses;
  for (const std::string& one : what) clauses += std::string(clauses.empty() ? " " : ", ").append(verb) + one;
  const auto altered = connection.execute("ALTER TABLE " + quote(table) + clauses);
  if (!altered) return altered.error();
  return {};
}

std::vector<std::string> quoted_names(const std::vector<Constraint>& constraints) {
  std::vector<std::string> names;
  for (const Constraint& constraint : constraints) names.push_back(quote_identifier(constraint.name));
  return names;
}

// A table that refers to itself: as long as there are two of them, each does.
bool is_to(const Constraint& foreign_key, const TableRef& table) {
  const TableRef parent = reference_of(foreign_key).parent;
  return parent.table == table.table && (parent.database.empty() || parent.database == table.database);
}

Constraint redirected(Constraint foreign_key, const TableRef& from, const TableRef& to) {
  return is_to(foreign_key, from) ? referring_to(std::move(foreign_key), to.table) : foreign_key;
}

std::vector<std::string> renamed(std::vector<std::string> columns, const AlterText& alter) {
  for (std::string& column : columns) {
    const auto rename =
        std::ranges::find_if(alter.column_renames, [&](const ColumnRename& r) { return same_name(r.from, column); });
    if (rename != alter.column_renames.end()) column = rename->to;
  }
  return columns;
}

bool same_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same_name(x, y); });
}

// Whether rows that `known` lets in, with the values they have, satisfy `wanted`.
bool covers(const Constraint& known, const Constraint& wanted, const TableRef& source, const AlterText& alter) {
  Reference before = reference_of(known);
  const Reference after = reference_of(wanted);
  const bool to_itself = is_to(known, source);
  const auto is_dropped = [&](const std::string& column) {
    return std::ranges::any_of(alter.dropped_columns, [&](const auto& dropped) { return same_name(dropped, column); });
  };
  if (std::ranges::any_of(before.columns, is_dropped)) return false;
  if (to_itself && std::ranges::any_of(before.parent_columns, is_dropped)) return false;
  if (to_itself) before.parent_columns = renamed(std::move(before.parent_columns), alter);
  return same_names(renamed(std::move(before.columns), alter), after.columns) &&
         same_names(before.parent_columns, after.parent_columns) && before.parent == after.parent;
}

// An index that the server made for a foreign key is exchanged, and thereby built anew, when a foreign key of another
// name is added. The shadow is empty still: its indexes for foreign keys become indexes like any other.
SqlResult<void> keep_indexes(Connection& connection, const TableRef& shadow, const std::vector<Constraint>& keys) {
  const auto text = show_create(connection, shadow);
  if (!text) return text.error();
  std::string clauses;
  for (const IndexLine& index : indexes_of(*text)) {
    const bool is_for_one = std::ranges::any_of(
        keys, [&](const Constraint& key) { return same_names(reference_of(key).columns, index.columns); });
    if (clauses.empty() && !is_for_one) continue;  // those that follow go along, so that their order stays
    clauses += (clauses.empty() ? " DROP KEY " : ", DROP KEY ") + quote_identifier(index.name) + ", ADD " + index.text;
  }
  if (clauses.empty()) return {};
  const std::vector<Constraint> checks = constraints_of(*text, ConstraintKind::check);
  const auto altered = connection.execute("ALTER TABLE " + quote(shadow) + clauses);
  if (!altered) return altered.error();
  // With a functional index MySQL 9.7 drops the CHECKs that name no column, as CHECK (1 = 1).
  const auto left = read(connection, shadow, ConstraintKind::check);
  if (!left) return left.error();
  std::vector<std::string> lost;
  for (const Constraint& check : checks) {
    if (std::ranges::find(*left, check.name, &Constraint::name) == left->end()) lost.push_back(text_of(check));
  }
  return alter(connection, shadow, "ADD ", lost);
}

SqlResult<void> name_checks(Connection& connection, const TableRef& shadow, const ConstraintNames& names,
                            std::vector<Constraint> of_source) {
  const auto made_like = read(connection, shadow, ConstraintKind::check);
  if (!made_like) return made_like.error();
  if (auto dropped = alter(connection, shadow, "DROP CHECK ", quoted_names(*made_like)); !dropped) return dropped;
  std::vector<std::string> texts;
  for (Constraint& check : of_source) {
    check.name = names.on_shadow(check.name).value_or(check.name);
    texts.push_back(text_of(check));
  }
  return alter(connection, shadow, "ADD ", texts);
}

}  // namespace

SqlResult<ConstraintNames> add_constraints(Connection& connection, const TableRef& source, const TableRef& shadow,
                                           ForeignKeys foreign_keys) {
  std::vector<Constraint> checks;
  std::vector<Constraint> keys;
  if (like_renames_checks(connection.flavor())) {
    auto found = read(connection, source, ConstraintKind::check);
    if (!found) return found.error();
    checks = std::move(*found);
  }
  if (foreign_keys == ForeignKeys::keep) {
    auto found = read(connection, source, ConstraintKind::foreign_key);
    if (!found) return found.error();
    keys = std::move(*found);
  }
  std::vector<Constraint> all = checks;
  all.insert(all.end(), keys.begin(), keys.end());
  ConstraintNames names(source.table, shadow.table, all);
  if (!checks.empty()) {
    if (auto named = name_checks(connection, shadow, names, std::move(checks)); !named) return named.error();
  }
  if (auto kept = keep_indexes(connection, shadow, keys); !kept) return kept.error();
  std::vector<std::string> texts;
  for (Constraint& key : keys) {
    key.name = names.on_shadow(key.name).value_or(key.name);
    texts.push_back(text_of(redirected(std::move(key), source, shadow)));
  }
  if (auto added = alter(connection, shadow, "ADD ", texts); !added) return added.error();
  return names;
}

SqlResult<Taken> take_foreign_keys(Connection& connection, const TableRef& source, const TableRef& shadow,
                                   const ConstraintNames& names, const AlterText& text) {
  const auto known = read(connection, source, ConstraintKind::foreign_key);
  if (!known) return known.error();
  const auto present = read(connection, shadow, ConstraintKind::foreign_key);
  if (!present) return present.error();
  std::vector<Constraint> keys;
  Problems problems;
  for (const Constraint& of_shadow : *present) {
    Constraint wanted = redirected(of_shadow, shadow, source);
    wanted.name = names.in_the_end(of_shadow.name);
    if (std::ranges::none_of(*known, [&](const Constraint& one) { return covers(one, wanted, source, text); })) {
      problems.push_back({"alter.foreign_key",
                          "the alter adds the foreign key " + wanted.name +
                              ", to which no row has been held so far, and which can't be checked for all rows at the "
                              "moment of the swap: leave it out, and add it to the table afterwards"});
    }
    keys.push_back(std::move(wanted));
  }
  if (!problems.empty()) return Taken{std::move(problems)};
  if (auto dropped = alter(connection, shadow, "DROP FOREIGN KEY ", quoted_names(*present)); !dropped) {
    return dropped.error();
  }
  if (auto kept = keep_indexes(connection, shadow, keys); !kept) return kept.error();
  return Taken{std::move(keys)};
}

}  // namespace sluice::migrator
