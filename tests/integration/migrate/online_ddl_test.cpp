// ALTER TABLE, CREATE INDEX and DROP INDEX that clients send, run as migrations: what the client is answered, and what
// becomes of the table.
#include "tests/integration/migrate/altering_online.hpp"

namespace sluice::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class OnlineDdl : public AlteringOnline {};
SLUICE_ON_BOTH_SERVERS(OnlineDdl);

TEST_P(OnlineDdl, alter_is_a_migration_and_its_warning_tells_the_id) {
  auto client = online();

  client.must("ALTER TABLE orders MODIFY qty BIGINT NOT NULL, ADD COLUMN note INT");

  const auto warnings = client.must("SHOW WARNINGS");
  ASSERT_EQ(warnings.rows().size(), 1U);
  EXPECT_EQ(warnings.rows()[0].at(2), "Sluice migration " + id() + ": completed");
  EXPECT_EQ(state(), "completed");
  EXPECT_TRUE(has_column("note"));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`qty` bigint"));
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), std::to_string(rows));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(OnlineDdl, asked_for_by_a_comment_with_options) {
  auto client = sluice().connect();
  client.must("/* sluice: online, chunk_size=500, attempt_instant_ddl=false */ CREATE INDEX of_qty ON orders (qty)");
  EXPECT_EQ(client.must("SHOW COUNT(*) WARNINGS").value(), "1");
  EXPECT_EQ(state(), "completed");
  EXPECT_EQ(json_at(sluice().get("/migrate/" + id()).body, "/alter"), "ADD INDEX of_qty (qty)");
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`of_qty`"));

  client.must("/* sluice: online */ DROP INDEX of_qty ON test.orders");
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("`of_qty`")));
  EXPECT_EQ(migration_count(), 2U);
}

TEST_P(OnlineDdl, without_being_asked_for_it_goes_to_the_server) {
  auto client = sluice().connect();
  client.must("ALTER TABLE orders ADD COLUMN note INT");
  client.must("SET @sluice_ddl = 'online'");
  client.must("/* sluice: direct */ ALTER TABLE orders ADD COLUMN more INT");
  client.must("SET @sluice_ddl = 'off'");
  client.must("ALTER TABLE orders ADD COLUMN most INT");
  EXPECT_TRUE(has_column("note") && has_column("more") && has_column("most"));
  EXPECT_EQ(migration_count(), 0U);
}

