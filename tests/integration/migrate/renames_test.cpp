// How columns of the old shape become columns of the new one: by name, by an explicit rename, or as the DBA approves.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned bad_request = 400;
constexpr unsigned refused = 422;

class Renames : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(100);
  }
  HttpResponse dry_run(const std::string& alter, const std::string& options) {
    return sluice().post("/migrate", R"({"database": "test", "table": "orders", "dry_run": true, "alter": ")" + alter +
                                         R"(", "options": )" + options + "}");
  }
  void expect_refused(const std::string& alter, const std::string& renames,
                      const testing::Matcher<const std::string&>& says) {
    const auto response = dry_run(alter, R"({"approve_renamed_columns": )" + renames + "}");
    EXPECT_EQ(response.status, refused) << response.body;
    EXPECT_THAT(response.body, says);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
  }
};
SLUICE_ON_BOTH_SERVERS(Renames);

TEST_P(Renames, that_are_approved_carry_the_values_over) {
  complete(
      {.table = "orders",
       .alter = "DROP COLUMN name, ADD COLUMN title VARCHAR(80) NOT NULL, DROP COLUMN qty, ADD COLUMN amount BIGINT",
       .options = R"({"approve_renamed_columns": ["name=title", "QTY=amount"]})"});
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE title = CONCAT('row ', id) AND amount = id").value(),
            "100");
}

TEST_P(Renames, that_nobody_approves_are_new_columns) {
  complete({.table = "orders", .alter = "DROP COLUMN qty, ADD COLUMN amount BIGINT"});
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE amount IS NULL").value(), "100");
}

TEST_P(Renames, that_the_alter_spells_out_need_no_approval) {
  complete({.table = "orders", .alter = "CHANGE qty amount BIGINT NOT NULL, RENAME COLUMN name TO title"});
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE title = CONCAT('row ', id) AND amount = id").value(),
            "100");
}

TEST_P(Renames, are_followed_while_clients_write_under_the_old_names) {
  const auto id =
      sluice().migrate({.table = "orders",
                        .alter = "DROP COLUMN qty, ADD COLUMN amount BIGINT NOT NULL",
                        .options = R"({"postpone_cut_over": true, "approve_renamed_columns": ["qty=amount"]})"});
  ASSERT_EQ(sluice().await_state(id, "ready").state, "ready");
  sluice().kill9();  // what is approved is known after a restart as well
  sluice().restart();
  auto client = sluice().connect();
  client.must("UPDATE orders SET qty = 7000 WHERE id = 7");
  client.must("INSERT INTO orders (id, qty, name) VALUES (1000, 8000, 'new')");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT amount FROM orders WHERE id = 7").value(), "7000");
  EXPECT_EQ(direct().must("SELECT amount FROM orders WHERE id = 1000").value(), "8000");
}

TEST_P(Renames, are_shown_by_a_dry_run) {
  const auto response =
      dry_run("DROP COLUMN qty, ADD COLUMN amount BIGINT, RENAME COLUMN name TO title, DROP COLUMN tag",
              R"({"approve_renamed_columns": ["qty=amount"]})");
  EXPECT_EQ(response.status, 200U) << response.body;
  EXPECT_EQ(json_at(response.body, "/columns"),
            R"([{"from":"id","to":"id"},{"from":"qty","to":"amount"},{"from":"name","to":"title"}])");
  EXPECT_EQ(json_at(response.body, "/dropped_columns"), R"(["tag"])");
  EXPECT_EQ(json_at(response.body, "/added_columns"), "[]");
  const auto unapproved = dry_run("DROP COLUMN qty, ADD COLUMN amount BIGINT", "{}");
  EXPECT_EQ(json_at(unapproved.body, "/dropped_columns"), R"(["qty"])");
  EXPECT_EQ(json_at(unapproved.body, "/added_columns"), R"(["amount"])");
}

TEST_P(Renames, that_the_alter_does_not_bear_out_are_refused) {
  const char* alter =
      "DROP COLUMN qty, ADD COLUMN amount BIGINT, RENAME COLUMN name TO title, ADD COLUMN n INT AS (CHAR_LENGTH(tag))";
  const auto says = [](const char* why) { return AllOf(HasSubstr("options.approve_renamed_columns"), HasSubstr(why)); };
  expect_refused(alter, R"(["nothing=amount"])", says("no column nothing"));
  expect_refused(alter, R"(["qty=nothing"])", says("does not add nothing"));
  expect_refused(alter, R"(["qty=tag"])", says("does not add tag"));
  expect_refused(alter, R"(["tag=amount"])", says("does not drop tag"));
  expect_refused(alter, R"(["qty=title"])", says("renamed already"));
  expect_refused(alter, R"(["qty=amount", "qty=amount"])", says("renamed already"));
  expect_refused(alter, R"(["qty=n"])", says("computed"));
  for (const char* malformed : {"true", R"("qty=amount")", R"(["qty"])", R"(["=amount"])", R"(["qty="])", "[1]"}) {
    const auto response = dry_run(alter, std::string(R"({"approve_renamed_columns": )") + malformed + "}");
    EXPECT_EQ(response.status, bad_request) << response.body;
    EXPECT_THAT(response.body, HasSubstr("old=new"));
  }
}

}  // namespace
}  // namespace sluice::test
