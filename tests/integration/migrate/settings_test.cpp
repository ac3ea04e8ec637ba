// Columns of every type under a server's odd settings: what the server's own ALTER makes of them.
#include "tests/integration/migrate/servers_own.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;

class OddSettings : public AsTheServersOwn {
 protected:
  // False: the server has no such mode.
  bool live_under(const std::string& mode) {
    if (!server().connect().query("SET SESSION sql_mode = '" + mode + "'").ok()) return false;
    set_global("sql_mode", "'" + mode + "'");
    direct().must("SET SESSION sql_mode = '" + mode + "'");
    return true;
  }
  void make_things() {
    direct().must("DROP TABLE IF EXISTS things, _things_del");
    direct().must(
        "CREATE TABLE things (id INT PRIMARY KEY, num INT, z INT(8) UNSIGNED ZEROFILL, d DECIMAL(10,3), c CHAR(10) "
        "CHARACTER SET latin1, v VARCHAR(50) NOT NULL, t TEXT, bin BINARY(4), e ENUM('a','b','it''s'), s "
        "SET('x','y'), da DATE, dt DATETIME(6), j JSON)");
    direct().must(
        R"(INSERT INTO things VALUES (1, -7, 42, -1.005, 'ab', 'it''s', '"quoted"', x'01', 'a', 'x,y', '2024-02-29', )"
        R"('2024-02-29 23:59:59.999999', '{"a": [1]}'), (2, 1, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, )"
        R"(NULL, NULL), (3, 0, 0, 0, '', ' x', '', x'00000000', 'it''s', '', '1000-01-01', '2000-12-31 00:00:00', )"
        "'null')");
  }
};
SLUICE_ON_BOTH_SERVERS(OddSettings);

