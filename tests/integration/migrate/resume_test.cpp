// A migration goes on from where it was, whatever it lost: its process, its connections, its binlog's file. And where
// it can't, because the binlog is gone, it says so and harms nothing.
#include <random>

#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class Resuming : public UnderClients {
 protected:
  // A few seconds for the copy, and for the comparison.
  std::string start_slowly() {
    return sluice().migrate(
        {.table = "orders",
         .alter = laborious,
         .options = R"({"chunk_size": 50, "chunk_time_ms": 5, "nice_ratio": 8, "postpone_cut_over": true})"});
  }
  MigrationStatus await(const std::string& id, const std::function<bool(const MigrationStatus&)>& condition) {
    MigrationStatus status;
    const auto holds = [&] {
      status = sluice().status(id);
      return status.ended() || condition(status);
    };
    EXPECT_TRUE(wait_until(holds, 60s)) << status.json;
    EXPECT_FALSE(status.ended()) << status.json;
    return status;
  }
  // What the primary knows of it, by the checkpoint's name.
  std::uint64_t stored(const std::string& id, const std::string& number) {
    return std::stoull(direct()
                           .must("SELECT JSON_EXTRACT(checkpoint, '$." + number +
                                 "') FROM _sluice.migrations WHERE number = " + id.substr(1))
                           .value());
  }
  void finish(const std::string& id) {
    EXPECT_EQ(change(id, R"({"nice_ratio": 0, "chunk_time_ms": 100, "postpone_cut_over": false})").status, changed);
    expect_completed(await_end(id));
  }
  std::vector<std::string> connections_of_sluice() {
    std::vector<std::string> ids;
    const auto reply = direct().must("SELECT id FROM information_schema.processlist WHERE user = 'sluice'");
    for (const auto& row : reply.rows()) ids.push_back(row.at(0).value());
    return ids;
  }
  void kill_one_of_sluices() {
    const auto ids = connections_of_sluice();
    if (ids.empty()) return;
    (void)direct().query("KILL " + ids.at(random_() % ids.size()));  // it may have gone by itself
  }

 private:
  std::mt19937 random_{7};
};
SLUICE_ON_BOTH_SERVERS(Resuming);

TEST_P(Resuming, from_kill_9_in_the_copy_goes_on_from_the_checkpoint) {
  const auto id = start_slowly();
  await(id, [](const auto& status) { return status.rows_copied >= 1000; });
  ASSERT_TRUE(wait_until([&] { return stored(id, "rows_copied") > 0; }));
  kill_sluice();
  const auto checkpoint = stored(id, "rows_copied");
  sluice().restart();
  EXPECT_GE(sluice().status(id).rows_copied, checkpoint);
  EXPECT_TRUE(writes_go_on());
  const auto again = await(id, [&](const auto& status) { return status.rows_copied > checkpoint; });
  EXPECT_EQ(again.verified_rows, 0U);
  finish(id);
}

TEST_P(Resuming, from_kill_9_lets_go_of_unique_values_that_others_have_by_then) {
  direct().must("CREATE TABLE places (id BIGINT NOT NULL PRIMARY KEY, place BIGINT, UNIQUE KEY (place)) ENGINE=InnoDB");
  direct().must(
      "INSERT INTO places WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, i "
      "FROM n");
  const auto id = sluice().migrate(
      {.table = "places",
       .alter = "ADD COLUMN note INT",
       .options = R"({"chunk_size": 20, "chunk_time_ms": 1, "nice_ratio": 60, "postpone_cut_over": true})"});
  await(id, [](const auto& status) { return status.rows_copied >= 300; });
  kill_sluice();
  // Each value to the row before, also from one that was copied after the checkpoint to one that it does not know of.
  direct().must("UPDATE places SET place = -id - 1");
  direct().must("UPDATE places SET place = -place");
  sluice().restart();
  finish(id);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM places WHERE place = id + 1").value(), "900");
}

TEST_P(Resuming, from_kill_9_in_the_comparison_copies_nothing_again) {
  const auto id = start_slowly();
  await(id, [](const auto& status) { return status.verified_rows > 0; });
  act(id, "pause");  // else the comparison would soon be over
  ASSERT_TRUE(wait_until([&] { return stored(id, "verified_rows") > 0; }));
  kill_sluice();
  const auto copied = stored(id, "rows_copied");
  const auto verified = stored(id, "verified_rows");
  sluice().restart();
  EXPECT_GE(copied, rows);
  EXPECT_GE(sluice().status(id).verified_rows, verified);
  act(id, "resume");
  const auto again = await(id, [&](const auto& status) { return status.state == "ready"; });
  EXPECT_LT(again.rows_copied, copied + rows / 2) << again.json;
  finish(id);
}

