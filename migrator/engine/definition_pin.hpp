// Keeps a table's definition as it is without LOCK TABLES, which MariaDB can't RENAME under: a transaction that has
// read from it. Its rows can be read and written meanwhile; whoever wants to alter, or rename, it waits. Blocks;
// belongs to one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

class DefinitionPin {
 public:
  // Connects. Null: this server can't tell whether somebody waits for a table.
  [[nodiscard]] static SqlResult<std::unique_ptr<DefinitionPin>> prepare(const ServerAddress& primary, TableRef table,
                                                                         std::chrono::seconds lock_wait_max);

  // Waits, up to lock_wait_max, for whoever has the table to himself.
  [[nodiscard]] SqlResult<void> take();
  // Somebody waits to have the table to himself: whoever comes later, but to read or write a row, comes after him.
  [[nodiscard]] SqlResult<bool> is_waited_for();
  void release();

  [[nodiscard]] const TableRef& table() const noexcept { return table_; }

 private:
  DefinitionPin(TableRef table, Connection pin, Connection probe);

  TableRef table_;
  Connection pin_;
  Connection probe_;
};

// What another connection than `own` runs, or waits to run, on the definition of one of the tables. What can't be
// understood is taken for that.
[[nodiscard]] SqlResult<std::optional<std::string>> definition_changed_by(Connection& connection, std::uint64_t own,
                                                                          const std::vector<TableRef>& tables);

}  // namespace sluice::migrator
