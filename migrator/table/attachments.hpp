// What hangs on a table beside its columns and keys, is not on the shadow, and goes to the new table at the swap.
// Values only.
#pragma once

#include <string>
#include <vector>

#include "migrator/sql/quoting.hpp"
#include "migrator/table/constraint.hpp"

namespace sluice::migrator {

// As it was made, to be made again in the same words under the same settings.
struct Trigger {
  std::string name;
  std::string sql_mode;
  std::string character_set_client;
  std::string collation_connection;
  std::string statement;  // bytes in character_set_client
};

struct Attachments {
  std::vector<Constraint>
      foreign_keys;               // of the new table, by the names and with the parents that they have in the end
  std::vector<TableRef> parents;  // what the old table's refer to; empty: it has none
  std::vector<Trigger> triggers;  // in the order in which they fire
};

}  // namespace sluice::migrator
