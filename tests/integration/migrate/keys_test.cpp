// Every kind of key, under clients that change rows and keys all the while: in the end the table has what was
// acknowledged.
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/mirror.hpp"
#include "tests/integration/migrate/scripted_clients.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;

std::string number(std::int64_t n) {
  return std::to_string(n);
}

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

std::string padded(unsigned n, std::size_t digits) {
  const auto text = std::to_string(n);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// A key of one column, `k`.
MirroredKey key_of(std::function<std::string(unsigned)> value, Comparison comparison = Comparison::by_value) {
  return {.columns = {"k"},
          .of = [value = std::move(value)](unsigned n) { return std::vector{value(n)}; },
          .comparison = comparison};
}

class MigratedKeys : public MirroredMigrations {
 protected:
  void followed(const std::string& columns, const MirroredKey& key, const std::string& alter = "ADD COLUMN note INT") {
    SCOPED_TRACE(columns + " / " + alter);
    direct().must("DROP TABLE IF EXISTS t, mirror, _t_del");
    direct().must("SET time_zone = '+00:00'");
    MirroringClients clients{direct(), {.port = sluice().port(), .database = "test"}, columns, key};
    clients.set("SET time_zone = '+00:00', tx_isolation = 'READ-COMMITTED'");
    if (is_mysql()) clients.set("SET time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED'");
    (void)migrate_under(clients, alter);
  }
};
SLUICE_ON_BOTH_SERVERS(MigratedKeys);

TEST_P(MigratedKeys, of_integers_near_their_ends) {
  followed("k BIGINT UNSIGNED PRIMARY KEY",
           key_of([](unsigned n) { return std::to_string(18'446'744'073'709'551'615U - n); }));
  followed("k BIGINT PRIMARY KEY", key_of([](unsigned n) { return "-9223372036854775807 - 1 + " + number(n); }));
  followed("k INT PRIMARY KEY", key_of([](unsigned n) { return number(static_cast<std::int64_t>(n) - 90); }),
           "MODIFY k BIGINT NOT NULL");
}

TEST_P(MigratedKeys, of_decimals_and_bits) {
  followed("k DECIMAL(20,4) PRIMARY KEY",
           key_of([](unsigned n) { return (n % 2 == 0 ? "-" : "") + number(n) + ".12" + number(n % 10); }),
           "MODIFY k DECIMAL(30,6) NOT NULL");
  followed("k BIT(33) PRIMARY KEY", key_of([](unsigned n) { return number(n * std::int64_t{47'721'858}); }));
}

TEST_P(MigratedKeys, of_texts) {
  followed("k VARCHAR(30) PRIMARY KEY", key_of([](unsigned n) { return quoted("it''s " + number(n / 2)); }));
  followed("k CHAR(20) CHARACTER SET latin1 PRIMARY KEY",
           key_of([](unsigned n) { return quoted((n % 2 == 0 ? "é" : "È") + number(n / 2)); }),
           "MODIFY k VARCHAR(40) CHARACTER SET latin1 NOT NULL");
  followed("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY", key_of([](unsigned n) {
             return quoted((n % 3 == 0 ? "a" : n % 3 == 1 ? "Á" : "a ") + number(n / 3));
           }));
  followed("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY",
           key_of([](unsigned n) { return quoted((n % 2 == 0 ? "a" : "A") + number(n / 2)); }),
           "MODIFY k VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL");
}

TEST_P(MigratedKeys, of_bytes) {
  followed("k BINARY(16) PRIMARY KEY", key_of([](unsigned n) { return "UNHEX('" + padded(n, 4) + "00')"; }));
  followed("k VARBINARY(20) PRIMARY KEY",
           key_of([](unsigned n) { return "UNHEX('" + padded(n / 3, 4) + std::string(n % 3 * 2, '0') + "')"; }),
           "MODIFY k VARBINARY(200) NOT NULL");
}

TEST_P(MigratedKeys, of_members) {
  const auto both = [](unsigned n) { return std::vector{number(1 + n % 3), number(n / 3)}; };
  followed("k ENUM('b','a','it''s') NOT NULL, n INT NOT NULL, PRIMARY KEY (k, n)", {.columns = {"k", "n"}, .of = both},
           "MODIFY k ENUM('b','a','it''s','z') NOT NULL");
  followed("k SET('x','y') NOT NULL, n INT NOT NULL, PRIMARY KEY (n, k)", {.columns = {"k", "n"}, .of = both});
}

TEST_P(MigratedKeys, of_dates_and_times) {
  const auto in_n = [](const std::string& unit, const std::string& from) {
    return [=](unsigned n) { return "TIMESTAMPADD(" + unit + ", " + number(n * 7) + ", '" + from + "')"; };
  };
  followed("k DATETIME(6) PRIMARY KEY", key_of(in_n("MICROSECOND", "2024-03-31 02:30:00")));
  followed("k DATETIME PRIMARY KEY", key_of(in_n("SECOND", "2024-03-31 02:30:00")), "MODIFY k DATETIME(3) NOT NULL");
  followed("k DATE PRIMARY KEY",
           key_of([](unsigned n) { return "DATE '2023-12-30' + INTERVAL " + number(n) + " DAY"; }));
  followed("k TIME(3) PRIMARY KEY",
           key_of([](unsigned n) { return quoted((n % 2 == 0 ? "-" : "") + number(n) + ":00:00." + padded(n, 3)); }));
  followed("k YEAR PRIMARY KEY", key_of([](unsigned n) { return number(1901 + n); }));
}

TEST_P(MigratedKeys, of_timestamps_in_the_hour_that_comes_twice) {
  live_where_summer_time_ends();
  const auto key = key_of(
      [](unsigned n) { return "TIMESTAMPADD(SECOND, " + number(n * std::int64_t{60}) + ", '2024-10-26 23:50:00')"; });
  followed("k TIMESTAMP NOT NULL PRIMARY KEY", key);
  followed("k TIMESTAMP NOT NULL PRIMARY KEY", key, "MODIFY k TIMESTAMP(3) NOT NULL");
  EXPECT_EQ(direct().must("SELECT COUNT(DISTINCT CONVERT_TZ(k, '+00:00', 'Test/Zone')) < COUNT(*) FROM t").value(),
            "1");
}

TEST_P(MigratedKeys, of_several_columns_also_in_another_order) {
  const MirroredKey key{.columns = {"a", "b", "c"}, .of = [](unsigned n) {
                          return std::vector{number(n % 7), quoted((n % 2 == 0 ? "x" : "X") + number(n)),
                                             quoted("2024-01-" + padded(1 + n % 28, 2))};
                        }};
  const std::string columns = "a INT NOT NULL, b VARCHAR(20) NOT NULL, c DATE NOT NULL, PRIMARY KEY (a, b, c)";
  followed(columns, key);
  followed(columns, key, "DROP PRIMARY KEY, ADD PRIMARY KEY (c, a, b)");
}

TEST_P(MigratedKeys, that_go_down) {
  const auto by_number = key_of([](unsigned n) { return number(n); });
  followed("a INT NOT NULL DEFAULT 0, k INT NOT NULL, PRIMARY KEY (k DESC, a)", by_number);
  followed("k INT NOT NULL, PRIMARY KEY (k DESC)", by_number, "MODIFY k BIGINT NOT NULL");
  followed("k INT NOT NULL, w INT NOT NULL DEFAULT 0, UNIQUE KEY by_k (k DESC)", by_number,
           "DROP KEY by_k, ADD UNIQUE KEY by_k (k)");
  followed("k INT NOT NULL, PRIMARY KEY (k)", by_number, "DROP PRIMARY KEY, ADD PRIMARY KEY (k DESC)");
  const MirroredKey two{.columns = {"a", "b"}, .of = [](unsigned n) {
                          return std::vector{number(n % 7), quoted((n % 2 == 0 ? "x" : "y") + number(n))};
                        }};
  followed("a INT NOT NULL, b VARCHAR(20) NOT NULL, PRIMARY KEY (a, b DESC)", two);
  followed("a INT NOT NULL, b VARCHAR(20) NOT NULL, PRIMARY KEY (a DESC, b)", two,
           "DROP PRIMARY KEY, ADD PRIMARY KEY (b DESC, a)");
}

TEST_P(MigratedKeys, that_are_not_the_primary_key) {
  const auto key = key_of([](unsigned n) { return number(n * 3); });
  followed("k INT NOT NULL, w INT NOT NULL DEFAULT 0, UNIQUE KEY by_k (k)", key);
  followed("k INT NOT NULL, w INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (w), UNIQUE KEY by_k (k)", key,
           "DROP PRIMARY KEY, ADD PRIMARY KEY (k), ADD KEY (w)");
  followed("k INT NOT NULL, w INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (w), UNIQUE KEY by_k (k)", key,
           "DROP PRIMARY KEY, DROP COLUMN w");
}

TEST_P(MigratedKeys, of_enumerations_whose_members_move_are_refused) {
  direct().must("CREATE TABLE t (k ENUM('a','b') NOT NULL PRIMARY KEY)");
  const auto answer = sluice().post("/migrate", body_of({.table = "t", .alter = "MODIFY k ENUM('b','a') NOT NULL"}));
  EXPECT_EQ(answer.status, 422U);
  EXPECT_THAT(answer.body, testing::AllOf(HasSubstr("key.converted"), HasSubstr("enum('a','b')"),
                                          HasSubstr("enum('b','a')"), HasSubstr("another unique key")));
}

TEST_P(MigratedKeys, of_types_that_the_stream_can_not_read_are_refused) {
  if (is_mysql()) return;  // MariaDB's own
  for (const auto* type : {"UUID", "INET6"}) {
    direct().must("DROP TABLE IF EXISTS t");
    direct().must(std::string{"CREATE TABLE t (k "} + type + " NOT NULL PRIMARY KEY)");
    const auto answer = sluice().post("/migrate", body_of({.table = "t", .alter = "ADD COLUMN note INT"}));
    EXPECT_EQ(answer.status, 422U);
    EXPECT_THAT(answer.body, testing::AllOf(HasSubstr("key.missing"), HasSubstr("INET6")));
  }
}

TEST_P(MigratedKeys, numbers_of_rows_that_were_rolled_back_up_to_the_swap_are_not_given_out_again) {
  direct().must("CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT)");
  const auto next = [&](const std::string& table) {
    if (is_mysql()) direct().must("SET information_schema_stats_expiry = 0");
    return std::stoull(direct()
                           .must("SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'test' AND "
                                 "TABLE_NAME = '" +
                                 table + "'")
                           .value());
  };
  ScriptedClients clients{sluice(), 4, [](std::uint64_t) {
                            return std::vector<std::string>{"BEGIN", "INSERT INTO t (v) VALUES (1)", "ROLLBACK"};
                          }};
  for (int round = 0; round < 5; ++round) {
    const auto before = clients.rounds();
    ASSERT_TRUE(wait_until([&] { return clients.rounds() > before + 50; }));
    complete({.table = "t", .alter = "ENGINE = InnoDB", .options = R"({"fence": "gate"})"});
    EXPECT_GE(next("t"), next("_t_del"));
    direct().must("DROP TABLE _t_del");
  }
  EXPECT_THAT(clients.stop(), testing::IsEmpty());
}

TEST_P(MigratedKeys, leave_the_next_number_where_the_source_had_it) {
  direct().must("CREATE TABLE t (k INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT)");
  direct().must("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'");
  direct().must("INSERT INTO t VALUES (0, 1), (-5, 2), (7, 3), (5000, 4)");
  direct().must("SET sql_mode = DEFAULT");
  const auto id =
      sluice().migrate({.table = "t", .alter = "ADD COLUMN n INT", .options = R"({"postpone_cut_over": true})"});
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  auto client = sluice().connect();
  client.must("INSERT INTO t (v) VALUES (5)");
  client.must("DELETE FROM t WHERE k >= 5000");
  act(id, "cut-over");
  expect_completed(await_end(id));
  client.must("INSERT INTO t (v) VALUES (6)");
  EXPECT_EQ(client.must("SELECT GROUP_CONCAT(k, ':', v ORDER BY k) FROM t").value(), "-5:2,0:1,7:3,5002:6");
}

}  // namespace
}  // namespace sluice::test
