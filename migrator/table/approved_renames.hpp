// The option approve_renamed_columns: "old=new" says that of an alter that drops the column `old` and adds `new`, the
// second is the first under another name. Pure.
#pragma once

#include <string>
#include <vector>

#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

struct ApprovedRename {
  std::string from, to;  // either may be empty, where the text is not of that form
};

[[nodiscard]] ApprovedRename approved_rename_from(std::string_view text);

// Adds them to the alter's renames. Refusals: options.approve_renamed_columns, of each that the two tables and the
// alter do not bear out.
[[nodiscard]] Problems approve_renames(const std::vector<std::string>& approved, const TableDefinition& source,
                                       const TableDefinition& shadow, AlterText& alter);

}  // namespace sluice::migrator
