// What becomes of every column: the same rows and the same definition as the server's own ALTER gives.
#include "tests/integration/migrate/servers_own.hpp"

namespace sluice::test {
namespace {

class Conversions : public AsTheServersOwn {};
SLUICE_ON_BOTH_SERVERS(Conversions);

TEST_P(Conversions, numbers_that_a_text_is_too_short_for_are_refused_and_not_rounded) {
  for (const char* type : {"FLOAT", "DOUBLE"}) {
    SCOPED_TRACE(type);
    direct().must("DROP TABLE IF EXISTS things, _things_gho");
    direct().must(std::string("CREATE TABLE things (id INT PRIMARY KEY, d ") + type + ")");
    direct().must("INSERT INTO things VALUES (1, 0.5), (2, 0.123457)");
    EXPECT_EQ(direct().query("ALTER TABLE things MODIFY d VARCHAR(5), ALGORITHM=COPY").error.value().code, 1406U);
    const auto id =
        sluice().migrate({.table = "things", .alter = "MODIFY d VARCHAR(5)", .options = R"({"verify": "off"})"});
    const auto status = await_end(id);
    EXPECT_EQ(json_at(status.json, "/error/code"), "row_refused") << status.json;
    EXPECT_EQ(sluice().post("/migrate/" + id + "/cleanup").status, 202U);
  }
}

TEST_P(Conversions, texts_that_a_shorter_type_has_no_room_for_are_refused_and_not_cut) {
  for (const std::string type : {"TEXT", "BLOB"}) {
    SCOPED_TRACE(type);
    direct().must("DROP TABLE IF EXISTS things, _things_gho");
    direct().must("CREATE TABLE things (id INT PRIMARY KEY, d " + type + ")");
    direct().must("INSERT INTO things VALUES (1, 'short'), (2, REPEAT('long', 200))");
    const std::string alter = "MODIFY d TINY" + type;
    EXPECT_EQ(direct().query("ALTER TABLE things " + alter + ", ALGORITHM=COPY").error.value().code, 1406U);
    const auto id = sluice().migrate({.table = "things", .alter = alter, .options = R"({"verify": "off"})"});
    const auto status = await_end(id);
    EXPECT_EQ(json_at(status.json, "/error/code"), "row_refused") << status.json;
    EXPECT_EQ(sluice().post("/migrate/" + id + "/cleanup").status, 202U);
  }
}

TEST_P(Conversions, numbers_texts_times_and_the_rest) {
  direct().must(
      "CREATE TABLE things (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, small SMALLINT, dec1 DECIMAL(10,2), f "
      "FLOAT, "
      "d DOUBLE, b BIT(10), e ENUM('a','b','c'), s SET('x','y'), c CHAR(10) CHARACTER SET latin1, v VARCHAR(50) "
      "CHARACTER SET latin1, "
      "t TEXT CHARACTER SET utf8mb4, bin VARBINARY(20), bl BLOB, da DATE, dt DATETIME(3), ts TIMESTAMP(6) NULL, ti "
      "TIME(2), y YEAR, "
      "j JSON, g INT AS (small + 1) VIRTUAL, h INT AS (small * 2) STORED)");
  direct().must(
      "INSERT INTO things (small, dec1, f, d, b, e, s, c, v, t, bin, bl, da, dt, ts, ti, y, j) VALUES "
      "(-5, 12345678.90, 1.5, 2.25e300, b'1010101010', 'b', 'x,y', 'é ', 'naïve', 'Grüße 🗝', x'00ff', x'275c00', "
      "'2024-02-29', "
      "'2024-02-29 23:59:59.999', '2024-03-31 02:30:00.123456', '-23:59:59.99', 2024, '{\"a\": [1, 2]}'), "
      "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
      "(32767, -0.01, -0.1, 0, 0, 'a', '', '', '', '', '', '', '1000-01-01', '9999-12-31 00:00:00', '1970-01-01 "
      "00:00:01', "
      "'838:59:59', 1901, 'null')");
  becomes_as_the_servers_own("MODIFY small BIGINT, MODIFY dec1 DECIMAL(20,4), MODIFY f DOUBLE");
  becomes_as_the_servers_own(
      "MODIFY c VARCHAR(20) CHARACTER SET utf8mb4, MODIFY v TEXT CHARACTER SET utf8mb4, MODIFY t LONGTEXT");
  becomes_as_the_servers_own(
      "MODIFY e ENUM('a','b','c','d'), MODIFY s VARCHAR(10), MODIFY bin VARBINARY(200), MODIFY bl LONGBLOB");
  becomes_as_the_servers_own("MODIFY dt DATETIME(6), MODIFY ti TIME(6), MODIFY y INT, MODIFY da DATETIME");
  becomes_as_the_servers_own(
      "ADD COLUMN n VARCHAR(10) NOT NULL DEFAULT 'new' AFTER id, ADD COLUMN m DATETIME, DROP COLUMN f");
  becomes_as_the_servers_own("DROP COLUMN g, ADD COLUMN i INT AS (small + 2) STORED");
  becomes_as_the_servers_own("CHANGE v w TEXT CHARACTER SET utf8mb4 FIRST, RENAME COLUMN d TO double_d");
}

TEST_P(Conversions, fractions_of_seconds_in_a_number_are_rounded_or_cut_as_times) {
  direct().must("CREATE TABLE things (id INT PRIMARY KEY, dt DATETIME(3), ts TIMESTAMP(3) NULL, ti TIME(3))");
  direct().must(
      "INSERT INTO things VALUES (1, '2012-10-04 01:09:06.844', '2020-12-31 23:59:59.9', '23:59:59.9'), (2, "
      "'1993-07-08 "
      "16:06:59.768', '2020-01-01 00:00:00.5', '-12:59:59.9'), (3, '2000-01-01 00:00:00.4', NULL, '00:00:00.7')");
  becomes_as_the_servers_own("MODIFY dt BIGINT, MODIFY ts BIGINT, MODIFY ti BIGINT");
}

TEST_P(Conversions, timestamps_become_what_the_servers_time_zone_says) {
  direct().must("CREATE TABLE things (id INT PRIMARY KEY, at TIMESTAMP NULL, local DATETIME NULL)");
  direct().must("INSERT INTO things VALUES (1, '2024-07-01 12:00:00', '2024-07-01 12:00:00'), (2, NULL, NULL)");
  set_global("time_zone", "'+05:30'");
  direct().must("SET time_zone = '+05:30'");
  becomes_as_the_servers_own("MODIFY at DATETIME NULL, MODIFY local TIMESTAMP NULL");
  becomes_as_the_servers_own("ADD COLUMN since TIMESTAMP NOT NULL DEFAULT '2024-07-01 12:00:00'");
  EXPECT_EQ(direct().must("SELECT MIN(since) FROM things").value(), "2024-07-01 12:00:00");
}

TEST_P(Conversions, keys_of_many_types_are_followed_while_rows_change) {
  struct KeyType {
    std::string type;
    std::string value;  // of n
  };
  const std::vector<KeyType> types{{"DECIMAL(12,3)", "n * -1.125"},
                                   {"DATETIME(6)", "TIMESTAMPADD(MICROSECOND, n * 7919, '2024-01-01')"},
                                   {"TIMESTAMP(3)", "TIMESTAMPADD(SECOND, n * 977, '2024-10-26 20:00:00')"},
                                   {"BIT(20)", "n * 37"},
                                   {"CHAR(20) CHARACTER SET latin1", "CONCAT('é', n)"},
                                   {"BINARY(8)", "UNHEX(LPAD(HEX(n * 65537), 16, '0'))"},
                                   {"TIME(2)", "SEC_TO_TIME(n * 3 - 4000)"},
                                   {"BIGINT", "n * -4611686018427387"}};
  for (const auto& [type, value] : types) {
    SCOPED_TRACE(type);
    direct().must("DROP TABLE IF EXISTS things, source_rows, _things_del");
    direct().must("CREATE TABLE things (id " + type +
                  " NOT NULL PRIMARY KEY, n INT NOT NULL, note VARCHAR(20) NOT NULL DEFAULT '')");
    direct().must("CREATE TABLE source_rows (n INT PRIMARY KEY)");
    direct().must(
        "INSERT INTO source_rows WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 600) SELECT "
        "i FROM r");
    direct().must("INSERT INTO things (id, n) SELECT " + value + ", n FROM source_rows WHERE n <= 400");
    const auto id = sluice().migrate({.table = "things",
                                      .alter = "MODIFY n BIGINT NOT NULL",
                                      .options = R"({"postpone_cut_over": true, "chunk_size": 50})"});
    auto client = sluice().connect();
    client.must("SET time_zone = '+00:00'");
    client.must("INSERT INTO things (id, n) SELECT " + value + ", n FROM source_rows WHERE n > 400");
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    client.must("DELETE FROM things WHERE n % 5 = 0");
    client.must("UPDATE things SET note = CONCAT('changed ', n) WHERE n % 3 = 0");
    const auto expected = rows_of("things");
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_EQ(rows_of("things"), expected);
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM things").value(), "480");
    if (HasFailure()) break;
  }
}

TEST_P(Conversions, values_of_a_unique_key_that_change_places) {
  make_orders(300);
  direct().must("ALTER TABLE orders ADD UNIQUE KEY by_name (name)");
  const auto id = postponed();
  auto client = sluice().connect();
  for (int n = 1; n < 60; n += 3) {
    const auto first = "'row " + std::to_string(n) + "'";
    const auto second = "'row " + std::to_string(n + 1) + "'";
    client.must("BEGIN");
    client.must("UPDATE orders SET name = 'aside' WHERE name = " + first);
    client.must("UPDATE orders SET name = " + first + " WHERE name = " + second);
    client.must("UPDATE orders SET name = " + second + " WHERE name = 'aside'");
    client.must("COMMIT");
  }
  const auto expected = direct().must("SELECT id, name FROM orders ORDER BY id").rows();
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT id, name FROM orders ORDER BY id").rows(), expected);
}

TEST_P(Conversions, numbers_that_were_given_out_are_not_given_out_again) {
  make_orders(100);
  direct().must("INSERT INTO orders (id, qty, name) VALUES (5000, 1, 'x')");
  direct().must("DELETE FROM orders WHERE id = 5000");
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  direct().must("INSERT INTO orders (qty, name) VALUES (1, 'next')");
  EXPECT_EQ(direct().must("SELECT id FROM orders WHERE name = 'next'").value(), "5001");
}

}  // namespace
}  // namespace sluice::test