TEST_P(OnlineDdl, several_in_a_row_leave_nothing_behind) {
  auto client = online();
  for (int i = 0; i < 3; ++i) {
    client.must("/* sluice: attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN c" + std::to_string(i) + " INT");
  }
  EXPECT_TRUE(has_column("c0") && has_column("c1") && has_column("c2"));
  EXPECT_EQ(migration_count(), 3U);
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(OnlineDdl, everything_may_be_online_by_configuration) {
  auto everywhere = SluiceProcess::start(server(), {.arguments = {"--online-ddl", "on"}});
  auto client = everywhere.connect();
  client.must("ALTER TABLE orders MODIFY qty BIGINT NOT NULL");
  EXPECT_THAT(client.must("SHOW WARNINGS").rows(), SizeIs(1));
  client.must("SET @sluice_ddl = 'off'");
  client.must("ALTER TABLE orders ADD COLUMN note INT");
  client.must("SET @sluice_ddl = NULL");
  client.must("CREATE TABLE others LIKE orders");
  client.must("CREATE INDEX of_qty ON others (qty)");
  EXPECT_EQ(json_size(everywhere.get("/migrate").body, ""), 2U);
  EXPECT_THAT(everywhere.get("/metrics").body, HasSubstr("sluice_online_ddl_total{outcome=\"completed\"} 2"));
}

TEST_P(OnlineDdl, writers_lose_nothing_meanwhile) {
  direct().must("DROP TABLE orders");
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 20'000);
  workload.start();
  auto client = online();
  client.must("/* sluice: attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN note INT, ADD INDEX of_qty (qty)");
  EXPECT_EQ(state(), "completed");
  expect_unharmed(workload);
}

TEST_P(OnlineDdl, has_the_clients_rights_and_no_more) {
  direct().must("CREATE TABLE parents (id BIGINT PRIMARY KEY)");
  (void)sluice();
  for (const auto& [user, privileges] :
       std::vector<std::pair<std::string, std::string>>{{"reader", "SELECT, INSERT, UPDATE, DELETE ON test.*"},
                                                        {"indexer", "INDEX, SELECT ON test.orders"},
                                                        {"alterer", "ALTER, CREATE, INSERT ON test.orders"},
                                                        {"nobody", "SELECT ON test.parents"}}) {
    direct().must("DROP USER IF EXISTS " + user);
    server().make_user(user, "secret", privileges);
    TestClient through{{.port = sluice().port(), .user = user, .password = "secret", .database = "test"}};
    TestClient without{{.port = server().port(), .user = user, .password = "secret", .database = "test"}};
    through.must("SET @sluice_ddl = 'online'");
    for (const std::string sql :
         {"ALTER TABLE orders ADD COLUMN a INT, ADD COLUMN a INT",
          "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES parents (id), DROP nowhere",
          "CREATE INDEX i ON orders (nowhere)", "DROP INDEX nowhere ON orders", "ALTER TABLE parents DROP nowhere",
          "CREATE INDEX i ON orders (qty), DROP COLUMN tag", "ALTER TABLE mysql.user ADD COLUMN a INT, DROP nowhere"}) {
      const auto answer = through.query(sql);
      const auto wanted = without.query(sql);
      EXPECT_EQ(code_of(answer), code_of(wanted)) << user << ": " << sql;
      ASSERT_TRUE(answer.error && wanted.error) << user << ": " << sql;
      EXPECT_EQ(answer.error->text, wanted.error->text) << user << ": " << sql;
    }
    direct().must("DROP USER " + user);
  }
  EXPECT_EQ(migration_count(), 0U);
}

TEST_P(OnlineDdl, client_that_may_only_alter_one_table_may_do_that) {
  direct().must("DROP USER IF EXISTS alterer");
  server().make_user("alterer", "secret", "ALTER, CREATE, INSERT ON test.orders");
  TestClient client{{.port = sluice().port(), .user = "alterer", .password = "secret", .database = "test"}};
  client.must("/* sluice: online */ ALTER TABLE orders MODIFY qty BIGINT NOT NULL");
  EXPECT_EQ(state(), "completed");
  direct().must("DROP USER alterer");
}

// As Java's drivers for MariaDB have it.
TEST_P(OnlineDdl, names_of_functions_may_stand_apart_where_that_changes_nothing) {
  auto client = online();
  client.must("SET SESSION sql_mode = CONCAT(@@sql_mode, ',IGNORE_SPACE')");
  client.must("ALTER TABLE orders ADD COLUMN made DATETIME DEFAULT NOW(), ADD COLUMN note VARCHAR (9)");
  EXPECT_TRUE(has_column("made") && has_column("note"));
  EXPECT_THAT(
      client.query("ALTER TABLE orders ADD COLUMN later DATETIME DEFAULT NOW ()").error.value_or(SqlError{}).text,
      HasSubstr("IGNORE_SPACE"));
  EXPECT_EQ(migration_count(), 1U);
}

TEST_P(OnlineDdl, open_transaction_is_committed_first) {
  auto client = online();
  client.must("SET autocommit = 0");
  client.must("UPDATE orders SET qty = 12345 WHERE id = 1");
  client.must("ALTER TABLE orders MODIFY qty BIGINT NOT NULL");
  client.must("ROLLBACK");
  EXPECT_EQ(direct().must("SELECT qty FROM orders WHERE id = 1").value(), "12345");
  client.must("BEGIN");
  client.must("UPDATE orders SET qty = 54321 WHERE id = 1");
  EXPECT_TRUE(client.query("ALTER TABLE orders DROP nowhere").error);
  client.must("ROLLBACK");
  EXPECT_EQ(direct().must("SELECT qty FROM orders WHERE id = 1").value(), "54321");
}

TEST_P(OnlineDdl, locked_tables_refuse_it) {
  auto client = online();
  client.must("LOCK TABLES orders WRITE");
  EXPECT_EQ(code_of(client.query("ALTER TABLE orders ADD COLUMN a INT")), "1192 HY000");
  client.must("UNLOCK TABLES");
  client.must("ALTER TABLE orders ADD COLUMN a INT");
}

TEST_P(OnlineDdl, names_are_of_the_default_database) {
  direct().must("DROP DATABASE IF EXISTS depot");
  direct().must("CREATE DATABASE depot");
  direct().must("CREATE TABLE depot.orders (id INT PRIMARY KEY)");
  auto client = online();
  client.must("USE depot");
  client.must("ALTER TABLE orders ADD COLUMN by_use INT");
  client.use("test");
  client.must("ALTER TABLE orders ADD COLUMN by_command INT");
  client.must("ALTER TABLE depot.orders ADD COLUMN by_name INT");
  client.change_user("root", "", "depot");
  client.must("SET @sluice_ddl = 'online'");
  client.must("ALTER TABLE orders ADD COLUMN by_login INT");
  for (const auto* column : {"by_use", "by_name", "by_login"})
    EXPECT_TRUE(has_column(column, "depot.orders")) << column;
  EXPECT_TRUE(has_column("by_command"));
  EXPECT_EQ(migration_count(), 4U);
  direct().must("DROP DATABASE depot");
}

TEST_P(OnlineDdl, names_and_texts_of_any_language) {
  direct().must("CREATE TABLE `b\u00fccher` (id INT PRIMARY KEY)");
  auto client = online();
  client.must(
      "ALTER TABLE `b\u00fccher` ADD COLUMN `gr\u00f6\u00dfe` VARCHAR(9) DEFAULT '\u00e4\u00df' COMMENT '\u00fc'");
  EXPECT_THAT(definition(direct(), "`b\u00fccher`"), AllOf(HasSubstr("gr\u00f6\u00dfe"), HasSubstr("\u00e4\u00df")));
  client.must("SET NAMES latin1");
  const auto reply = client.query(
      "ALTER TABLE `b\xFC"
      "cher` ADD COLUMN a INT");
  EXPECT_THAT(reply.error.value_or(SqlError{}).text, HasSubstr("latin1"));
  client.must("ALTER TABLE orders ADD COLUMN a INT");
  EXPECT_EQ(migration_count(), 2U);
}

TEST_P(OnlineDdl, temporary_and_missing_tables_are_the_servers) {
  auto client = online();
  client.must("CREATE TEMPORARY TABLE orders (id INT PRIMARY KEY)");
  client.must("ALTER TABLE orders ADD COLUMN mine INT");
  EXPECT_FALSE(has_column("mine"));
  client.must("ALTER TABLE orders RENAME TO others, ADD COLUMN more INT");
  client.must("DROP TEMPORARY TABLE others");
  if (!is_mysql()) client.must("ALTER TABLE IF EXISTS nowhere ADD COLUMN a INT");
  EXPECT_EQ(migration_count(), 0U);
}

TEST_P(OnlineDdl, several_statements_are_done_in_order) {
  auto client = online();
  const auto reply = client.must("ALTER TABLE orders MODIFY qty BIGINT NOT NULL; SELECT 5; SELECT @@warning_count");
  ASSERT_EQ(reply.results.size(), 3U);
  EXPECT_EQ(reply.results[1].rows.at(0).at(0), "5");
  EXPECT_EQ(state(), "completed");

  const auto failed = client.query("ALTER TABLE orders DROP nowhere; INSERT INTO orders (id) VALUES (900000)");
  EXPECT_TRUE(failed.error);
  EXPECT_TRUE(failed.results.empty());
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE id = 900000").value(), "0");

  const auto twice = client.query("ALTER TABLE orders ADD a INT; ALTER TABLE orders ADD b INT");
  EXPECT_EQ(code_of(twice), "1846 0A000");
  EXPECT_EQ(code_of(client.query("SET @sluice_ddl = 'online'; ALTER TABLE orders ADD b INT")), "1846 0A000");
}

TEST_P(OnlineDdl, prepared_and_compressed_as_well) {
  TestClient client{{.port = sluice().port(), .database = "test", .compression = Compression::on}};
  client.must("SET @sluice_ddl = 'online'");
  client.must("ALTER TABLE orders ADD COLUMN a INT");
  auto statement = client.prepare("ALTER TABLE orders ADD COLUMN b INT");
  const auto reply = statement.execute();
  EXPECT_TRUE(reply.ok());
  EXPECT_TRUE(client.prepare("ALTER TABLE orders DROP nowhere").execute().error);
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM orders").value(), std::to_string(rows));
  EXPECT_TRUE(has_column("a") && has_column("b"));
  EXPECT_EQ(migration_count(), 2U);
}

TEST_P(OnlineDdl, detached_is_answered_at_once_and_goes_on_alone) {
  std::string told;
  {
    auto client = sluice().connect();
    client.must("SET @sluice_ddl = 'detached'");
    client.must("/* sluice: postpone_cut_over=true, attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN a INT");
    told = client.must("SHOW WARNINGS").rows().at(0).at(2).value();
  }
  EXPECT_EQ(told, "Sluice migration " + id() + ": started");
  EXPECT_EQ(sluice().await_state(id(), "ready").state, "ready");
  act(id(), "cut-over");
  EXPECT_EQ(await_end(id()).state, "completed");
}

}  // namespace
}  // namespace sluice::test
