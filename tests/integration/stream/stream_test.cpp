// What the change stream tells of what happens on a real server.
#include <gtest/gtest.h>

#include "protocol/binlog/error.hpp"
#include "tests/integration/stream/recorder.hpp"
#include "tests/support/both_servers.hpp"

namespace sluice {
namespace {

using namespace sluice::test;
using Keys = std::vector<std::string>;

class Stream : public OnBothServers {
 protected:
  // A table of an id, a column of each kind that has to be skipped, and a unique one.
  TestClient fresh_orders() {
    auto client = server().connect();
    client.must("DROP TABLE IF EXISTS orders, _orders_gho, _orders_del");
    client.must(
        "CREATE TABLE orders (id INT PRIMARY KEY, no INT, name VARCHAR(300) CHARACTER SET utf8mb4, j JSON, b LONGBLOB,"
        " d DECIMAL(30,10), t TIMESTAMP(6) NULL, p POINT, e ENUM('x','y'), f BIT(9), y YEAR, KEY (no))");
    return client;
  }
  static migrator::WatchList orders() { return orders_of(11); }
  static std::string row(const std::string& id) {
    return "(" + id + ", 7, 'n', '{\"a\": [1, 2, 3], \"b\": \"" + std::string(200, 'x') +
           "\"}', REPEAT('b', 70000), -1.5, '2024-01-01 00:00:00.5', POINT(1, 2), 'y', b'101', 2024)";
  }
  bool is_mysql() const { return GetParam() == Kind::mysql; }
};
SLUICE_ON_BOTH_SERVERS(Stream);

TEST_P(Stream, tells_the_keys_of_inserts_updates_and_deletes_in_order) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("INSERT INTO orders VALUES " + row("1") + "," + row("2"));
  client.must("UPDATE orders SET name = NULL WHERE id = 2");
  client.must("UPDATE orders SET id = 3 WHERE id = 2");
  client.must("DELETE FROM orders WHERE id = 1");
  EXPECT_EQ(following.all().keys(), (Keys{"1", "2", "2", "2", "3", "1"}));
}

TEST_P(Stream, reads_every_kind_of_row_image) {
  auto client = fresh_orders();
  for (const std::string image : {"MINIMAL", "NOBLOB", "FULL"}) {
    SCOPED_TRACE(image);
    Following following{server(), orders()};
    client.must("DELETE FROM orders");
    client.must("SET binlog_row_image = " + image);
    client.must("INSERT INTO orders VALUES " + row("10"));
    client.must("UPDATE orders SET name = 'other', b = 'c' WHERE id = 10");
    client.must("UPDATE orders SET id = 11 WHERE id = 10");
    client.must("DELETE FROM orders WHERE id = 11");
    const auto told = following.all();
    EXPECT_TRUE(told.shapes.empty());
    EXPECT_EQ(told.distinct_keys(), (Keys{"10", "11"}));
  }
}

TEST_P(Stream, leaves_out_what_sessions_that_check_no_foreign_keys_did_where_only_others_are_asked_for) {
  auto client = fresh_orders();
  auto watched = orders();
  watched[0].writers = migrator::Writers::others;
  Following following{server(), watched};
  client.must("INSERT INTO orders (id) VALUES (1)");
  client.must("SET foreign_key_checks = 0");
  client.must("INSERT INTO orders (id) VALUES (2)");
  client.must("SET foreign_key_checks = 1");
  client.must("DELETE FROM orders WHERE id = 2");
  EXPECT_EQ(following.all().keys(), (Keys{"1", "2"}));
}

TEST_P(Stream, reads_partial_json_updates) {
  if (!is_mysql()) return;  // MySQL's own
  auto client = fresh_orders();
  client.must("SET binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL");
  client.must("INSERT INTO orders VALUES " + row("1") + "," + row("2"));
  Following following{server(), orders()};
  client.must("UPDATE orders SET j = JSON_SET(j, '$.a', 9), name = 'z'");
  EXPECT_EQ(following.all().keys(), (Keys{"1", "2"}));
}

TEST_P(Stream, reads_compressed_transactions) {
  auto client = fresh_orders();
  client.must(is_mysql() ? "SET binlog_transaction_compression = ON" : "SET GLOBAL log_bin_compress = ON");
  Following following{server(), orders()};
  client.must("INSERT INTO orders VALUES " + row("1") + "," + row("2"));
  client.must("UPDATE orders SET id = id + 10");
  client.must("DELETE FROM orders WHERE id = 11");
  if (!is_mysql()) client.must("SET GLOBAL log_bin_compress = OFF");
  EXPECT_EQ(following.all().distinct_keys(), (Keys{"1", "11", "12", "2"}));
}

TEST_P(Stream, follows_through_changes_of_the_checksum) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("INSERT INTO orders (id) VALUES (1)");
  client.must("SET GLOBAL binlog_checksum = NONE");
  client.must("INSERT INTO orders (id) VALUES (2)");
  const auto inside = head_of(server());
  client.must("INSERT INTO orders (id) VALUES (3)");
  Following without{server(), orders(), inside, root_of(server())};
  EXPECT_EQ(without.all().keys(), Keys{"3"});
  client.must("SET GLOBAL binlog_checksum = CRC32");
  client.must("INSERT INTO orders (id) VALUES (4)");
  EXPECT_EQ(following.all().keys(), (Keys{"1", "2", "3", "4"}));
  EXPECT_EQ(without.all().keys(), (Keys{"3", "4"}));
}

