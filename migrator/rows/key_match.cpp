#include "migrator/rows/key_match.hpp"

#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {

namespace {

const Column& of(const SharedColumn& column, Side side) {
  return side == Side::source ? column.source : column.shadow;
}

bool converts(const SharedColumn& column) {
  return changes_collation(column.source, column.shadow);
}

// For the index: in the column's own terms.
std::string in_terms_of(const Column& column, const std::string& value) {
  return "CONVERT(" + value + " USING " + column.charset + ") COLLATE " + column.collation;
}

// What tells rows apart.
std::string bytes_in_source(const SharedColumn& column, const std::string& value) {
  return "CAST(CONVERT(" + value + " USING " + column.source.charset + ") AS BINARY)";
}

}  // namespace

std::string equals_literal(const SharedColumn& column, Side side, const std::string& literal) {
  const std::string name = quote_identifier(of(column, side).name);
  if (!converts(column)) return name + " = " + literal;
  return name + " = " + in_terms_of(of(column, side), literal) + " AND " + bytes_in_source(column, name) + " = " +
         bytes_in_source(column, literal);
}

std::string in_literals(const SharedColumn& column, Side side, std::span<const std::string> literals) {
  const std::string name = quote_identifier(of(column, side).name);
  std::string values;
  std::string bytes;
  for (const std::string& literal : literals) {
    if (!values.empty()) values += ", ";
    values += converts(column) ? in_terms_of(of(column, side), literal) : literal;
    if (!converts(column)) continue;
    if (!bytes.empty()) bytes += ", ";
    bytes += bytes_in_source(column, literal);
  }
  std::string condition = name + " IN (" + values + ")";
  if (converts(column)) condition += " AND " + bytes_in_source(column, name) + " IN (" + bytes + ")";
  return condition;
}

std::string equals_other_side(const SharedColumn& column, Side side, const std::string& other) {
  const ColumnKind kind = kind_of(column.source);
  const std::string name = quote_identifier(of(column, side).name);
  // By number, as in literals: the names of their members may be in another character set.
  if (kind == ColumnKind::enumeration || kind == ColumnKind::set) return name + " = (" + other + " + 0)";
  return equals_literal(column, side, other);
}

}  // namespace sluice::migrator
