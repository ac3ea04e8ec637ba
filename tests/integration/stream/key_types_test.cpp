// Whatever type a key has: the literal that the stream tells finds exactly its row.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/integration/stream/recorder.hpp"
#include "tests/support/both_servers.hpp"

namespace sluice {
namespace {

using namespace sluice::test;
using migrator::KeyColumn;
using protocol::binlog::KeyType;
using protocol::binlog::Sign;

struct KeyCase {
  std::string type;  // of the column
  KeyColumn key;
  std::vector<std::string> values;  // as SQL
};

KeyColumn text(std::string charset) {
  return {.type = KeyType::text, .charset = std::move(charset)};
}
KeyColumn integer(Sign sign) {
  return {.type = KeyType::integer, .sign = sign};
}

std::vector<KeyCase> numbers() {
  const auto with = integer(Sign::with_sign);
  const auto without = integer(Sign::without_sign);
  return {
      {"TINYINT", with, {"-128", "-1", "0", "127"}},
      {"TINYINT UNSIGNED", without, {"0", "128", "255"}},
      {"SMALLINT", with, {"-32768", "32767"}},
      {"MEDIUMINT", with, {"-8388608", "-1", "8388607"}},
      {"MEDIUMINT UNSIGNED", without, {"0", "16777215"}},
      {"INT UNSIGNED", without, {"0", "2147483648", "4294967295"}},
      {"BIGINT", with, {"-9223372036854775808", "-1", "9223372036854775807"}},
      {"BIGINT UNSIGNED", without, {"0", "9223372036854775808", "18446744073709551614", "18446744073709551615"}},
      {"DECIMAL(20,5)",
       {.type = KeyType::decimal},
       {"0", "-0.00001", "123456789012345.54321", "-999999999999999.99999"}},
      {"DECIMAL(65,30)",
       {.type = KeyType::decimal},
       {"0.000000000000000000000000000001", "-12345678901234567890123456789012345"}},
      {"DECIMAL(5,5)", {.type = KeyType::decimal}, {"0.12345", "-0.5"}},
      {"FLOAT", {.type = KeyType::real}, {"1.1", "-3.4e38", "1e-30", "0"}},
      {"DOUBLE", {.type = KeyType::real}, {"1.1", "1.1000000000000003", "-1.7e308", "2.2250738585072014e-308"}},
      {"BIT(1)", {.type = KeyType::bit}, {"b'0'", "b'1'"}},
      {"BIT(64)", {.type = KeyType::bit}, {"b'0'", "18446744073709551615", "256"}},
      {"YEAR", {.type = KeyType::year}, {"'0000'", "1901", "2000", "2155"}},
  };
}

std::vector<KeyCase> strings() {
  return {
      {"VARCHAR(40) CHARACTER SET utf8mb4", text("utf8mb4"), {"''", "'a'", "'b '", "'it''s'", "_utf8mb4 x'f09f9880'"}},
      {"VARCHAR(300) CHARACTER SET latin1", text("latin1"), {"'a'", "_latin1 x'e9'", "_latin1 x'80'"}},
      {"CHAR(20) CHARACTER SET utf8mb4", text("utf8mb4"), {"''", "'a'", "'trailing  '", "_utf8mb4 x'c3a9'"}},
      {"CHAR(100) CHARACTER SET utf8mb4", text("utf8mb4"), {"'a'", "_utf8mb4 x'e282ac'"}},
      {"CHAR(10) CHARACTER SET utf16", text("utf16"), {"'a'", "'xyz'"}},
      {"CHAR(10) CHARACTER SET ucs2", text("ucs2"), {"'a'", "'xyz'"}},
      {"VARCHAR(10) CHARACTER SET sjis", text("sjis"), {"_sjis x'835c'", "'a'"}},
      {"VARCHAR(10) CHARACTER SET gbk", text("gbk"), {"_gbk x'bf5c'", "'a'"}},
      {"VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", text("utf8mb4"), {"'a'", "'A'"}},
      {"BINARY(4)", {.type = KeyType::bytes}, {"x'ab'", "x'00'", "x'00000001'", "x'ab0000ff'", "x'20'"}},
      {"VARBINARY(300)", {.type = KeyType::bytes}, {"x''", "x'ab'", "x'ab00'", "x'20'"}},
      {"ENUM('a','b','it''s')", {.type = KeyType::enumeration}, {"'a'", "'b'", "3"}},
      {"SET('a','b','c')", {.type = KeyType::set}, {"''", "'a,b'", "'c'"}},
  };
}

std::vector<KeyCase> temporals() {
  return {
      {"DATE", {.type = KeyType::date}, {"'0000-00-00'", "'2024-02-29'", "'9999-12-31'", "'2024-00-00'"}},
      {"TIME", {.type = KeyType::time}, {"'-838:59:59'", "'00:00:00'", "'00:00:01'", "'838:59:59'"}},
      {"TIME(2)", {.type = KeyType::time}, {"'-00:00:00.01'", "'-00:00:01.10'", "'12:34:56.78'"}},
      {"TIME(6)", {.type = KeyType::time}, {"'-01:00:00.000001'", "'12:34:56.789012'"}},
      {"DATETIME",
       {.type = KeyType::datetime},
       {"'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"}},
      {"DATETIME(1)", {.type = KeyType::datetime}, {"'2024-02-29 12:00:00.1'", "'2024-02-29 12:00:00.2'"}},
      {"DATETIME(6)", {.type = KeyType::datetime}, {"'2024-02-29 12:00:00.000001'", "'2024-02-29 12:00:00.000002'"}},
      {"TIMESTAMP",
       {.type = KeyType::timestamp},
       {"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"}},
      {"TIMESTAMP(3)", {.type = KeyType::timestamp}, {"'2024-10-27 00:30:00.123'", "'2024-10-27 01:30:00.123'"}},
  };
}

class KeyTypes : public OnBothServers {
 protected:
  void expect_found(const std::vector<KeyCase>& cases) {
    auto client = server().connect();
    client.must("SET time_zone='+00:00', sql_mode=''");
    for (const auto& one : cases) {
      SCOPED_TRACE(one.type);
      expect_found(client, one);
    }
  }

