// Stop and panic, by HTTP and by flag file, at every stage of a migration and under writing clients.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned refused = 422;

class Stopping : public UnderClients {
 protected:
  // A migration that is ready, and for whose cut-over no DDL is needed before the RENAME.
  std::string ready_for_the_rename() { return postponed("ADD COLUMN note INT, AUTO_INCREMENT = 4000000000"); }
};
SLUICE_ON_BOTH_SERVERS(Stopping);

TEST_P(Stopping, stop_drops_the_shadow_and_leaves_the_table) {
  const auto id = copying();
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

TEST_P(Stopping, stop_of_what_is_ready_drops_the_shadow_as_well) {
  const auto id = postponed();
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Stopping, panic_stops_at_once_and_keeps_the_shadow_for_study) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();

  const Migration again{.table = "orders", .alter = "ADD COLUMN note INT"};
  EXPECT_EQ(sluice().post("/migrate", body_of(again)).status, refused);
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"initially_drop_ghost_table": true})"});
}

TEST_P(Stopping, panic_is_heard_while_somebody_has_locked_the_new_table) {
  const auto id = postponed();
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _orders_gho WRITE");
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_pending > 100; }, 30s));
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  somebody.must("UNLOCK TABLES");
  expect_untouched();
}

TEST_P(Stopping, panic_leaves_the_counts_and_positions_of_both_tables_in_the_status) {
  const auto id = copying();
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_applied > 0; }));
  act(id, "panic");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "panicked");
  EXPECT_GT(status.rows_copied, 0U);
  EXPECT_GT(status.rows_estimated, 0U);
  EXPECT_GT(status.changes_applied, 0U);
  EXPECT_THAT(json_at(status.json, "/read_position"), HasSubstr("bin"));
  EXPECT_THAT(json_at(status.json, "/applied_position"), HasSubstr("bin"));
  const auto applied = shown(id, "/applied_position");
  const auto stored = [&] {
    return direct().must("SELECT state FROM _sluice.migrations WHERE number = " + id.substr(1)).value();
  };
  EXPECT_TRUE(wait_until([&] { return stored() == "panicked"; }));
  kill_sluice();
  sluice().restart();
  EXPECT_EQ(shown(id, "/applied_position"), applied);
  EXPECT_EQ(sluice().status(id).rows_copied, status.rows_copied);
}

TEST_P(Stopping, panic_in_the_midst_of_a_hold_opens_the_gate_first) {
  const auto id = ready_for_the_rename();
  auto backup = server().connect("test");
  keep_renames_waiting(backup);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s));
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_TRUE(writes_go_on());
  allow_renames(backup);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
}

TEST_P(Stopping, panic_while_it_drains_opens_the_gate_at_once) {
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"drain_timeout_ms": 60000, "on_blocker": "abort"})").status, changed);
  auto client = lingering();
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/state") == "cutting_over" && shown(id, "/blockers/0/user") != ""; }));
  act(id, "panic");
  EXPECT_TRUE(writes_go_on()) << "while the transaction is still open";
  EXPECT_EQ(await_end(id).state, "panicked");
  expect_untouched();
  client.must("ROLLBACK");
}

TEST_P(Stopping, stop_in_the_midst_of_a_hold_opens_the_gate_first) {
  const auto id = ready_for_the_rename();
  auto backup = server().connect("test");
  keep_renames_waiting(backup);
  act(id, "cut-over");
  EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s));
  act(id, "stop");
  EXPECT_TRUE(writes_go_on());
  allow_renames(backup);
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
}

TEST_P(Stopping, panic_flag_file_panics) {
  const auto file = flag_file("panic");
  const auto id = copying(R"(, "panic_flag_file": ")" + file.string() + "\"");
  touch(file);
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
}

TEST_P(Stopping, cleanup_drops_what_a_panic_left) {
  const auto id = copying();
  act(id, "panic");
  EXPECT_EQ(await_end(id).state, "panicked");
  act(id, "cleanup");
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }));
  const auto journal = [&] { return sluice().get("/migrate/" + id + "/journal").body; };
  EXPECT_TRUE(wait_until([&] { return journal().find("cleanup.completed") != std::string::npos; }));
  expect_untouched();
}

}  // namespace
}  // namespace sluice::test
