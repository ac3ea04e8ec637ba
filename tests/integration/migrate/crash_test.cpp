// kill -9 of Sluice and of the server, in the copy and in the cut-over: the migration goes on and ends right. Clients
// that lost their connection connect again; of a write whose answer never came either outcome is right.
#include <thread>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t rows = 4000;

// A server of its own, which may die, with Sluice and writing clients in front of it.
class Mortal {
 public:
  explicit Mortal(Kind kind, std::uint64_t filled = rows)
      : server(TestServer::start(kind)),
        sluice(SluiceProcess::start(server)),
        workload({.connection = {.port = sluice.port(), .database = "test"},
                  .table = "orders",
                  .clients = 16,
                  .think_time = 10ms}) {
    auto client = server.connect();
    client.must("CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL)");
    workload.fill(client, filled);
    workload.start();
  }

  TestServer server;
  SluiceProcess sluice;
  Workload workload;
};

class Crash : public BehindSluice {
 protected:
  // Pauses many times as long as it works.
  const std::string slowly = R"({"chunk_size": 100, "chunk_time_ms": 5, "nice_ratio": 100})";

  static bool writes_go_on(const Workload& workload) {
    const auto before = workload.acknowledged();
    return wait_until([&] { return workload.acknowledged() > before + 200; }, 30s);
  }
  static MigrationStatus await_copied(const SluiceProcess& sluice, const std::string& id, std::uint64_t count) {
    MigrationStatus status;
    const auto far_enough = [&] {
      status = sluice.status(id);
      return status.ended() || status.rows_copied >= count;
    };
    EXPECT_TRUE(wait_until(far_enough, 30s)) << status.json;
    EXPECT_EQ(status.state, "copying") << status.json;
    return status;
  }
  // The id of a migration whose cut-over was asked for under writing clients, and whose RENAME waits for the blocker.
  std::string cutting_over_behind(TestClient& blocker, Workload& workload) {
    make_orders(0);
    direct().must("ALTER TABLE orders MODIFY id BIGINT NOT NULL");  // or its next number would be a DDL to wait for
    workload.fill(direct(), rows);
    workload.start();
    const auto id = postponed();
    keep_renames_waiting(blocker);
    act(id, "cut-over");
    return id;
  }
  void expect_ends_well(Mortal& with, const std::string& id) {
    expect_completed(with.sluice.await_state(id, "completed", 90s));
    EXPECT_TRUE(writes_go_on(with.workload));
    auto client = with.server.connect();
    expect_nothing_lost(with.workload, client);
    if (HasFailure()) std::cout << with.sluice.log();
  }
};
SLUICE_ON_BOTH_SERVERS(Crash);

TEST_P(Crash, of_sluice_in_the_copy_is_taken_up_again) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), rows);
  workload.start();
  const auto id = sluice().migrate(
      {.table = "orders", .alter = "MODIFY qty BIGINT NOT NULL, ADD COLUMN note INT", .options = slowly});
  for (int round = 0; round < 2; ++round) {
    const auto before = await_copied(sluice(), id, 500);
    sluice().kill9();
    sluice().restart();
    EXPECT_FALSE(sluice().status(id).ended());
    EXPECT_TRUE(writes_go_on(workload));
    await_copied(sluice(), id, before.rows_copied + 100);
  }
  EXPECT_EQ(change(id, R"({"nice_ratio": 0})").status, 200U);
  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_nothing_lost(workload, direct());
}

TEST_P(Crash, of_sluice_in_the_hold_leaves_a_rename_at_the_server_and_loses_nothing) {
  Workload workload{clients_of_orders()};
  auto blocker = server().connect();
  const auto id = cutting_over_behind(blocker, workload);
  ASSERT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s)) << sluice().status(id).json;
  sluice().kill9();
  allow_renames(blocker);  // the RENAME may still run, or never have done so
  sluice().restart();
  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_nothing_lost(workload, direct());
}

TEST_P(Crash, of_nothing_but_a_rename_that_can_not_run_lets_the_clients_go_on_in_time) {
  Workload workload{clients_of_orders()};
  auto blocker = server().connect();
  const auto id = cutting_over_behind(blocker, workload);
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).attempts >= 2; }, 30s)) << sluice().status(id).json;
  EXPECT_TRUE(writes_go_on(workload)) << "the gate is open between the attempts";
  EXPECT_NE(json_at(sluice().status(id).json, "/cut_over/last_error"), "");
  allow_renames(blocker);
  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_unharmed(workload);
}

TEST_P(Crash, of_sluice_while_it_drains_is_taken_up_again) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), rows);
  workload.start();
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"drain_timeout_ms": 30000, "on_blocker": "abort"})").status, 200U);
  auto client = lingering();
  act(id, "cut-over");
  const auto drains = [&] {
    const auto status = sluice().status(id);
    return status.state == "cutting_over" && json_size(status.json, "/blockers") > 0;
  };
  EXPECT_TRUE(wait_until(drains)) << sluice().status(id).json;
  sluice().kill9();
  sluice().restart();
  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_nothing_lost(workload, direct());
}