TEST_P(Stream, follows_into_the_next_file) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  for (const auto* id : {"1", "2", "3"}) {
    client.must(std::string{"INSERT INTO orders (id) VALUES ("} + id + ")");
    client.must("FLUSH BINARY LOGS");
  }
  const auto told = following.all();
  EXPECT_EQ(told.keys(), (Keys{"1", "2", "3"}));
  EXPECT_TRUE(told.losses.empty());
  EXPECT_EQ(told.reached, head_of(server()));
}

TEST_P(Stream, tells_a_large_transaction_whole_and_where_it_began) {
  auto client = fresh_orders();
  const auto before = head_of(server());
  Following following{server(), orders()};
  client.must("BEGIN");
  constexpr int rows = 20000;
  for (int from = 0; from < rows; from += 1000) {
    std::string values;
    for (int id = from; id < from + 1000; ++id) {
      values += (values.empty() ? "(" : ",(") + std::to_string(id) + ", REPEAT('n', 200))";
    }
    client.must("INSERT INTO orders (id, name) VALUES " + values);
  }
  client.must("COMMIT");
  const auto told = following.all();
  EXPECT_EQ(told.distinct_keys().size(), std::size_t{rows});
  for (const auto& change : told.rows) {
    EXPECT_EQ(change.place.transaction_start, before);
    EXPECT_GT(change.place.after, change.place.before);
  }
}

TEST_P(Stream, reads_a_row_of_more_than_one_packet) {
  auto client = fresh_orders();
  auto admin = server().connect();
  admin.must("SET GLOBAL max_allowed_packet = 67108864");
  client = server().connect();
  Following following{server(), orders()};
  client.must("INSERT INTO orders (id, b) VALUES (1, REPEAT('b', 20000000)), (2, 'c')");
  EXPECT_EQ(following.all().keys(), (Keys{"1", "2"}));
}

TEST_P(Stream, can_begin_again_at_each_transactions_start) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  for (const auto* id : {"1", "2", "3"}) client.must(std::string{"INSERT INTO orders (id) VALUES ("} + id + ")");
  const auto told = following.all();
  ASSERT_EQ(told.rows.size(), 3U);
  Following again{server(), orders(), told.rows[1].place.transaction_start, root_of(server())};
  EXPECT_EQ(again.all().keys(), (Keys{"2", "3"}));
}

TEST_P(Stream, comes_back_after_its_connection_was_killed) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("INSERT INTO orders (id) VALUES (1)");
  ASSERT_EQ(following.all().keys(), Keys{"1"});
  const auto dumps = client.must("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'");
  for (const auto& dump : dumps.rows()) {
    client.must("KILL " + dump.at(0).value());
  }
  client.must("INSERT INTO orders (id) VALUES (2)");
  ASSERT_TRUE(wait_until([&] { return !following.recorder().told().losses.empty(); }));
  EXPECT_EQ(following.all().distinct_keys(), (Keys{"1", "2"}));
}

