// What the change stream is told to watch: a table's key columns, as the binlog knows them. Pure.
#pragma once

#include "migrator/rows/row_sql.hpp"
#include "migrator/stream/change_consumer.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// `table` is the definition of the source's or of the shadow's side of `key`; `name`: what it is called in the binlog.
[[nodiscard]] WatchedTable watch(const TableRef& name, const TableDefinition& table, const SharedKey& key, Side side);

}  // namespace sluice::migrator