TEST_P(Resuming, from_a_dba_who_kills_its_connections_all_the_time) {
  const auto id = start_slowly();
  for (int kill = 0; kill < 60; ++kill) {
    const auto copied = sluice().status(id).rows_copied;
    kill_one_of_sluices();
    const auto goes_on = [&] {
      const auto status = sluice().status(id);
      return status.rows_copied != copied || status.state == "ready";
    };
    if (kill % 6 == 0) EXPECT_TRUE(wait_until(goes_on, 30s));
    ASSERT_FALSE(sluice().status(id).ended()) << sluice().status(id).json;
  }
  finish(id);
}

TEST_P(Resuming, from_connections_killed_up_to_the_swap) {
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "MODIFY qty BIGINT NOT NULL, ADD COLUMN note INT",
                                    .options = R"({"chunk_size": 200, "chunk_time_ms": 10})"});
  const auto over = [&] {
    kill_one_of_sluices();
    return sluice().status(id).ended();
  };
  // Now and then it is left alone for long enough to come through a cut-over.
  for (int round = 0; round < 20 && !sluice().status(id).ended(); ++round) {
    (void)wait_until(over, 300ms);
    (void)wait_until([&] { return sluice().status(id).ended(); }, std::chrono::milliseconds{100 * round});
  }
  expect_completed(await_end(id));
}

TEST_P(Resuming, through_binlogs_that_are_rotated_all_the_time) {
  const auto id = start_slowly();
  while (sluice().status(id).rows_copied < rows / 2) {
    ASSERT_FALSE(sluice().status(id).ended());
    direct().must("FLUSH BINARY LOGS");
  }
  kill_sluice();
  direct().must("FLUSH BINARY LOGS");
  sluice().restart();
  for (int i = 0; i < 20; ++i) direct().must("FLUSH BINARY LOGS");
  finish(id);
}

TEST_P(Resuming, is_not_possible_at_another_server_and_says_so) {
  const auto id = start_slowly();
  await(id, [](const auto& status) { return status.rows_copied >= 500; });
  ASSERT_TRUE(wait_until([&] { return stored(id, "rows_copied") > 0; }));
  kill_sluice();
  // As behind an address that fails over.
  direct().must("UPDATE _sluice.migrations SET checkpoint = JSON_SET(checkpoint, '$.server', 'another')");
  sluice().restart();
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_EQ(json_at(status.json, "/error/code"), "other_server") << status.json;
  EXPECT_THAT(status.error, AllOf(HasSubstr("not another"), HasSubstr("start again")));
  expect_untouched();
  EXPECT_TRUE(writes_go_on());
}

TEST_P(Resuming, with_options_that_another_version_stored_pauses_and_postpones) {
  const auto id = start_slowly();
  await(id, [](const auto& status) { return status.rows_copied >= 500; });
  kill_sluice();
  direct().must("UPDATE _sluice.migrations SET options = '{\"of_another_version\": 1, \"postpone_cut_over\": true}'");
  sluice().restart();
  const auto status = sluice().status(id);
  EXPECT_EQ(json_at(status.json, "/paused"), "true") << status.json;
  const auto journal = sluice().get("/migrate/" + id + "/journal").body;
  EXPECT_THAT(journal, AllOf(HasSubstr("options.unreadable"), HasSubstr("of_another_version")));
  act(id, "resume");
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready") << "its options are the defaults now, but for this one";
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Resuming, is_not_possible_without_the_binlog_and_says_so) {
  const auto id = start_slowly();
  await(id, [](const auto& status) { return status.rows_copied >= 500; });
  kill_sluice();
  // The server keeps the files of whoever still seems to read them.
  EXPECT_TRUE(wait_until([&] {
    for (const auto& connection : connections_of_sluice()) (void)direct().query("KILL " + connection);
    return connections_of_sluice().empty();
  }));
  direct().must("FLUSH BINARY LOGS");
  direct().must("FLUSH BINARY LOGS");
  // Nor does it part at once with those that it might need itself.
  EXPECT_TRUE(wait_until([&] {
    const auto logs = direct().must("SHOW BINARY LOGS").rows();
    direct().must("PURGE BINARY LOGS TO '" + logs.back().at(0).value() + "'");
    return logs.size() == 1;
  }));
  sluice().restart();
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_EQ(json_at(status.json, "/error/code"), "binlog_purged") << status.json;
  EXPECT_THAT(status.error, AllOf(HasSubstr("purged its binlog"), HasSubstr("start again")));
  expect_untouched();
  EXPECT_TRUE(writes_go_on());
  auto client = sluice().connect();
  EXPECT_EQ(client.query("ALTER TABLE orders DROP INDEX not_there").error->code, 1091U) << "the gate is gone";
  act(id, "cleanup");
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }));
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
}

}  // namespace
}  // namespace sluice::test
