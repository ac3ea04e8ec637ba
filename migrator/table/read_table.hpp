// Reads a table's definition from information_schema.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/table/definition.hpp"

namespace sluice::migrator {

// nullopt: there is no such table that this user may see. Blocks for six short queries.
[[nodiscard]] SqlResult<std::optional<TableDefinition>> read_table(Connection& connection, const TableRef& name);

[[nodiscard]] SqlResult<bool> database_exists(Connection& connection, std::string_view database);

// A table or a view of that name.
[[nodiscard]] SqlResult<bool> table_exists(Connection& connection, const TableRef& name);

// Of other tables: "database.table.constraint".
[[nodiscard]] SqlResult<std::vector<std::string>> foreign_keys_to(Connection& connection, const TableRef& table);

}  // namespace sluice::migrator
