// The ways in which clients write, by what is peculiar to them. Those of one list get on with each other on one table.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/integration/migrate/writers.hpp"
#include "tests/support/server.hpp"

namespace sluice::test {

using Ways = std::vector<WayOfWriting>;

// The databases, tables, views, routines and triggers that the ways below need beside `test.orders`.
void make_ways_in(TestClient& direct);

// Plain statements and all that begins and ends a transaction.
[[nodiscard]] Ways with_statements(Kind server);
[[nodiscard]] Ways with_transactions();
// PREPARE and EXECUTE, COM_STMT_*, cursors: prepared before any migration.
[[nodiscard]] Ways with_prepared_statements(Kind server);
// The table isn't named by the client, or not alone: joins, views, routines, triggers, and the server's own scheduler.
[[nodiscard]] Ways by_other_names(Kind server);
// What changes the session: its database, its user, its reset; files.
[[nodiscard]] Ways with_changed_sessions(const std::filesystem::path& folder);
// What locks the table for longer than a statement.
[[nodiscard]] Ways with_locks();
// The table's name quoted, qualified and commented in every way.
[[nodiscard]] Ways in_every_spelling(Kind server);
// A few that name the table as `Writer::table()` does, whatever name that is.
[[nodiscard]] Ways by_the_given_name();

// So slow that a drain has to wait for it, and all others meet a closed gate.
[[nodiscard]] WayOfWriting slow_transaction();

}  // namespace sluice::test
