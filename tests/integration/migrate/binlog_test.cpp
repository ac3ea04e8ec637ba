// Whole migrations under each way in which a server may write its binlog, and under what must not pass unseen in it.
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/mirror.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto columns = "k INT NOT NULL PRIMARY KEY, j JSON, b LONGBLOB";

class Binlog : public BehindSluice {
 protected:
  void begin(const std::string& session = "") {
    direct().must("SET SESSION binlog_row_image = @@GLOBAL.binlog_row_image");
    clients_.emplace(direct(), ConnectOptions{.port = sluice().port(), .database = "test"}, columns,
                     MirroredKey{.columns = {"k"}, .of = [](unsigned n) { return std::vector{std::to_string(n)}; }});
    direct().must("UPDATE t SET j = '{\"a\": 1, \"b\": \"a long text that stays as it is\"}', b = 'short'");
    direct().must("UPDATE mirror SET j = '{\"a\": 1, \"b\": \"a long text that stays as it is\"}', b = 'short'");
    clients_->set(session.empty() ? "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED" : session);
    clients_->start();
  }

  [[nodiscard]] std::string start(const std::string& alter = "ADD COLUMN note INT") {
    const auto id =
        sluice().migrate({.table = "t", .alter = alter, .options = R"({"postpone_cut_over": true, "chunk_size": 20})"});
    const auto ready = sluice().await_state(id, "ready");
    EXPECT_EQ(ready.state, "ready") << ready.json;
    return id;
  }

  // The same change to both tables, through the proxy.
  void change_both(const std::string& set) {
    constexpr unsigned deadlock = 1213;
    auto client = sluice().connect();
    const auto attempt = [&] {
      client.must("BEGIN");
      for (const auto* table : {"t", "mirror"}) {
        const auto reply = client.query(std::string{"UPDATE "} + table + " SET " + set);
        if (!reply.ok()) {
          EXPECT_EQ(reply.error->code, deadlock) << reply.error->text;
          return false;
        }
      }
      client.must("COMMIT");
      return true;
    };
    EXPECT_TRUE(wait_until(attempt));
  }

  void end(const std::string& id) {
    EXPECT_TRUE(clients_->all_write());
    change_both("j = JSON_SET(j, '$.a', k), b = REPEAT('b', 100 + k) WHERE k % 3 = 0 AND k < 1000");
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_TRUE(clients_->all_write());
    clients_->stop();
    EXPECT_THAT(clients_->problems(direct()), IsEmpty());
    EXPECT_EQ(
        direct()
            .must("SELECT COUNT(*) FROM t JOIN mirror USING (k) WHERE NOT (CAST(t.j AS CHAR) <=> CAST(mirror.j AS "
                  "CHAR) AND t.b <=> mirror.b)")
            .value(),
        "0");
  }

  void goes_through() {
    begin();
    end(start());
    direct().must("DROP TABLE t, mirror, _t_del");
    clients_.reset();
  }

  // It fails, the table is what it was, and its clients go on.
  void fails(const std::string& id, const testing::Matcher<const std::string&>& says) {
    const auto status = await_end(id);
    EXPECT_EQ(status.state, "failed") << status.json;
    EXPECT_THAT(status.error, says);
    EXPECT_TRUE(clients_->all_write());
    clients_->stop();
    EXPECT_THAT(clients_->problems(direct()), IsEmpty());
    EXPECT_THAT(definition(direct(), "t"), Not(HasSubstr("`note`")));
  }

  MirroringClients& clients() { return *clients_; }

 private:
  std::optional<MirroringClients> clients_;
};
SLUICE_ON_BOTH_SERVERS(Binlog);

TEST_P(Binlog, with_each_row_image) {
  for (const auto* image : {"MINIMAL", "NOBLOB", "FULL"}) {
    SCOPED_TRACE(image);
    set_global("binlog_row_image", std::string{"'"} + image + "'");
    goes_through();
  }
}

TEST_P(Binlog, with_compression) {
  if (is_mysql()) {
    set_global("binlog_transaction_compression", "ON");
  } else {
    set_global("log_bin_compress_min_len", "10");
    set_global("log_bin_compress", "ON");
  }
  goes_through();
}

TEST_P(Binlog, with_checksums_that_go_and_come_back) {
  set_global("binlog_checksum", "NONE");
  begin();
  const auto id = start();
  direct().must("SET GLOBAL binlog_checksum = CRC32");
  EXPECT_TRUE(clients().all_write());
  direct().must("FLUSH BINARY LOGS");
  end(id);
}

