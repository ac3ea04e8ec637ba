#include "migrator/table/definition.hpp"

#include <algorithm>

namespace sluice::migrator {

namespace {

// Letters beyond ASCII are compared as they are: a name that differs in those only counts as another.
char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

const Column* find_column(const TableDefinition& table, std::string_view name) noexcept {
  const auto found = std::ranges::find_if(table.columns, [&](const Column& c) { return same_name(c.name, name); });
  return found == table.columns.end() ? nullptr : &*found;
}

}  // namespace sluice::migrator