TEST_P(Crash, of_sluice_at_any_moment_of_the_cut_over_loses_nothing) {
  make_orders(0);
  auto options = clients_of_orders();
  options.think_time = 5ms;
  Workload workload{options};
  workload.fill(direct(), 2000);
  workload.start();
  for (const auto delay : {0ms, 3ms, 6ms, 10ms, 15ms, 25ms}) {
    SCOPED_TRACE(delay.count());
    direct().must("DROP TABLE IF EXISTS _orders_del");
    const auto id = postponed("ENGINE = InnoDB");
    act(id, "cut-over");
    std::this_thread::sleep_for(delay);  // the point of the test: anywhere in the cut-over, or right after it
    sluice().kill9();
    sluice().restart();
    // Where the crash came before the wish was written down it has to be told again.
    (void)sluice().post("/migrate/" + id + "/cut-over");
    expect_completed(await_end(id));
    ASSERT_FALSE(HasFailure());
    ASSERT_TRUE(writes_go_on(workload));
  }
  expect_nothing_lost(workload, direct());
}

TEST_P(Crash, of_the_server_in_the_copy_is_waited_out) {
  Mortal with{GetParam()};
  const auto id = with.sluice.migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = slowly});
  await_copied(with.sluice, id, 500);
  with.server.kill9();
  EXPECT_TRUE(wait_until([&] { return with.workload.errors() >= 16; }, 30s));
  EXPECT_EQ(with.sluice.get("/healthz").status, 200U);
  with.server.restart();
  EXPECT_TRUE(writes_go_on(with.workload));
  EXPECT_EQ(request("PATCH", with.sluice.http_port(), "/migrate/" + id, R"({"options": {"nice_ratio": 0}})").status,
            200U);
  expect_ends_well(with, id);
}

TEST_P(Crash, of_the_server_in_the_comparison_is_waited_out) {
  Mortal with{GetParam()};
  const auto id = with.sluice.migrate({.table = "orders",
                                       .alter = "ADD COLUMN note INT",
                                       .options = R"({"chunk_size": 20, "chunk_time_ms": 1, "nice_ratio": 10})"});
  ASSERT_TRUE(wait_until([&] { return with.sluice.status(id).verified_rows > 0; }, 60s)) << with.sluice.status(id).json;
  with.server.kill9();
  EXPECT_TRUE(wait_until([&] { return with.workload.errors() >= 16; }, 30s));
  const auto compared = with.sluice.status(id);
  EXPECT_EQ(compared.state, "copying");
  EXPECT_LT(compared.verified_rows, rows) << "it was too quick";
  with.server.restart();
  EXPECT_TRUE(writes_go_on(with.workload));
  expect_ends_well(with, id);
  EXPECT_GE(with.sluice.status(id).verified_rows, rows);
}

TEST_P(Crash, of_the_server_while_it_builds_indexes_is_waited_out) {
  Mortal with{GetParam(), 60'000};
  auto looker = with.server.connect();
  looker.must("ALTER TABLE orders ADD KEY by_name (name), ADD KEY name_qty (name, qty)");
  const auto id = with.sluice.migrate({.table = "orders",
                                       .alter = "ADD COLUMN note INT",
                                       .options = R"({"defer_secondary_indexes": true, "chunk_time_ms": 100})"});
  ASSERT_TRUE(wait_until([&] { return sluice_runs(looker, "ALTER TABLE %ADD KEY%"); }, 60s))
      << with.sluice.status(id).json;
  with.server.kill9();
  EXPECT_TRUE(wait_until([&] { return with.workload.errors() >= 16; }, 30s));
  with.server.restart();
  EXPECT_TRUE(writes_go_on(with.workload));
  expect_ends_well(with, id);
  auto client = with.server.connect();
  EXPECT_THAT(definition(client, "orders"),
              testing::AllOf(testing::HasSubstr("KEY `by_name` (`name`)"),
                             testing::HasSubstr("KEY `name_qty` (`name`,`qty`)"), testing::HasSubstr("`note`")));
}

TEST_P(Crash, of_the_server_in_the_hold_opens_the_gate_and_is_waited_out) {
  Mortal with{GetParam()};
  const auto id = with.sluice.migrate(
      {.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
  ASSERT_EQ(with.sluice.await_state(id, "ready", 60s).state, "ready");
  auto blocker = with.server.connect();
  keep_renames_waiting(blocker);
  EXPECT_EQ(with.sluice.post("/migrate/" + id + "/cut-over").status, 202U);
  auto looker = with.server.connect();
  ASSERT_TRUE(wait_until([&] { return sluice_runs(looker, "RENAME TABLE%"); }, 30s)) << with.sluice.status(id).json;
  with.server.kill9();
  EXPECT_TRUE(wait_until([&] { return with.workload.errors() >= 16; }, 30s)) << "somebody is held for ever";
  with.server.restart();
  EXPECT_TRUE(writes_go_on(with.workload));
  expect_ends_well(with, id);
}

}  // namespace
}  // namespace sluice::test