TEST_P(Stream, comes_back_after_the_server_was_killed) {
  auto mine = TestServer::start(GetParam());
  auto client = mine.connect();
  client.must("CREATE TABLE orders (id INT PRIMARY KEY)");
  Following following{mine, orders_of(1)};
  client.must("INSERT INTO orders VALUES (1)");
  ASSERT_EQ(following.all().keys(), Keys{"1"});
  mine.kill9();
  ASSERT_TRUE(wait_until([&] { return !following.recorder().told().losses.empty(); }));
  mine.restart();
  mine.connect().must("INSERT INTO orders VALUES (2)");
  EXPECT_EQ(following.all().distinct_keys(), (Keys{"1", "2"}));
}

TEST_P(Stream, tells_definitions_with_their_places) {
  auto client = fresh_orders();
  const auto before = head_of(server());
  Following following{server(), orders()};
  client.must("RENAME TABLE orders TO _orders_del /* cut-over 7 */");
  const auto told = following.all();
  ASSERT_EQ(told.definitions.size(), 1U);
  const auto& definition = told.definitions[0];
  EXPECT_EQ(definition.database, "test");
  EXPECT_NE(definition.text.find("cut-over 7"), std::string::npos);
  EXPECT_EQ(definition.place.transaction_start, before);
  EXPECT_EQ(definition.place.after, head_of(server()));
}

TEST_P(Stream, judges_what_follows_a_marked_definition_by_the_next_list) {
  auto client = fresh_orders();
  client.must("CREATE TABLE _orders_gho (extra INT, id INT PRIMARY KEY)");
  Following following{server(), orders()};
  auto next = orders_of(2);
  next[0].keys[0].ordinal = 1;
  following.stream().switch_on_ddl({{"cut-over 7", next}});
  client.must("INSERT INTO orders (id) VALUES (1)");
  client.must("RENAME TABLE orders TO _orders_del, _orders_gho TO orders /* cut-over 7 */");
  client.must("INSERT INTO orders VALUES (9, 2)");
  const auto told = following.all();
  EXPECT_TRUE(told.shapes.empty());
  ASSERT_EQ(told.keys(), (Keys{"1", "2"}));
  EXPECT_EQ(told.rows[0].table.list, 0U);
  EXPECT_EQ(told.rows[1].table.list, 1U);
}

TEST_P(Stream, tells_that_a_table_has_another_shape_and_none_of_its_keys) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("ALTER TABLE orders ADD extra INT FIRST");
  client.must("INSERT INTO orders (id) VALUES (1)");
  const auto told = following.all();
  EXPECT_EQ(told.shapes.size(), 1U);
  EXPECT_TRUE(told.rows.empty());
}

TEST_P(Stream, knows_the_columns_names_and_signs_where_the_server_tells_them) {
  auto client = fresh_orders();
  client.must("SET GLOBAL binlog_row_metadata = FULL");
  client.must("DROP TABLE IF EXISTS signs");
  client.must("CREATE TABLE signs (y YEAR, d DECIMAL(5,2) UNSIGNED, id INT UNSIGNED PRIMARY KEY, f FLOAT)");
  migrator::WatchList watched{{.database = "test",
                               .table = "signs",
                               .keys = {{.ordinal = 2, .name = "id", .sign = protocol::binlog::Sign::without_sign}},
                               .columns = 4}};
  Following right{server(), watched};
  watched[0].keys[0].sign = protocol::binlog::Sign::with_sign;
  Following wrong_sign{server(), watched};
  watched[0].keys[0].name = "other";
  Following wrong_name{server(), watched};
  client.must("INSERT INTO signs VALUES (2024, 1, 4294967295, 1)");
  client.must("SET GLOBAL binlog_row_metadata = DEFAULT");
  EXPECT_EQ(right.all().keys(), Keys{"4294967295"});
  EXPECT_EQ(wrong_sign.all().shapes.size(), 1U);
  EXPECT_EQ(wrong_name.all().shapes.size(), 1U);
}