TEST_P(Binlog, with_all_that_it_can_tell_beside_the_rows) {
  set_global("binlog_row_metadata", "'FULL'");
  if (is_mysql()) {
    set_global("binlog_rows_query_log_events", "ON");
    set_global("binlog_row_value_options", "'PARTIAL_JSON'");
  } else {
    set_global("binlog_annotate_row_events", "ON");
  }
  goes_through();
}

TEST_P(Binlog, with_gtids_that_go_and_come_back) {
  if (!is_mysql()) return;  // MariaDB has always the same
  const auto step_by_step = [&](std::vector<std::string> modes) {
    for (const auto& mode : modes) direct().must("SET GLOBAL gtid_mode = " + mode);
  };
  ASSERT_EQ(direct().must("SELECT @@GLOBAL.gtid_mode").value(), "ON");
  begin();
  step_by_step({"ON_PERMISSIVE"});
  const auto id = start();
  step_by_step({"OFF_PERMISSIVE", "OFF"});
  EXPECT_TRUE(clients().all_write());
  step_by_step({"OFF_PERMISSIVE", "ON_PERMISSIVE"});
  EXPECT_TRUE(clients().all_write());
  step_by_step({"ON"});
  end(id);
}

TEST_P(Binlog, with_sessions_that_log_smaller_images_than_the_server_does) {
  begin("SET SESSION binlog_row_image = MINIMAL");
  end(start());
}

TEST_P(Binlog, whose_images_name_rows_by_the_first_of_several_keys) {
  direct().must("CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, v INT)");
  direct().must("ALTER TABLE t ADD UNIQUE KEY z (a, b), ADD UNIQUE KEY k (c)");  // neither by name nor by length
  direct().must("INSERT INTO t VALUES (1, 1, 1, 1), (1, 2, 2, 2), (2, 1, 3, 3)");
  const auto id = start();
  auto client = sluice().connect();
  client.must("SET SESSION binlog_row_image = MINIMAL");
  client.must("UPDATE t SET v = 9 WHERE c = 1");
  client.must("DELETE FROM t WHERE c = 2");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(client.must("SELECT GROUP_CONCAT(v ORDER BY v) FROM t").value(), "3,9");
}

TEST_P(Binlog, whose_images_have_more_columns_than_the_table) {
  if (is_mysql()) return;  // MariaDB keeps whole texts that are unique as hashes, in hidden columns
  direct().must("CREATE TABLE t (id INT PRIMARY KEY, a TEXT, b VARCHAR(20), UNIQUE KEY (a))");
  direct().must("INSERT INTO t VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')");
  const auto id = start("MODIFY b LONGTEXT, ADD UNIQUE KEY (b), ADD UNIQUE KEY (a, b)");
  auto client = sluice().connect();
  client.must("UPDATE t SET a = 'a3', b = 'b3' WHERE id = 1");
  client.must("INSERT INTO t VALUES (4, 'a4', 'b4')");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(client.must("SELECT GROUP_CONCAT(CONCAT(id, a, b) ORDER BY id) FROM t").value(), "1a3b3,2a2b2,4a4b4");
  EXPECT_EQ(sluice().await_audited(id, 30s).audit, "passed");
}

TEST_P(Binlog, whose_images_leave_the_key_out_end_the_migration) {
  direct().must("CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, v INT, UNIQUE KEY (k))");
  direct().must("INSERT INTO t (k, v) VALUES (1, 1), (2, 2)");
  const auto id = start("DROP PRIMARY KEY, DROP COLUMN id");
  auto client = sluice().connect();
  client.must("SET SESSION binlog_row_image = MINIMAL");
  client.must("UPDATE t SET v = 9 WHERE k = 1");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_THAT(status.error, AllOf(HasSubstr("row_image"), HasSubstr("binlog_row_image = FULL")));
  client.must("UPDATE t SET v = 10 WHERE k = 1");
}