  void expect_found(TestClient& client, const KeyCase& one) {
    client.must("DROP TABLE IF EXISTS k");
    client.must("CREATE TABLE k (v INT, k " + one.type + " NOT NULL, PRIMARY KEY (k))");
    auto key = one.key;
    key.ordinal = 1;
    key.name = "k";
    Following following{server(), {{.database = "test", .table = "k", .keys = {key}, .columns = 2}}};
    for (const auto& value : one.values) client.must("INSERT INTO k VALUES (1, " + value + ")");
    const auto told = following.all();
    for (const auto& shape : told.shapes) ADD_FAILURE() << shape.why;
    const auto literals = told.keys();
    EXPECT_EQ(literals.size(), one.values.size());
    std::set<std::string> found;
    for (const auto& literal : literals) {
      const auto reply = client.must("SELECT HEX(k), k FROM k WHERE k = " + literal);
      EXPECT_EQ(reply.rows().size(), 1U) << literal;
      for (const auto& row : reply.rows()) found.insert(row.at(0).value_or("") + row.at(1).value_or(""));
      const auto plan =
          client.must("EXPLAIN FORMAT=TRADITIONAL SELECT * FROM k FORCE INDEX (PRIMARY) WHERE k = " + literal);
      EXPECT_NE(plan_key(plan), "") << literal << ": every row would be locked";
    }
    EXPECT_EQ(found.size(), one.values.size()) << "two literals found one row";
  }

