// A real replica that hangs off the proxy: it follows, and nobody waits for it.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/support/replica.hpp"

namespace sluice::proxy {
namespace {

using test::wait_until;
using namespace std::chrono_literals;

class Replication : public ThroughProxy {
 protected:
  struct Extra {
    std::vector<std::string> primary;
    std::vector<std::string> replica;
    std::chrono::milliseconds idle_deadline_ms{0};
  };
  void follow(const Extra& extra) {
    primary_.emplace(test::TestServer::start(GetParam(), {.arguments = extra.primary}));
    auto with = config();
    with.primary.port = primary_->port();
    with.limits.idle_deadline_ms = extra.idle_deadline_ms;
    running_.emplace(with, [](const Abandoned&, const std::function<void()>&) {});
    replica_.emplace(*primary_, test::ReplicaOptions{.through = running_->proxy.port(), .arguments = extra.replica});
    primary_->connect().must("CREATE TABLE followed (id INT PRIMARY KEY, note LONGTEXT)");
  }
  void write(const std::string& values) { primary_->connect().must("INSERT INTO followed VALUES " + values); }
  [[nodiscard]] bool has(const std::string& count) {
    return wait_until(
        [&] {
          const auto reply = replica_->server().connect().query("SELECT COUNT(*) FROM followed");
          return reply.ok() && reply.value() == count;
        },
        20s);
  }

  void expect_acknowledgements(const std::vector<std::string>& arguments);

  std::optional<test::TestServer> primary_;
  std::optional<RunningProxy> running_;
  std::optional<test::Replica> replica_;
};
SLUICE_ON_BOTH_SERVERS(Replication);

TEST_P(Replication, follows_through_the_proxy_and_comes_back_after_a_cut) {
  follow({});
  write("(1, 'one')");
  EXPECT_TRUE(has("1"));
  // An event of several packets.
  primary_->connect().must("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
  replica_->server().connect().must("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
  write("(2, REPEAT('x', 17000000))");
  EXPECT_TRUE(has("2"));
  // The dump's connection is killed: the replica connects again.
  auto direct = primary_->connect();
  const auto dumps = direct.must("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'");
  ASSERT_EQ(dumps.rows().size(), 1U);
  direct.must("KILL " + dumps.value());
  write("(3, 'three')");
  EXPECT_TRUE(has("3"));
  EXPECT_EQ(running_->observer.abandoned, 0) << "it was the server that went";
}

TEST_P(Replication, is_no_statement_that_a_gate_waits_for) {
  follow({});
  write("(1, 'one')");
  ASSERT_TRUE(has("1"));
  const gate::TableName table{"test", "followed"};
  running_->gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
  EXPECT_EQ(running_->gate.close(table, gate::Clock::now() + 3s, gate::Clock::now() + 30s), gate::CloseResult::held);
  // A dump that begins while the gate is closed isn't held either.
  auto direct = primary_->connect();
  direct.must("KILL " +
              direct.must("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'").value());
  write("(2, 'two')");
  EXPECT_TRUE(has("2"));
  running_->gate.open(table);
  EXPECT_EQ(running_->gate.close(table, gate::Clock::now() + 3s, gate::Clock::now() + 30s), gate::CloseResult::held);
  running_->gate.disarm(table);
}

TEST_P(Replication, that_has_nothing_to_read_is_not_idle) {
  follow({.primary = {}, .replica = {}, .idle_deadline_ms = 2s});
  write("(1, 'one')");
  ASSERT_TRUE(has("1"));
  const auto dump = [this] {
    return primary_->connect()
        .must("SELECT GROUP_CONCAT(id) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")
        .value();
  };
  const auto followed_by = dump();
  for (int i = 1; i <= 2; ++i) {
    const auto idle = running_->connect();
    ASSERT_TRUE(wait_until([&] { return running_->observer.idled_out == i; }, 20s));
  }
  EXPECT_EQ(dump(), followed_by);
}

TEST_P(Replication, does_not_keep_the_proxy_from_stopping) {
  follow({});
  write("(1, 'one')");
  ASSERT_TRUE(has("1"));
  const auto begun = std::chrono::steady_clock::now();
  running_->proxy.stop(begun + 20s);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

// With this for its replica's command line.
void Replication::expect_acknowledgements(const std::vector<std::string>& arguments) {
  const auto with_more = [&](std::vector<std::string> all) {
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  };
  // Until the replica is there nobody is waited for.
  if (is_mysql()) {
    follow({.primary = {"--plugin-load-add=semisync_source.so", "--rpl-semi-sync-source-enabled=1",
                        "--rpl-semi-sync-source-timeout=1"},
            .replica = with_more({"--plugin-load-add=semisync_replica.so", "--rpl-semi-sync-replica-enabled=1"})});
  } else {
    follow({.primary = {"--rpl-semi-sync-master-enabled=1", "--rpl-semi-sync-master-timeout=1"},
            .replica = with_more({"--rpl-semi-sync-slave-enabled=1"})});
  }
  auto direct = primary_->connect();
  const std::string role = is_mysql() ? "source" : "master";
  const auto status = [&](const std::string& name) {
    return direct.must("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_" + role + name + "'").rows().at(0).at(1).value_or("");
  };
  ASSERT_TRUE(wait_until([&] { return status("_clients") == "1" && status("_status") == "ON"; }, 20s));
  direct.must("SET GLOBAL rpl_semi_sync_" + role + "_timeout = 20000");
  const auto unacknowledged = status("_no_tx");
  const auto acknowledged = std::stoi(status("_yes_tx"));
  // More than are let through unanswered.
  for (int i = 0; i < 1200; ++i) direct.must("INSERT INTO followed VALUES (" + std::to_string(i) + ", '')");
  EXPECT_TRUE(has("1200"));
  EXPECT_EQ(status("_no_tx"), unacknowledged);
  EXPECT_GE(std::stoi(status("_yes_tx")), acknowledged + 1200);
}

TEST_P(Replication, that_is_semi_synchronous_acknowledges_through_the_proxy) {
  expect_acknowledgements({});
}

TEST_P(Replication, that_is_semi_synchronous_and_compressed_acknowledges_through_the_proxy) {
  if (is_mysql()) return;
  expect_acknowledgements({"--slave-compressed-protocol=ON"});
}

TEST_P(Replication, by_gtid_follows_through_the_proxy) {
  if (is_mysql()) {
    const std::vector<std::string> gtid{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"};
    follow({.primary = gtid, .replica = gtid});
  } else {
    follow({});
  }
  write("(1, 'one')");
  ASSERT_TRUE(has("1"));
  auto here = replica_->server().connect("");
  here.must(is_mysql() ? "STOP REPLICA" : "STOP SLAVE");
  here.must(is_mysql() ? "CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1"
                       : "CHANGE MASTER TO MASTER_USE_GTID = slave_pos");
  here.must(is_mysql() ? "START REPLICA" : "START SLAVE");
  write("(2, 'two')");
  EXPECT_TRUE(has("2"));
}

}  // namespace
}  // namespace sluice::proxy
