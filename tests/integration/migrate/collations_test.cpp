// Keys whose character set or collation changes, under clients that write all the spellings which one of the two takes
// for the same.
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/mirror.hpp"

namespace sluice::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr auto insensitive = "utf8mb4_general_ci";
constexpr auto accented = "utf8mb4_bin";

std::string text(const std::string& collation, unsigned length = 30) {
  const auto charset = collation.substr(0, collation.find('_'));
  return "VARCHAR(" + std::to_string(length) + ") CHARACTER SET " + charset + " COLLATE " + collation + " NOT NULL";
}

class MigratedCollations : public MirroredMigrations {
 protected:
  enum class Spellings : std::uint8_t { all, one };

  // 'key 7', 'KEY 7', 'kéy 7' and 'key 7 ' are one row, two, three or four; or each row has one spelling only.
  static std::string spelled(unsigned n, Spellings spellings) {
    const auto word = std::to_string(n / 4);
    if (spellings == Spellings::one) return "'kéy " + std::to_string(n) + "'";
    switch (n % 4) {
      case 0:
        return "'key " + word + "'";
      case 1:
        return "'KEY " + word + "'";
      case 2:
        return "'kéy " + word + "'";
      default:
        return "'key " + word + " '";
    }
  }

  static MirroredKey key(Spellings spellings) {
    return {.columns = {"k"},
            .of = [spellings](unsigned n) { return std::vector{spelled(n, spellings)}; },
            .comparison = Comparison::by_bytes};
  }

  void becomes(const std::string& from, const std::string& to, Spellings spellings = Spellings::all) {
    followed("k " + from + ", PRIMARY KEY (k)", key(spellings), "MODIFY k " + to);
  }

  void followed(const std::string& columns, const MirroredKey& key, const std::string& alter) {
    SCOPED_TRACE(columns + " / " + alter);
    direct().must("DROP TABLE IF EXISTS t, mirror, _t_del");
    MirroringClients clients{direct(), {.port = sluice().port(), .database = "test"}, columns, key};
    clients.set("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    const auto id = migrate_under(clients, alter);
    EXPECT_EQ(sluice().await_audited(id, std::chrono::seconds{60}).audit, "passed");
  }
};
SLUICE_ON_BOTH_SERVERS(MigratedCollations);

TEST_P(MigratedCollations, converted_to_utf8mb4) {
  for (const auto* from : {"utf8mb3_general_ci", "latin1_swedish_ci"}) {
    followed("k " + text(from) + ", PRIMARY KEY (k)", key(Spellings::all),
             std::string{"CONVERT TO CHARACTER SET utf8mb4 COLLATE "} + insensitive);
    followed("k " + text(from) + ", PRIMARY KEY (k)", key(Spellings::all),
             std::string{"CONVERT TO CHARACTER SET utf8mb4 COLLATE "} + accented);
  }
}

TEST_P(MigratedCollations, to_a_finer_one) {
  becomes(text(insensitive), text(accented));
  becomes(text("utf8mb4_unicode_ci"), text("latin1_bin"));
}

TEST_P(MigratedCollations, to_a_coarser_one_where_no_two_rows_become_one) {
  becomes(text(accented), text(insensitive), Spellings::one);
  becomes(text(accented), text("latin1_swedish_ci", 60), Spellings::one);
}

TEST_P(MigratedCollations, that_pad_and_that_do_not) {
  const std::string unpadded = is_mysql() ? "utf8mb4_0900_ai_ci" : "utf8mb4_general_nopad_ci";
  becomes(text(insensitive), text(unpadded));
  becomes(text(unpadded), text("utf8mb4_unicode_ci"), Spellings::one);
}

TEST_P(MigratedCollations, longer_shorter_and_of_several_columns) {
  becomes(text("latin1_swedish_ci", 30), text(insensitive, 200));
  becomes(text("latin1_swedish_ci", 200), text(accented, 20));
  followed("n INT NOT NULL, k " + text("utf8mb3_general_ci") + ", d DATE NOT NULL, PRIMARY KEY (k, d, n)",
           {.columns = {"n", "k", "d"},
            .of =
                [](unsigned n) {
                  return std::vector<std::string>{std::to_string(n % 3), spelled(n, Spellings::all), "'2024-01-01'"};
                },
            .comparison = Comparison::by_bytes},
           "CONVERT TO CHARACTER SET utf8mb4, DROP PRIMARY KEY, ADD PRIMARY KEY (n, k, d)");
}

TEST_P(MigratedCollations, where_two_rows_become_one_name_them) {
  direct().must("CREATE TABLE t (k " + text(accented) + ", v INT, PRIMARY KEY (k))");
  direct().must("INSERT INTO t VALUES ('a', 1), ('b', 2), ('A', 3), ('c', 4)");
  const auto before = definition(direct(), "t");
  const auto status = await_end(sluice().migrate({.table = "t", .alter = "MODIFY k " + text(insensitive)}));
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_THAT(status.error,
              AllOf(HasSubstr("duplicate_key"), HasSubstr("PRIMARY"), HasSubstr("x'61'"), HasSubstr("x'41'")));
  EXPECT_EQ(definition(direct(), "t"), before);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM t").value(), "4");
}

TEST_P(MigratedCollations, where_two_rows_become_one_for_a_while_wait_for_the_second_to_go) {
  direct().must("CREATE TABLE t (k " + text(accented) + ", v INT, PRIMARY KEY (k))");
  direct().must("INSERT INTO t VALUES ('a', 1), ('b', 2)");
  const auto id = sluice().migrate(
      {.table = "t", .alter = "MODIFY k " + text(insensitive), .options = R"({"postpone_cut_over": true})"});
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  auto client = sluice().connect();
  for (int turn = 0; turn < 50; ++turn) {
    client.must("BEGIN");
    client.must("DELETE FROM t WHERE k = 'a'");
    client.must("INSERT INTO t VALUES ('A', 1)");
    client.must("COMMIT");
    client.must("UPDATE t SET k = 'a' WHERE k = 'A'");
    client.must("UPDATE t SET k = 'ä', v = v + 1 WHERE k = 'b'");
    client.must("UPDATE t SET k = 'b' WHERE k = 'ä'");
  }
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT GROUP_CONCAT(k, v ORDER BY k) FROM t").value(), "a1,b52");
}

}  // namespace
}  // namespace sluice::test
