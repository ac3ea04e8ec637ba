// The fixtures themselves, on both servers: what every other test takes for granted.
#include <gmock/gmock.h>

#include <csignal>
#include <future>

#include "tests/support/both_servers.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Fixture : public OnBothServers {};
SLUICE_ON_BOTH_SERVERS(Fixture);

TEST_P(Fixture, server_is_a_primary_with_row_images) {
  auto client = server().connect();
  EXPECT_THAT(client.must("SELECT @@log_bin, @@binlog_format, @@server_id").rows(),
              ElementsAre(ElementsAre("1", "ROW", "1")));
}

TEST_P(Fixture, rows_come_as_text_and_null_is_not_an_empty_string) {
  auto client = server().connect();
  const Row expected{"1", "", std::nullopt};
  EXPECT_THAT(client.must("SELECT 1, '', NULL").rows(), ElementsAre(expected));
  EXPECT_THAT(client.execute("SELECT ?, ?, ?", {std::int64_t{1}, std::string{}, nullptr}).rows(),
              ElementsAre(expected));
}

TEST_P(Fixture, error_keeps_code_state_and_text) {
  const auto reply = server().connect().query("SELECT 1; SELECT * FROM no_such_table");
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1146U);
  EXPECT_EQ(reply.error->sqlstate, "42S02");
  EXPECT_THAT(reply.error->text, HasSubstr("no_such_table"));
  EXPECT_EQ(reply.results.size(), 1U);
}

TEST_P(Fixture, prepared_statement_goes_round_many_times) {
  auto client = server().connect();
  client.must("CREATE TEMPORARY TABLE t (id BIGINT PRIMARY KEY, name VARCHAR(100))");
  auto insert = client.prepare("INSERT INTO t VALUES (?, ?)");
  for (std::int64_t i = 0; i < 50; ++i)
    EXPECT_EQ(insert.execute({i, std::string(50, 'x')}).results[0].affected_rows, 1U);
  EXPECT_EQ(insert.execute({std::int64_t{7}, std::string{"again"}}).error->code, 1062U);
  EXPECT_EQ(client.execute("SELECT id, name FROM t").rows().size(), 50U);
}

TEST_P(Fixture, account_logs_in_with_its_password_only) {
  server().make_user("eve", "pa'ss", "SELECT ON test.*");
  EXPECT_TRUE(TestClient({.port = server().port(), .user = "eve", .password = "pa'ss"}).ping());
  try {
    const TestClient denied{{.port = server().port(), .user = "eve", .password = "no"}};
    FAIL() << "logged in with a wrong password";
  } catch (const ConnectFailure& failure) {
    EXPECT_EQ(failure.error.code, 1045U);
  }
}

TEST_P(Fixture, restart_after_kill_keeps_committed_rows) {
  auto own = TestServer::start(GetParam());
  own.connect().must("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
  const auto port = own.port();
  own.kill9();
  EXPECT_THROW((void)own.connect(), ConnectFailure);
  own.restart();
  EXPECT_EQ(own.port(), port);
  EXPECT_EQ(own.connect().must("SELECT COUNT(*) FROM t").value(), "1");
  own.stop();
}

TEST_P(Fixture, paused_server_answers_once_resumed) {
  auto own = TestServer::start(GetParam(), {.arguments = {"--max-connections=20"}});
  auto client = own.connect();
  EXPECT_EQ(client.must("SELECT @@max_connections").value(), "20");
  own.pause();
  auto answer = std::async(std::launch::async, [&] { return client.query("SELECT 1").value(); });
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds{100}), std::future_status::timeout);
  own.resume();
  EXPECT_EQ(answer.get(), "1");
}

TEST(Fixture, missing_server_says_how_to_get_it) {
  try {
    (void)TestServer::start(Kind::mysql, {.program = "/nonexistent/mysqld"});
    FAIL() << "a server that is not there started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("./run deps test"));
  }
}

TEST(Fixture, ports_and_folders_are_nobody_elses) {
  const Port first;
  const Port second;
  EXPECT_NE(first.number(), second.number());
  std::filesystem::path kept;
  {
    const ScratchFolder folder{"unit"};
    kept = folder.path();
    EXPECT_TRUE(std::filesystem::exists(kept));
  }
  EXPECT_FALSE(std::filesystem::exists(kept));
}

TEST(Fixture, migration_is_asked_for_and_its_status_read_as_json) {
  EXPECT_EQ(body_of({.table = "t", .alter = "ADD x INT DEFAULT \"1\"", .options = R"({"chunk_size":10})"}),
            R"({"database":"test","table":"t","alter":"ADD x INT DEFAULT \"1\"","options":{"chunk_size":10}})");
  const auto status = parse_status(
      R"({"id":"m1","state":"failed","progress":0.5,"rows_copied":3,"cut_over":{"attempts":2,"hold_ms":1.5},)"
      R"("error":{"code":"mismatch","message":"row 7"}})");
  EXPECT_TRUE(status.ended());
  EXPECT_EQ(status.rows_copied, 3U);
  EXPECT_EQ(status.attempts, 2U);
  EXPECT_EQ(status.hold_ms, 1.5);
  EXPECT_EQ(status.error, "mismatch: row 7");
  EXPECT_THROW((void)parse_status(R"({"error":{"code":"x"}})"), std::runtime_error);
}

TEST(Fixture, child_reports_how_it_ended) {
  ChildProcess done{{.arguments = {"/bin/sh", "-c", "exit $WITH"}, .environment = {{"WITH", "3"}}}};
  EXPECT_EQ(done.wait(std::chrono::seconds{10}), 3);
  ChildProcess killed{{.arguments = {"/bin/sleep", "100"}}};
  EXPECT_FALSE(killed.wait(std::chrono::milliseconds{20}));
  killed.signal(SIGKILL);
  EXPECT_EQ(killed.wait(std::chrono::seconds{10}), 128 + SIGKILL);
}

}  // namespace
}  // namespace sluice::test
