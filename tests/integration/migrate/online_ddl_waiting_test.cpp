// Clients that wait for their ALTER: killed, gone, stopped by somebody else, or there when Sluice stops.
#include <csignal>

#include "tests/integration/migrate/altering_online.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class OnlineDdlWaiting : public AlterWaiting {};
SLUICE_ON_BOTH_SERVERS(OnlineDdlWaiting);

TEST_P(OnlineDdlWaiting, cut_over_by_another_hand_ends_it) {
  auto client = sluice().connect();
  begin(client);
  EXPECT_EQ(code_of(sluice().connect().query("ALTER TABLE orders ADD COLUMN b INT")), "1105 HY000");
  EXPECT_EQ(code_of(online().query("ALTER TABLE orders ADD COLUMN b INT")), "1105 HY000");
  act(id(), "cut-over");
  EXPECT_TRUE(answer().ok());
  EXPECT_TRUE(has_column("a"));
}

TEST_P(OnlineDdlWaiting, stop_by_another_hand_is_an_error) {
  auto client = sluice().connect();
  begin(client);
  act(id(), "stop");
  EXPECT_EQ(code_of(answer()), "1317 70100");
  EXPECT_EQ(state(), "stopped");
}

TEST_P(OnlineDdlWaiting, kill_query_stops_it) {
  auto client = sluice().connect();
  begin(client);
  direct().must("KILL QUERY " + std::to_string(client.connection_id()));
  EXPECT_EQ(code_of(answer()), "1317 70100");
  EXPECT_EQ(await_end(id()).state, "stopped");
  EXPECT_TRUE(client.ping());
  EXPECT_EQ(outcome("stopped"), "1");
  EXPECT_FALSE(has_column("a"));
}

TEST_P(OnlineDdlWaiting, kill_query_through_sluice_stops_it) {
  auto client = sluice().connect();
  begin(client);
  sluice().connect().must("KILL QUERY " + std::to_string(client.connection_id()));
  EXPECT_EQ(code_of(answer()), "1317 70100");
  EXPECT_EQ(await_end(id()).state, "stopped");
}

// Whoever is told that it was interrupted finds the table as it was.
TEST_P(OnlineDdlWaiting, kill_query_is_answered_when_it_has_stopped) {
  auto client = sluice().connect();
  begin(client);
  direct().must("KILL QUERY " + std::to_string(client.connection_id()));
  EXPECT_EQ(code_of(answer()), "1317 70100");
  EXPECT_EQ(state(), "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

// The table has its new shape, but is not let go yet: a transaction has a snapshot of before.
TEST_P(OnlineDdlWaiting, kill_query_behind_the_swap_is_too_late) {
  direct().must("CREATE TABLE others (id INT PRIMARY KEY)");
  auto client = sluice().connect();
  begin(client);
  auto reader = sluice().connect();
  reader.must("BEGIN");
  reader.must("SELECT COUNT(*) FROM others");
  act(id(), "cut-over");
  ASSERT_TRUE(wait_until([this] { return state() == "completed"; }, 60s)) << migrations();
  direct().must("KILL QUERY " + std::to_string(client.connection_id()));
  EXPECT_TRUE(answer().ok());
  EXPECT_EQ(client.must("SHOW COUNT(*) WARNINGS").value(), "1");
  EXPECT_TRUE(has_column("a"));
  reader.must("COMMIT");
}

TEST_P(OnlineDdlWaiting, kill_of_the_connection_stops_it) {
  auto client = sluice().connect();
  begin(client);
  sluice().connect().must("KILL " + std::to_string(client.connection_id()));
  EXPECT_THAT(code_of(answer()), Not("none"));
  EXPECT_EQ(await_end(id()).state, "stopped");
}

TEST_P(OnlineDdlWaiting, client_that_leaves_stops_it) {
  ChildProcess client{
      {.arguments = {"/usr/bin/mariadb", "--no-defaults", "-h127.0.0.1", "-P" + std::to_string(sluice().port()),
                     "-uroot", "--comments", "-e", alter, "test"},
       .environment = {},
       .output = "/dev/null",
       .account = {}}};
  ASSERT_TRUE(wait_until([this] { return runs() && state() == "ready"; }, 60s)) << migrations();
  client.signal(SIGKILL);
  EXPECT_EQ(await_end(id()).state, "stopped");
  EXPECT_EQ(outcome("stopped"), "1");
}

TEST_P(OnlineDdlWaiting, is_not_idle_and_shows_what_it_waits_for) {
  set_global("wait_timeout", "1");
  auto client = sluice().connect();
  client.must("SET SESSION wait_timeout = 1");
  client.must(is_mysql() ? "SET SESSION max_execution_time = 300" : "SET SESSION max_statement_time = 0.3");
  begin(client);
  const auto waits = [this] {
    return direct()
        .must("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(1)%waits for migration " +
              id() + "%' AND info NOT LIKE '%processlist%'")
        .value();
  };
  // It has been waiting for longer than any of these by the time that it waits in whole seconds.
  EXPECT_TRUE(wait_until([&] { return waits() == "1"; }, 20s));
  act(id(), "cut-over");
  EXPECT_TRUE(answer().ok());
}

TEST_P(OnlineDdlWaiting, goes_on_after_a_restart_without_its_client) {
  auto client = sluice().connect();
  begin(client);
  const auto id_before = id();
  EXPECT_EQ(sluice().stop(), 0);
  const auto reply = answer();
  EXPECT_EQ(code_of(reply), "1053 08S01");
  EXPECT_THAT(reply.error.value_or(SqlError{}).text, HasSubstr(id_before));
  sluice().restart();
  EXPECT_EQ(sluice().await_state(id_before, "ready").state, "ready");
  act(id_before, "cut-over");
  EXPECT_EQ(await_end(id_before).state, "completed");
  EXPECT_TRUE(has_column("a"));
}

}  // namespace
}  // namespace sluice::test
