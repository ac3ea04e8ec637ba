// Keeps a table's definition as it is without LOCK TABLES, which MariaDB can't RENAME under: a transaction that has
// read from it. Its rows can be read and written meanwhile; whoever wants to alter, or rename, it waits. Blocks;
// belongs to one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

class DefinitionPin {
 public:
  // Connects. Null: this server can't tell whether somebody waits for a table.
  [[nodiscard]] static SqlResult<std::unique_ptr<DefinitionPin>> prepare(const ServerAddress& primary, TableRef table,
                                                                         std::chrono::seconds lock_wait_max);

  // Waits, up to lock_wait_max, for whoever has the table to himself. False: the server does not show it, so that
  // nobody could tell who waits; nothing is held then.
  [[nodiscard]] SqlResult<bool> take();
  // Somebody waits to have the table to himself (MariaDB: or to lock it), so that whoever comes later comes after him.
  [[nodiscard]] SqlResult<bool> is_waited_for();
  void release();

  [[nodiscard]] const TableRef& table() const noexcept { return table_; }

 private:
  DefinitionPin(TableRef table, Connection pin, Connection probe);

  TableRef table_;
  Connection pin_;
  Connection probe_;
};

// Who, on another connection than `own`, changes the table's definition, or waits for the table and may be about to:
// whatever is no plain reading or writing of rows. Nobody: nullopt.
[[nodiscard]] SqlResult<std::optional<std::string>> definition_changed_by(Connection& connection, std::uint64_t own,
                                                                          const TableRef& table);

}  // namespace sluice::migrator