TEST_P(Stream, tells_statements_that_name_a_watched_table) {
  auto client = fresh_orders();
  client.must("CREATE TABLE IF NOT EXISTS other (id INT)");
  Following following{server(), orders()};
  client.must("SET binlog_format = STATEMENT");
  client.must("INSERT INTO other VALUES (1)");
  client.must("INSERT INTO orders (id) VALUES (1)");
  const auto told = following.all();
  ASSERT_EQ(told.statements.size(), 1U);
  EXPECT_EQ(told.statements[0].statement, "INSERT INTO orders (id) VALUES (1)");
  EXPECT_EQ(told.statements[0].place.connection_id, client.connection_id());
}

TEST_P(Stream, names_the_connection_where_the_server_does) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("INSERT INTO orders (id) VALUES (1)");
  const auto told = following.all();
  ASSERT_EQ(told.rows.size(), 1U);
  EXPECT_EQ(told.rows[0].place.connection_id, is_mysql() ? client.connection_id() : 0U);
}

TEST_P(Stream, tells_the_rows_of_a_distributed_transaction) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  client.must("XA START 'x'");
  client.must("INSERT INTO orders (id) VALUES (1)");
  client.must("XA END 'x'");
  client.must("XA PREPARE 'x'");
  client.must("XA COMMIT 'x'");
  client.must("INSERT INTO orders (id) VALUES (2)");
  const auto told = following.all();
  EXPECT_EQ(told.keys(), (Keys{"1", "2"}));
  EXPECT_TRUE(told.definitions.empty());
  EXPECT_GT(told.rows[1].place.transaction_start, told.rows[0].place.after);
}

TEST_P(Stream, advances_while_nothing_of_it_changes) {
  auto client = fresh_orders();
  client.must("CREATE TABLE IF NOT EXISTS other (id INT)");
  Following following{server(), orders()};
  client.must("INSERT INTO other VALUES (1)");
  EXPECT_EQ(following.all().reached, head_of(server()));
}

TEST_P(Stream, can_be_stopped_while_its_consumer_blocks) {
  auto client = fresh_orders();
  Following following{server(), orders()};
  following.recorder().block();
  client.must("INSERT INTO orders (id) VALUES (1)");
  ASSERT_TRUE(wait_until([&] { return !following.recorder().told().rows.empty(); }));
  following.stream().stop();
  EXPECT_TRUE(following.recorder().told().ends.empty());
}

TEST_P(Stream, ends_when_the_binlog_is_gone) {
  auto client = fresh_orders();
  Recorder recorder;
  const migrator::ChangeStream stream{
      root_of(server()), {.server_id = unused_id()}, {"binlog.999999", 4}, orders(), recorder};
  ASSERT_TRUE(wait_until([&] { return !recorder.told().ends.empty(); }));
  EXPECT_EQ(recorder.told().ends[0].server_code, 1236);
  EXPECT_FALSE(recorder.told().ends[0].text.empty());
}

TEST_P(Stream, ends_when_the_password_is_wrong) {
  server().make_user("follower", "right", "REPLICATION SLAVE ON *.*");
  auto login = root_of(server());
  login.user = "follower";
  login.password = "wrong";
  Recorder recorder;
  const migrator::ChangeStream stream{login, {.server_id = unused_id()}, head_of(server()), orders(), recorder};
  ASSERT_TRUE(wait_until([&] { return !recorder.told().ends.empty(); }));
  EXPECT_EQ(recorder.told().ends[0].server_code, 1045);
}

TEST_P(Stream, logs_in_with_a_password_with_and_without_tls) {
  auto client = fresh_orders();
  server().make_user("replica", "right", "REPLICATION SLAVE ON *.*");
  for (const auto tls : {migrator::StreamTls::off, migrator::StreamTls::required}) {
    if (tls == migrator::StreamTls::required && !is_mysql()) continue;  // this MariaDB has no certificate
    client.must("DELETE FROM orders");
    client.must("FLUSH PRIVILEGES");  // forgets passwords that would make the login shorter
    auto login = root_of(server());
    login.user = "replica";
    login.password = "right";
    login.tls = tls;
    Following following{server(), orders(), head_of(server()), login};
    client.must("INSERT INTO orders (id) VALUES (1)");
    EXPECT_EQ(following.all().keys(), Keys{"1"});
  }
}

}  // namespace
}  // namespace sluice