TEST_P(OddSettings, of_the_sql_mode) {
  for (const auto* mode : {"", "PAD_CHAR_TO_FULL_LENGTH", "NO_BACKSLASH_ESCAPES,ANSI_QUOTES",
                           "NO_ZERO_DATE,STRICT_TRANS_TABLES", "PIPES_AS_CONCAT,IGNORE_SPACE,HIGH_NOT_PRECEDENCE"}) {
    SCOPED_TRACE(mode);
    if (!live_under(mode)) continue;
    make_things();
    becomes_as_the_servers_own("MODIFY num BIGINT NOT NULL DEFAULT 3, MODIFY z BIGINT(12) ZEROFILL");
    becomes_as_the_servers_own(
        "MODIFY v CHAR(60) CHARACTER SET utf8mb4 NOT NULL, MODIFY d DOUBLE, MODIFY bin VARBINARY(9)");
    becomes_as_the_servers_own("MODIFY e VARCHAR(9), MODIFY s VARCHAR(9), MODIFY dt DATETIME, MODIFY da DATETIME(3)");
    becomes_as_the_servers_own("MODIFY z VARCHAR(20), MODIFY t LONGTEXT, MODIFY j LONGTEXT");
    becomes_as_the_servers_own(
        R"(ADD COLUMN `with "quotes"` VARCHAR(20) NOT NULL DEFAULT 'say "it''s"', ADD COLUMN g INT AS (num + 1) )"
        R"(STORED, ADD COLUMN members ENUM('"', '''', 'c') NOT NULL COMMENT 'of "three"')");
    becomes_as_the_servers_own(R"(DROP COLUMN c, MODIFY members ENUM('c', '"', ''''))");
    if (HasFailure()) return;
  }
}

TEST_P(OddSettings, leave_the_alter_to_be_read_as_ever) {
  ASSERT_TRUE(live_under("NO_BACKSLASH_ESCAPES,ANSI_QUOTES"));
  make_things();
  complete({.table = "things", .alter = R"(ADD COLUMN note VARCHAR(9) NOT NULL DEFAULT "it\'s")"});
  EXPECT_EQ(direct().must("SELECT DISTINCT note FROM things").value(), "it's");
}

TEST_P(OddSettings, that_pad_what_is_read_leave_what_is_stored_as_it_is) {
  if (!live_under("PAD_CHAR_TO_FULL_LENGTH")) return;
  make_things();
  complete({.table = "things", .alter = "MODIFY c VARCHAR(20) CHARACTER SET utf8mb4"});
  EXPECT_EQ(direct().must("SELECT GROUP_CONCAT('[', c, ']' ORDER BY id) FROM things").value(), "[ab],[]");
}

// Twice the local time 2:30, and the hour that is left out in spring.
constexpr auto instants =
    "INSERT INTO things VALUES (1, '2024-10-27 00:30:00', '2024-10-27 00:30:00.123456', '2024-10-27 02:30:00'), (2, "
    "'2024-10-27 01:30:00', '2024-10-27 01:30:00.654321', '2024-10-27 02:30:00'), (3, '2024-10-27 02:30:00', NULL, "
    "'2024-07-01 12:00:00'), (4, '2024-03-31 00:59:59', '2024-03-31 01:00:00', '2024-01-01 12:00:00'), (5, NULL, "
    "NULL, NULL)";

class WhereSummerTimeEnds : public OddSettings {
 protected:
  void SetUp() override {
    OddSettings::SetUp();
    live_where_summer_time_ends();
    direct().must(
        "CREATE TABLE things (id INT PRIMARY KEY, at TIMESTAMP NULL, fine TIMESTAMP(6) NULL, local DATETIME NULL)");
    direct().must(instants);
  }
  // Its rows are taken over as instants, its ALTER takes times as the server does.
  std::vector<Row> servers_own(const std::string& alter) {
    auto client = server().connect();
    client.must("DROP TABLE IF EXISTS own");
    client.must("CREATE TABLE own LIKE things");
    client.must("SET time_zone = '+00:00'");
    client.must("INSERT INTO own SELECT * FROM things");
    client.must("SET time_zone = 'Test/Zone'");
    client.must("ALTER TABLE own " + alter + ", ALGORITHM = COPY");
    return rows_of("own");
  }
};
SLUICE_ON_BOTH_SERVERS(WhereSummerTimeEnds);

TEST_P(WhereSummerTimeEnds, instants_stay_what_they_are) {
  const auto before = rows_of("things");
  complete({.table = "things", .alter = "ADD COLUMN note INT"});
  direct().must("ALTER TABLE things DROP COLUMN note");
  EXPECT_EQ(rows_of("things"), before);
}

TEST_P(WhereSummerTimeEnds, instants_become_local_times_and_these_instants) {
  for (const auto* alter : {"MODIFY local TIMESTAMP NULL, MODIFY at DATETIME NULL, MODIFY fine DATETIME(3) NULL",
                            "MODIFY local VARCHAR(30), MODIFY at CHAR(30)"}) {
    SCOPED_TRACE(alter);
    direct().must("DROP TABLE IF EXISTS _things_del");
    const auto own = servers_own(alter);
    complete({.table = "things", .alter = alter});
    EXPECT_EQ(rows_of("things"), own);
  }
  EXPECT_EQ(direct().must("SELECT GROUP_CONCAT(at ORDER BY id) FROM things WHERE id < 3").value(),
            "2024-10-27 02:30:00,2024-10-27 02:30:00");
}

// Copied in the server's time zone for another column's sake, one of the two would become the other, as MySQL's own
// ALTER makes it.
TEST_P(WhereSummerTimeEnds, instants_of_one_column_are_never_changed_for_the_sake_of_another) {
  direct().must("SET time_zone = '+00:00'");
  const auto before = direct().must("SELECT id, at FROM things ORDER BY id").rows();
  const auto id = sluice().migrate({.table = "things", .alter = "MODIFY local TIMESTAMP NULL"});
  const auto status = await_end(id);
  EXPECT_THAT(status.state, testing::AnyOf("completed", "failed")) << status.json;
  if (status.state == "failed") EXPECT_THAT(status.error, HasSubstr("the row with the key (2)"));
  EXPECT_EQ(direct().must("SELECT id, at FROM things ORDER BY id").rows(), before);
}

class OddTypes : public AsTheServersOwn {
 protected:
  std::string ready(const std::string& alter) {
    auto id = sluice().migrate({.table = "things", .alter = alter, .options = R"({"postpone_cut_over": true})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready") << sluice().status(id).json;
    return id;
  }
};
SLUICE_ON_BOTH_SERVERS(OddTypes);

TEST_P(OddTypes, of_places) {
  const auto on_earth = std::string{is_mysql() ? " SRID 4326" : " REF_SYSTEM_ID = 4326"};
  const auto p = is_mysql() ? "p POINT NOT NULL" + on_earth : "p POINT" + on_earth + " NOT NULL";
  direct().must("CREATE TABLE things (id INT PRIMARY KEY, " + p + ", g GEOMETRY, poly POLYGON" + on_earth +
                ", SPATIAL INDEX by_p (p))");
  direct().must(
      "INSERT INTO things VALUES (1, ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('LINESTRING(0 0, 1 1)'), "
      "ST_GeomFromText('POLYGON((0 0, 0 1, 1 1, 0 0))', 4326)), (2, ST_GeomFromText('POINT(-45.5 79.25)', 4326), "
      "ST_GeomFromText('POINT(3 4)', 4326), NULL)");
  const auto id = ready("ADD COLUMN n INT");
  auto client = sluice().connect();
  client.must("INSERT INTO things (id, p) VALUES (3, ST_GeomFromText('POINT(1 2)', 4326))");
  client.must(
      "UPDATE things SET g = ST_GeomFromText('POINT(9 9)'), p = ST_GeomFromText('POINT(2 2)', 4326) WHERE id = 1");
  const auto rows = "SELECT id, p, g, poly FROM things ORDER BY id";
  const auto then = direct().must(rows).rows();
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must(rows).rows(), then);
  becomes_as_the_servers_own("MODIFY " + p + " COMMENT 'where', MODIFY poly GEOMETRY" + on_earth);
  becomes_as_the_servers_own("DROP KEY by_p, ADD SPATIAL KEY (p), MODIFY g LONGBLOB");
}

TEST_P(OddTypes, of_mysql) {
  if (!is_mysql()) return;  // MariaDB 10.11 has neither
  direct().must(
      "CREATE TABLE things (id INT PRIMARY KEY, j JSON NOT NULL, v VECTOR(3), KEY tags ((CAST(j->'$.tags' AS UNSIGNED "
      "ARRAY))), UNIQUE KEY once ((CAST(j->'$.once' AS CHAR(20) ARRAY))))");
  direct().must(R"(INSERT INTO things VALUES (1, '{"tags": [1, 2, 2], "once": ["a", "b"], "name": "N"}', )"
                R"(TO_VECTOR('[1,2.5,-3]')), (2, '{}', NULL), (3, '{"tags": [], "once": []}', TO_VECTOR('[0,0,0]')))");
  const auto id = ready("ADD COLUMN n INT");
  auto client = sluice().connect();
  // Values of a unique multi-valued key that change places.
  client.must(R"(UPDATE things SET j = '{"tags": [7]}' WHERE id = 1)");
  client.must(R"(UPDATE things SET j = '{"once": ["b"]}', v = TO_VECTOR('[4,5,6]') WHERE id = 2)");
  const auto rows = "SELECT id, j, v FROM things ORDER BY id";
  const auto then = direct().must(rows).rows();
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must(rows).rows(), then);
  EXPECT_EQ(direct().must("SELECT id FROM things WHERE 7 MEMBER OF (j->'$.tags')").value(), "1");
  becomes_as_the_servers_own("MODIFY v VECTOR(9), DROP KEY tags, ADD KEY ((CAST(j->'$.tags' AS SIGNED ARRAY)))");
  becomes_as_the_servers_own("MODIFY v VARBINARY(100)");
}

TEST_P(OddTypes, of_keys_that_mysql_adds_by_itself_and_hides) {
  if (!is_mysql()) return;
  direct().must("SET sql_generate_invisible_primary_key = ON");
  direct().must("CREATE TABLE things (name VARCHAR(20), secret INT INVISIBLE DEFAULT 5)");
  direct().must("INSERT INTO things (name, secret) VALUES ('a', 1), ('a', 2), (NULL, 3)");
  const auto id = ready("ADD COLUMN n INT");
  auto client = sluice().connect();
  client.must("DELETE FROM things WHERE my_row_id = 2");
  client.must("INSERT INTO things (name) VALUES ('late')");
  const auto rows = "SELECT my_row_id, name, secret FROM things ORDER BY my_row_id";
  const auto then = direct().must(rows).rows();
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must(rows).rows(), then);
  client.must("INSERT INTO things (name) VALUES ('later')");
  EXPECT_EQ(direct().must("SELECT CONCAT(MAX(my_row_id), ' ', MAX(secret)) FROM things").value(), "5 5");
  complete({.table = "things",
            .alter = "MODIFY name VARCHAR(30) DEFAULT 'x', ALTER COLUMN secret SET VISIBLE",
            .options = R"({"initially_drop_old_table": true})"});
  const auto now = direct().must("SHOW CREATE TABLE things").rows()[0][1].value();
  EXPECT_THAT(now, HasSubstr("`my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */"));
  EXPECT_THAT(now, HasSubstr("`secret` int DEFAULT '5',"));
}

TEST_P(OddTypes, of_mariadb) {
  if (is_mysql()) return;
  direct().must(
      "CREATE TABLE things (id INT PRIMARY KEY, six INET6, four INET4, u UUID, t TEXT COMPRESSED, v VARCHAR(1000) "
      "COMPRESSED, inv INT INVISIBLE DEFAULT 5, UNIQUE KEY (u))");
  direct().must(
      "INSERT INTO things (id, six, four, u, t, v) VALUES (1, '::ffff:1.2.3.4', '1.2.3.4', "
      "'123e4567-e89b-12d3-a456-426655440000', REPEAT('x', 5000), REPEAT('é', 500)), (2, NULL, NULL, NULL, NULL, "
      "NULL), "
      "(3, '::', '0.0.0.0', '00000000-0000-0000-0000-000000000000', '', '')");
  becomes_as_the_servers_own("ADD COLUMN n INT");
  becomes_as_the_servers_own("MODIFY t TEXT, MODIFY v VARCHAR(2000) COMPRESSED, ADD KEY (six)");
  becomes_as_the_servers_own("MODIFY t MEDIUMTEXT COMPRESSED, MODIFY four VARCHAR(20), MODIFY inv BIGINT INVISIBLE");
  becomes_as_the_servers_own("MODIFY six VARCHAR(50), MODIFY u CHAR(36)");
  EXPECT_EQ(direct().must("SELECT GROUP_CONCAT(inv) FROM things").value(), "5,5,5");
}

TEST_P(OddTypes, of_tables_with_a_history_are_refused) {
  if (is_mysql()) return;
  direct().must("CREATE TABLE things (id INT PRIMARY KEY, n INT) WITH SYSTEM VERSIONING");
  const auto has = sluice().post("/migrate", body_of({.table = "things", .alter = "ADD COLUMN note INT"}));
  EXPECT_EQ(has.status, 422U) << has.body;
  EXPECT_THAT(has.body, HasSubstr("system-versioned"));
  direct().must("CREATE TABLE plain (id INT PRIMARY KEY, n INT)");
  const auto gets = sluice().post("/migrate", body_of({.table = "plain", .alter = "ADD SYSTEM VERSIONING"}));
  EXPECT_EQ(gets.status, 422U) << gets.body;
  EXPECT_THAT(gets.body, HasSubstr("would not be an ordinary InnoDB table"));
  EXPECT_THAT(leftovers(direct()), testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::test