TEST_P(Binlog, that_holds_a_statement_instead_of_rows_ends_the_migration) {
  for (const bool past : {false, true}) {
    SCOPED_TRACE(past ? "past the proxy" : "through the proxy");
    begin();
    const auto id = start();
    auto writer = past ? server().connect() : sluice().connect();
    writer.must("SET SESSION binlog_format = STATEMENT");
    writer.must("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    for (const auto* table : {"mirror", "t"})
      writer.must(std::string{"UPDATE "} + table + " SET v = v + 1 WHERE k = 2");
    fails(id, HasSubstr("statement_based_change"));
    direct().must("DROP TABLE t, mirror, _t_gho");
  }
}

TEST_P(Binlog, with_distributed_transactions_over_the_start_and_the_swap) {
  begin();
  auto early = sluice().connect();
  early.must("XA START 'early'");
  for (const auto* table : {"t", "mirror"})
    early.must(std::string{"INSERT INTO "} + table + " (k, v, u) VALUES (9001, 1, 9001)");
  early.must("XA END 'early'");
  early.must("XA PREPARE 'early'");
  const auto id = sluice().migrate(
      {.table = "t", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true, "chunk_size": 20})"});
  ASSERT_TRUE(wait_until([&] { return sluice().status(id).json.find("XA transactions") != std::string::npos; }));
  early.must("XA COMMIT 'early'");
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  auto late = sluice().connect();
  late.must("XA START 'late'");
  for (const auto* table : {"t", "mirror"})
    late.must(std::string{"INSERT INTO "} + table + " (k, v, u) VALUES (9002, 1, 9002)");
  late.must("XA END 'late'");
  late.must("XA PREPARE 'late'");
  act(id, "cut-over");
  ASSERT_TRUE(wait_until(
      [&] {
        return json_at(sluice().status(id).json, "/cut_over/last_error") != "" ||
               json_size(sluice().status(id).json, "/blockers") > 0;
      },
      20s));
  late.must("XA COMMIT 'late'");
  end(id);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM t WHERE k > 9000").value(), "2");
}

TEST_P(Binlog, with_a_transaction_of_100000_rows_and_rows_of_many_packets) {
  set_global("max_allowed_packet", "268435456");
  begin();
  const auto id = start();
  auto client = sluice().connect();
  client.must("BEGIN");
  for (const auto* table : {"t", "mirror"}) {
    client.must(std::string{"INSERT INTO "} + table +
                " (k, v, u) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT "
                "100000 + a.i * 1000 + b.i, 1, 200000000 + a.i * 1000 + b.i FROM n AS a JOIN n AS b WHERE a.i <= 100");
  }
  client.must("COMMIT");
  for (const auto* table : {"t", "mirror"}) {
    client.must(std::string{"INSERT INTO "} + table +
                " (k, v, u, b) VALUES (9001, 1, 9001, REPEAT('b', 64 * 1024 * 1024))");
    client.must(std::string{"UPDATE "} + table + " SET b = CONCAT('c', b) WHERE k = 9001");
  }
  end(id);
  EXPECT_EQ(direct().must("SELECT CONCAT(COUNT(*), ' ', MAX(LENGTH(b))) FROM t WHERE k > 9000").value(),
            "100001 67108865");
}

TEST_P(Binlog, that_tells_of_a_changed_definition_ends_the_migration) {
  for (const auto* statement :
       {"ALTER TABLE t ADD COLUMN other INT", "CREATE INDEX by_v ON t (v)", "ALTER TABLE _t_gho ADD COLUMN other INT",
        "TRUNCATE TABLE _t_gho", "RENAME TABLE _t_gho TO _t_elsewhere", "DROP TABLE _t_gho"}) {
    SCOPED_TRACE(statement);
    begin();
    const auto id = start();
    direct().must(statement);
    // Where the new table is gone, the next row written to it may tell before the binlog does.
    fails(id, AnyOf(HasSubstr("table_changed"), HasSubstr("tables_missing")));
    direct().must("DROP TABLE IF EXISTS t, mirror, _t_gho, _t_elsewhere");
  }
}

TEST_P(Binlog, that_tells_of_rows_gone_with_their_partition_ends_the_migration) {
  for (const auto* statement :
       {"TRUNCATE TABLE parts", "ALTER TABLE parts TRUNCATE PARTITION low", "ALTER TABLE parts DROP PARTITION low"}) {
    SCOPED_TRACE(statement);
    direct().must("DROP TABLE IF EXISTS parts, _parts_gho");
    direct().must(
        "CREATE TABLE parts (k INT PRIMARY KEY, v INT) PARTITION BY RANGE (k) (PARTITION low VALUES LESS THAN (10), "
        "PARTITION high VALUES LESS THAN MAXVALUE)");
    direct().must("INSERT INTO parts VALUES (1, 1), (20, 1)");
    const auto id = sluice().migrate(
        {.table = "parts", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    direct().must(statement);
    const auto status = await_end(id);
    EXPECT_EQ(status.state, "failed") << status.json;
    EXPECT_THAT(status.error, HasSubstr("table_changed"));
  }
}

}  // namespace
}  // namespace sluice::test
