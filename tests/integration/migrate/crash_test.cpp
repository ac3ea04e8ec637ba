// kill -9 of Sluice and of the server, in the copy and in the cut-over: the migration goes on and ends right. Clients
// that lost their connection connect again; of a write whose answer never came either outcome is right.
#include <thread>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr std::uint64_t rows = 4000;

class Crash : public BehindSluice {
 protected:
  // Pauses many times as long as it works.
  const std::string slowly = R"({"chunk_size": 100, "chunk_time_ms": 5, "nice_ratio": 20})";

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
  void expect_nothing_lost(Workload& workload, TestClient& client) {
    workload.stop();
    const auto report = workload.verify(client);
    EXPECT_EQ(report.lost, 0U) << testing::PrintToString(report.problems);
    EXPECT_EQ(report.wrong_reads, 0U) << testing::PrintToString(report.problems);
    EXPECT_EQ(report.unclaimed, 0U);
  }
  // Whether the server runs a statement of Sluice's like this one.
  bool sluice_runs(const std::string& pattern) {
    return direct()
               .must("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'sluice' AND info LIKE '" +
                     pattern + "'")
               .value() != "0";
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
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), rows);
  workload.start();
  const auto id = postponed();
  // What keeps a RENAME waiting, and is not a lock of either table.
  auto blocker = server().connect();
  if (is_mysql()) {
    blocker.must("LOCK INSTANCE FOR BACKUP");
  } else {
    blocker.must("BACKUP STAGE START");
    blocker.must("BACKUP STAGE BLOCK_DDL");
  }
  act(id, "cut-over");
  ASSERT_TRUE(wait_until([&] { return sluice_runs("RENAME TABLE%"); }, 30s)) << sluice().status(id).json;
  sluice().kill9();
  blocker.must(is_mysql() ? "UNLOCK INSTANCE" : "BACKUP STAGE END");  // the RENAME may still run, or never have done so
  sluice().restart();
  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_nothing_lost(workload, direct());
}

TEST_P(Crash, of_sluice_while_it_drains_is_taken_up_again) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), rows);
  workload.start();
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"drain_timeout_ms": 30000})").status, 200U);
  auto lingering = sluice().connect();
  lingering.must("BEGIN");
  lingering.must("INSERT INTO orders (id, qty, name) VALUES (900000000, 1, 'never committed')");
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
  auto own = TestServer::start(GetParam());
  auto proxy = SluiceProcess::start(own);
  std::string id;
  {
    auto client = own.connect();
    client.must("CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL)");
  }
  Workload workload{
      {.connection = {.port = proxy.port(), .database = "test"}, .table = "orders", .clients = 16, .think_time = 10ms}};
  {
    auto client = own.connect();
    workload.fill(client, rows);
  }
  workload.start();
  id = proxy.migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = slowly});
  await_copied(proxy, id, 500);
  own.kill9();
  EXPECT_TRUE(wait_until([&] { return workload.errors() >= 16; }, 30s));
  EXPECT_EQ(proxy.get("/healthz").status, 200U);
  own.restart();
  EXPECT_TRUE(writes_go_on(workload));
  EXPECT_EQ(request("PATCH", proxy.http_port(), "/migrate/" + id, R"({"options": {"nice_ratio": 0}})").status, 200U);
  expect_completed(proxy.await_state(id, "completed", 90s));
  EXPECT_TRUE(writes_go_on(workload));
  auto client = own.connect();
  expect_nothing_lost(workload, client);
  if (HasFailure()) std::cout << proxy.log();
}

}  // namespace
}  // namespace sluice::test
