#include "migrator/table/approved_renames.hpp"

#include <algorithm>

namespace sluice::migrator {

namespace {

bool drops(const AlterText& alter, std::string_view column) {
  return std::ranges::any_of(alter.dropped_columns, [&](const std::string& name) { return same_name(name, column); });
}

bool renames(const AlterText& alter, std::string_view column) {
  return std::ranges::any_of(alter.column_renames, [&](const ColumnRename& rename) {
    return same_name(rename.from, column) || same_name(rename.to, column);
  });
}

// Why not; empty: it is a rename.
std::string objection(const ApprovedRename& rename, const TableDefinition& source, const TableDefinition& shadow,
                      const AlterText& alter) {
  if (find_column(source, rename.from) == nullptr) return "the table has no column " + rename.from;
  if (!drops(alter, rename.from)) return "the alter does not drop " + rename.from;
  const Column* added = find_column(shadow, rename.to);
  const bool was_there = find_column(source, rename.to) != nullptr && !drops(alter, rename.to);
  if (added == nullptr || was_there) return "the alter does not add " + rename.to;
  if (renames(alter, rename.from) || renames(alter, rename.to)) return "one of the two is renamed already";
  if (added->generated != Generated::no) return rename.to + " is computed from other columns";
  return "";
}

}  // namespace

ApprovedRename approved_rename_from(std::string_view text) {
  const auto equals = std::min(text.find('='), text.size());
  return {std::string(text.substr(0, equals)), std::string(text.substr(std::min(equals + 1, text.size())))};
}

Problems approve_renames(const std::vector<std::string>& approved, const TableDefinition& source,
                         const TableDefinition& shadow, AlterText& alter) {
  Problems problems;
  for (const std::string& text : approved) {
    ApprovedRename rename = approved_rename_from(text);
    const std::string why = objection(rename, source, shadow, alter);
    if (why.empty()) {
      alter.column_renames.push_back({std::move(rename.from), std::move(rename.to)});
    } else {
      problems.push_back({"options.approve_renamed_columns", "approve_renamed_columns has " + text + ", but " + why});
    }
  }
  return problems;
}

}  // namespace sluice::migrator
