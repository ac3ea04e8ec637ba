// Named CHECKs: an alter may name them, and what they are called afterwards is what docs/options.md says.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr unsigned check_violated_mysql = 3819;
constexpr unsigned check_violated_mariadb = 4025;

class Checks : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    direct().must(
        "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, CHECK (qty "
        "< 100), CONSTRAINT positive CHECK (qty > 0), CONSTRAINT named CHECK (name <> 'it''s `x`'))");
    direct().must("INSERT INTO orders VALUES (1, 1, 'a'), (2, 2, 'b')");
  }
  // On MySQL the old table keeps the name.
  [[nodiscard]] std::string after_swap(const std::string& name) const {
    return is_mysql() ? "CONSTRAINT `_" + name + "` CHECK" : "CONSTRAINT `" + name + "` CHECK";
  }
  [[nodiscard]] bool violates(const std::string& row) {
    const auto reply = direct().query("INSERT INTO orders (id, qty, name) VALUES " + row);
    return !reply.ok() && reply.error->code == (is_mysql() ? check_violated_mysql : check_violated_mariadb);
  }
  void migrate_once(const std::string& alter) {
    complete({.table = "orders", .alter = alter});
    direct().must("DROP TABLE _orders_del");
  }
};
SLUICE_ON_BOTH_SERVERS(Checks);

TEST_P(Checks, are_called_as_before_after_two_migrations) {
  const auto before = definition(direct(), "orders");
  migrate_once("ADD COLUMN note INT");
  EXPECT_THAT(definition(direct(), "orders"), AllOf(HasSubstr(after_swap("positive")), HasSubstr(after_swap("named"))));
  EXPECT_TRUE(violates("(3, 0, 'x')"));
  EXPECT_TRUE(violates("(3, 100, 'x')"));
  EXPECT_TRUE(violates("(3, 1, 'it''s `x`')"));
  migrate_once("DROP COLUMN note");
  EXPECT_EQ(definition(direct(), "orders"), before);
}

TEST_P(Checks, that_name_no_column_outlive_an_index_over_an_expression) {
  if (!is_mysql()) return;  // MariaDB has no such indexes
  direct().must("CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY)");
  direct().must(
      "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT, FOREIGN KEY (parent) REFERENCES parents "
      "(id), KEY tenths ((id % 10)), CHECK (1 = 1))");
  complete({.table = "children", .alter = "ADD CHECK (2 = 2)"});
  EXPECT_THAT(definition(direct(), "children"), AllOf(HasSubstr("(1 = 1)"), HasSubstr("(2 = 2)")));
}

TEST_P(Checks, may_be_dropped_by_the_name_they_have_now) {
  migrate_once("DROP CONSTRAINT positive, ADD COLUMN note INT");
  EXPECT_THAT(definition(direct(), "orders"), AllOf(Not(HasSubstr("positive")), HasSubstr(after_swap("named"))));
  EXPECT_FALSE(violates("(3, -1, 'x')"));
}

TEST_P(Checks, may_be_exchanged_under_one_name) {
  migrate_once("DROP CONSTRAINT `positive`, ADD CONSTRAINT positive CHECK (qty > -5)");
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr(after_swap("positive")));
  EXPECT_FALSE(violates("(3, -1, 'x')"));
  EXPECT_TRUE(violates("(4, -5, 'x')"));
}

TEST_P(Checks, that_are_new_have_the_name_they_are_given) {
  migrate_once("ADD CONSTRAINT small CHECK (qty < 50), ADD COLUMN c INT CHECK (c > 0)");
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("CONSTRAINT `small` CHECK"));
  EXPECT_TRUE(violates("(3, 60, 'x')"));
  if (is_mysql()) {
    EXPECT_THAT(definition(direct(), "orders"), AllOf(HasSubstr("`orders_chk_1`"), HasSubstr("`orders_chk_2`")));
  }
}

TEST_P(Checks, that_are_not_enforced_stay_so) {
  if (!is_mysql()) {  // which enforces all, and doesn't know the words
    const auto response =
        sluice().post("/migrate", body_of({.table = "orders", .alter = "ALTER CHECK positive NOT ENFORCED"}));
    EXPECT_THAT(response.body, HasSubstr("alter.refused"));
    return;
  }
  migrate_once("ALTER CHECK positive NOT ENFORCED");
  EXPECT_FALSE(violates("(3, -1, 'x')"));
  migrate_once("DROP CHECK _named");
  EXPECT_FALSE(violates("(4, -1, 'x')"));
  EXPECT_THAT(definition(direct(), "orders"), AllOf(HasSubstr("NOT ENFORCED"), Not(HasSubstr("named"))));
}

TEST_P(Checks, that_rows_do_not_pass_end_the_migration) {
  const auto id = sluice().migrate({.table = "orders", .alter = "ADD CONSTRAINT small CHECK (qty < 2)"});
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed");
  EXPECT_THAT(json_at(status.json, "/error/message"), HasSubstr("small"));
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("small")));
  EXPECT_EQ(sluice().post("/migrate/" + id + "/cleanup").status, 202U);
}

}  // namespace
}  // namespace sluice::test
