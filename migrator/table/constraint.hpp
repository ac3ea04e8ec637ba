// Foreign keys and CHECKs in the words of SHOW CREATE TABLE, and what they are called on a shadow table: a name may be
// given only once in a schema. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

enum class ConstraintKind : std::uint8_t { check, foreign_key };

struct Constraint {
  ConstraintKind kind = ConstraintKind::check;
  std::string name;
  std::string clause;  // what follows the name: "CHECK (...)", "FOREIGN KEY (...) REFERENCES ..."
};

// Those that stand on a line of their own; not MariaDB's CHECKs within a column's definition, which have no name.
[[nodiscard]] std::vector<Constraint> constraints_of(std::string_view show_create);

struct IndexLine {
  std::string name;
  std::vector<std::string> columns;  // empty: not over whole columns in ascending order
  std::string text;                  // "KEY `name` (...) ...", for an ADD
};

// The ordinary indexes: neither unique nor FULLTEXT or SPATIAL.
[[nodiscard]] std::vector<IndexLine> indexes_of(std::string_view show_create);

// "CONSTRAINT `name` clause"
[[nodiscard]] std::string text_of(const Constraint& constraint);

// What a foreign key compares with what; without its actions.
struct Reference {
  std::vector<std::string> columns;
  TableRef parent;  // without a database: the child's own
  std::vector<std::string> parent_columns;
};

[[nodiscard]] Reference reference_of(const Constraint& foreign_key);

// The same, but to another table of the child's own database.
[[nodiscard]] Constraint referring_to(Constraint foreign_key, const std::string& parent);

// What the constraints of a table are called on its shadow. The server gives a name of its own making,
// "orders_ibfk_1" or "orders_chk_1", anew with each RENAME of the table: such a one is "_orders_gho_ibfk_1". Of any
// other name a leading underscore is taken away, or one is put before it.
class ConstraintNames {
 public:
  ConstraintNames() = default;
  ConstraintNames(std::string source, std::string shadow, const std::vector<Constraint>& of_source);

  // nullopt: the source has no such constraint.
  [[nodiscard]] std::optional<std::string> on_shadow(std::string_view of_source) const;
  // What a constraint of the shadow is to be called once the table is swapped in and the old one's are gone.
  [[nodiscard]] std::string in_the_end(const std::string& of_shadow) const;

 private:
  std::string source_, shadow_;
  std::vector<std::pair<std::string, std::string>> names_;
};

// The alter for the shadow: where it names a constraint of the source, it names the shadow's.
[[nodiscard]] std::string with_names(std::string_view alter, const ConstraintNames& names);

}  // namespace sluice::migrator
