// The indexes of a shadow that are built once all rows are there, which is quicker than row by row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrator/table/definition.hpp"

namespace sluice::migrator {

struct DeferredIndex {
  std::string name;
  std::string clause;  // what follows ADD
};

// Those that can wait: not the unique ones, whose conflicts are to be found as rows come in, not those that begin with
// the AUTO_INCREMENT column, and not FULLTEXT and SPATIAL ones, during whose building no row may change. `show_create`:
// the server's own text of the table. Pure.
[[nodiscard]] std::vector<DeferredIndex> deferrable_indexes(std::string_view show_create, const TableDefinition& table);

// "ALTER TABLE ... DROP INDEX ..., ..." of all; "... ADD ..., ..." of those that the table has not got. The second is
// empty if it has them all.
[[nodiscard]] std::string drop_indexes(const TableRef& table, const std::vector<DeferredIndex>& indexes);
[[nodiscard]] std::string add_missing_indexes(const TableDefinition& table, const std::vector<DeferredIndex>& indexes);

}  // namespace sluice::migrator