  static std::string plan_key(const Reply& plan) {
    const auto& result = plan.results.at(0);
    for (std::size_t at = 0; at < result.columns.size(); ++at) {
      if (result.columns[at] == "key") return result.rows.at(0).at(at).value_or("");
    }
    return {};
  }
};
SLUICE_ON_BOTH_SERVERS(KeyTypes);

TEST_P(KeyTypes, of_numbers_are_found) {
  expect_found(numbers());
}

TEST_P(KeyTypes, of_strings_are_found) {
  expect_found(strings());
}

TEST_P(KeyTypes, of_times_are_found) {
  expect_found(temporals());
}

TEST_P(KeyTypes, of_inet6_are_found) {
  if (GetParam() == Kind::mysql) return;  // MariaDB's own
  expect_found({{"INET6", {.type = KeyType::inet6}, {"'::'", "'::1'", "'2001:db8::'", "'ffff::ffff'"}}});
}

TEST_P(KeyTypes, keep_their_sign_behind_columns_of_any_type) {
  auto client = server().connect();
  client.must("SET GLOBAL binlog_row_metadata = MINIMAL");
  for (const std::string before : {"YEAR", "TINYINT UNSIGNED", "DECIMAL(5,2) UNSIGNED", "FLOAT", "DOUBLE UNSIGNED",
                                   "BIT(9)", "ENUM('a')", "SET('a')", "DATE", "TIME", "DATETIME(3)", "TIMESTAMP NULL",
                                   "CHAR(3)", "VARCHAR(300)", "TEXT", "BLOB", "JSON", "POINT"}) {
    SCOPED_TRACE(before);
    for (const bool without_sign : {false, true}) {
      client.must("DROP TABLE IF EXISTS k");
      client.must("CREATE TABLE k (v " + before + ", k INT" + (without_sign ? " UNSIGNED" : "") + " PRIMARY KEY)");
      auto key = integer(without_sign ? Sign::without_sign : Sign::with_sign);
      key.ordinal = 1;
      key.name = "k";
      Following following{server(), {{.database = "test", .table = "k", .keys = {key}, .columns = 2}}};
      const std::string value = without_sign ? "4294967295" : "-1";
      client.must("INSERT INTO k VALUES (NULL, " + value + ")");
      const auto told = following.all();
      for (const auto& shape : told.shapes) ADD_FAILURE() << shape.why;
      EXPECT_EQ(told.keys(), std::vector<std::string>{value});
    }
  }
  client.must("SET GLOBAL binlog_row_metadata = DEFAULT");
}

TEST_P(KeyTypes, of_one_row_are_told_in_each_of_its_spellings) {
  for (const std::string image : {"MINIMAL", "FULL"}) {
    SCOPED_TRACE(image);
    auto client = server().connect();
    client.must("SET binlog_row_image = " + image);
    client.must("DROP TABLE IF EXISTS k");
    client.must("CREATE TABLE k (k VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, v INT)");
    auto key = text("latin1");
    key.name = "k";
    Following following{server(), {{.database = "test", .table = "k", .keys = {key}, .columns = 2}}};
    client.must("INSERT INTO k VALUES ('a', 1)");
    client.must("UPDATE k SET k = 'A' WHERE k = 'a'");
    client.must("INSERT INTO k VALUES ('a', 1) ON DUPLICATE KEY UPDATE k = VALUES(k)");
    client.must("REPLACE INTO k VALUES ('A', 2)");
    client.must("UPDATE k SET k = 'A '");
    client.must("UPDATE k SET v = 3 WHERE k = 'a'");
    const auto told = following.all();
    const std::string small = "_latin1 x'61'";
    const std::string capital = "_latin1 x'41'";
    const std::string padded = "_latin1 x'4120'";
    std::vector<std::string> keys = told.keys();
    EXPECT_EQ(keys.at(0), small);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    EXPECT_EQ(keys, (std::vector{small, capital, small, capital, padded}));
  }
}

TEST_P(KeyTypes, of_several_columns_are_told_in_the_keys_order) {
  auto client = server().connect();
  client.must("DROP TABLE IF EXISTS k");
  client.must("CREATE TABLE k (a INT, y YEAR, b VARCHAR(9) CHARACTER SET latin1, j JSON, PRIMARY KEY (b, a))");
  const migrator::WatchList watched{
      {.database = "test",
       .table = "k",
       .keys = {{.ordinal = 2, .name = "b", .type = KeyType::text, .charset = "latin1"}, {.ordinal = 0, .name = "a"}},
       .columns = 4}};
  Following following{server(), watched};
  client.must("INSERT INTO k VALUES (-5, 2024, 'x', '{\"a\": 1}')");
  EXPECT_EQ(following.all().keys(), std::vector<std::string>{"_latin1 x'78',-5"});
}

}  // namespace
}  // namespace sluice
