// The real Sluice in front of a real server, on clean databases in every test.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/both_servers.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"
#include "tests/support/workload.hpp"

namespace sluice::test {

// The value at a JSON pointer, as JSON but for strings, which come without quotes; empty if there is none.
[[nodiscard]] std::string json_at(const std::string& json, const std::string& pointer);
// How many elements the array at a JSON pointer has; 0 if there is none.
[[nodiscard]] std::size_t json_size(const std::string& json, const std::string& pointer);

// SHOW CREATE TABLE without the table's own name and the next AUTO_INCREMENT value.
[[nodiscard]] std::string definition(TestClient& client, const std::string& table);
// Tables of `test` that a migration made, shadows and old ones.
[[nodiscard]] std::vector<std::string> leftovers(TestClient& client);

// The first entry of that event in the text of an event stream, as JSON; empty if there is none.
[[nodiscard]] std::string journal_entry(const std::string& events, const std::string& event);

class BehindSluice : public OnBothServers {
 protected:
  void SetUp() override;
  void TearDown() override;  // globals as they were; the end of Sluice's log, if the test failed

  [[nodiscard]] bool is_mysql() const { return GetParam() == Kind::mysql; }
  // Straight to the server, by the test's own thread.
  [[nodiscard]] TestClient& direct();
  // Started when it is first asked for.
  [[nodiscard]] SluiceProcess& sluice();
  // What it is started with.
  [[nodiscard]] virtual SluiceOptions sluice_options() { return {}; }

  // For the whole server, up to the end of the test.
  void set_global(const std::string& variable, const std::string& value);
  // 'Test/Zone', where from 2:00 to 3:00 on 2024-10-27 summer time ends, is the server's time zone up to the end of the
  // test.
  void live_where_summer_time_ends();

  // Rows with the columns of a Workload and one that it does not know: id, qty, name, tag.
  void make_orders(std::uint64_t rows);
  // 16 clients of `orders` through the proxy, or straight at the server.
  [[nodiscard]] WorkloadOptions clients_of_orders();

  // Runs until it has ended, which has to be by completing.
  MigrationStatus complete(const Migration& migration);
  void expect_completed(const MigrationStatus& status);
  // The id of a migration that has copied everything and is kept from its cut-over.
  [[nodiscard]] std::string postponed(const std::string& alter = "ADD COLUMN note INT");
  HttpResponse act(const std::string& id, const std::string& action);  // must be accepted
  HttpResponse change(const std::string& id, const std::string& options);
  [[nodiscard]] MigrationStatus await_end(const std::string& id);
  // A client of the proxy in the midst of a transaction that has written to `orders`, and is never committed.
  [[nodiscard]] TestClient lingering();
  // By what is not a lock of a table, until allow_renames().
  void keep_renames_waiting(TestClient& client) const;
  void allow_renames(TestClient& client) const;
  // Whether the server runs a statement of Sluice's like this one.
  [[nodiscard]] static bool sluice_runs(TestClient& client, const std::string& pattern);
  // Stops the clients; each acknowledged write is there, and no client saw an error.
  void expect_unharmed(Workload& workload);
  // The same of their own rows, where others write to the table too.
  WorkloadReport expect_own_rows_unharmed(Workload& workload);
  // The same where they had to connect again: of a write whose answer never came either outcome is right.
  static void expect_nothing_lost(Workload& workload, TestClient& direct);

 private:
  std::vector<std::string> undo_;
  std::optional<TestClient> direct_;
  std::optional<SluiceProcess> sluice_;
};

}  // namespace sluice::test
