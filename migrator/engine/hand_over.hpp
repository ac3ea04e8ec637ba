// After the RENAME: what hung on the old table goes to the new one. Blocks; done again from wherever a crash left it.
#pragma once

#include <string>
#include <vector>

#include "migrator/sql/connection.hpp"
#include "migrator/table/attachments.hpp"

namespace sluice::migrator {

struct HandOver {
  TableRef old_table;
  TableRef new_table;  // which has the old one's name by now
  const Attachments& attachments;
  std::string tag;  // in a comment of each ALTER, for those who read them in the binlog
};

// The old table has no foreign keys and none of the triggers any more (it would keep clients from deleting parents),
// the new one has them all. The connection may have both tables, and the parents, locked for writing. Foreign keys are
// added unchecked: the source's rows have been held to them.
[[nodiscard]] SqlResult<void> hand_over(Connection& connection, const HandOver& what);

// Parts of the statements of hand_over() by which they are known in the binlog.
[[nodiscard]] std::vector<std::string> statements_of(const HandOver& what);

}  // namespace sluice::migrator
