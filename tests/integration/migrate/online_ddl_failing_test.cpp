// ALTERs of clients that can't be done: the client gets the server's own error, and nothing is left behind.
#include "tests/integration/migrate/altering_online.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class OnlineDdlFailing : public AlteringOnline {};
SLUICE_ON_BOTH_SERVERS(OnlineDdlFailing);

TEST_P(OnlineDdlFailing, duplicate_is_the_servers_error) {
  direct().must("CREATE TABLE codes (id INT PRIMARY KEY, code VARCHAR(10))");
  direct().must("INSERT INTO codes VALUES (1, 'a'), (2, 'b'), (3, 'b')");
  auto client = online();
  const auto asked = std::chrono::steady_clock::now();
  const auto reply = client.query("ALTER TABLE codes ADD UNIQUE INDEX once (code)");
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 4s) << "no change can be on its way that would make it none";
  const auto without = direct().query("ALTER TABLE codes ADD UNIQUE INDEX once (code)");
  ASSERT_TRUE(reply.error && without.error);
  EXPECT_EQ(code_of(reply), "1062 23000");
  EXPECT_EQ(reply.error->text, without.error->text);
  EXPECT_EQ(state(), "failed");
  EXPECT_TRUE(client.ping());
}

TEST_P(OnlineDdlFailing, row_that_does_not_fit_is_the_servers_error_and_leaves_nothing_behind) {
  auto client = online();
  const std::string alter = "ALTER TABLE orders MODIFY name INT";
  const auto reply = client.query(alter);
  EXPECT_EQ(code_of(reply), code_of(direct().query(alter)));
  EXPECT_THAT(reply.error.value_or(SqlError{}).text, Not(HasSubstr("igration")));
  EXPECT_EQ(state(), "failed");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  client.must("/* sluice: attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN a INT");

  // Nor when nobody waits for it.
  client.must("/* sluice: detached */ ALTER TABLE orders MODIFY name INT");
  EXPECT_TRUE(
      wait_until([this] { return json_at(migrations(), "/2/state") == "failed" && leftovers(direct()).empty(); }, 30s));
  client.must("/* sluice: attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN b INT");
  EXPECT_EQ(migration_count(), 4U);
}

TEST_P(OnlineDdlFailing, what_the_server_refuses_reads_as_without_sluice) {
  auto client = online();
  auto other = server().connect();
  for (const std::string sql :
       {"ALTER TABLE orders ADD COLUMN qty INT", "ALTER TABLE orders DROP COLUMN nowhere", "ALTER TABLE orders ADD ADD",
        "ALTER TABLE nowhere ADD COLUMN a INT", "ALTER TABLE nowhere.orders ADD COLUMN a INT",
        "CREATE INDEX i ON orders (nowhere)", "CREATE INDEX i ON orders (qty), DROP COLUMN tag",
        "DROP INDEX nowhere ON orders", "ALTER TABLE orders ADD d INT DEFAULT 'x'"}) {
    const auto through = client.query(sql);
    const auto without = other.query(sql);
    EXPECT_EQ(code_of(through), code_of(without)) << sql;
    ASSERT_TRUE(through.error && without.error) << sql;
    EXPECT_EQ(through.error->text, without.error->text) << sql;
  }
  EXPECT_EQ(migration_count(), 0U);
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(OnlineDdlFailing, what_no_migration_can_do_has_a_reason) {
  auto client = online();
  const auto reply = client.query("ALTER TABLE orders ADD COLUMN a INT, RENAME TO elsewhere");
  EXPECT_EQ(code_of(reply), "1846 0A000");
  EXPECT_THAT(reply.error.value_or(SqlError{}).text, AllOf(HasSubstr("another name"), HasSubstr("sluice: direct")));
  client.must("/* sluice: direct */ ALTER TABLE orders ADD COLUMN a INT, RENAME TO elsewhere");
  client.must("ALTER TABLE elsewhere RENAME TO orders");  // that alone is the server's
  EXPECT_EQ(migration_count(), 0U);
  client.must("CREATE TABLE keyless (a INT)");
  EXPECT_EQ(code_of(client.query("ALTER TABLE keyless ADD COLUMN b INT")), "1846 0A000");
  client.must("SET sql_mode = 'ANSI_QUOTES'");
  EXPECT_THAT(client.query("ALTER TABLE orders ADD COLUMN b INT").error.value_or(SqlError{}).text,
              HasSubstr("ANSI_QUOTES"));
}

TEST_P(OnlineDdlFailing, options_of_others_are_not_the_clients) {
  auto client = online();
  for (const auto& [option, part] :
       std::vector<std::pair<std::string, std::string>>{{"chunk_sise=500", "did you mean chunk_size?"},
                                                        {"chunk_size=many", "chunk_size must be"},
                                                        {"throttle_query='SELECT 1'", "can't be set in a comment"},
                                                        {"webhooks='http://127.0.0.1/'", "can't be set in a comment"},
                                                        {"on_blocker=kill", "can't be set in a comment"},
                                                        {"now", "near 'now'"}}) {
    const auto reply = client.query("/* sluice: online, " + option + " */ ALTER TABLE orders ADD COLUMN a INT");
    EXPECT_EQ(code_of(reply), "1064 42000") << option;
    EXPECT_THAT(reply.error.value_or(SqlError{}).text, HasSubstr(part));
  }
  EXPECT_EQ(migration_count(), 0U);
}

}  // namespace
}  // namespace sluice::test
