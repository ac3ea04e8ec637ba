// Tables with triggers: each write of a client fires them once, before the swap or after it, and nothing of Sluice's
// own does.
#include <thread>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/scripted_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned refused = 422;

// Inserts, changes and now and then deletes.
std::vector<std::string> writes_of(std::uint64_t number) {
  const auto id = std::to_string(number);
  const std::string change = "UPDATE orders SET qty = qty + 1 WHERE id = " + id;
  return {"INSERT INTO orders (id, qty, name) VALUES (" + id + ", 1, 'new')", change,
          number % 3 == 0 ? "DELETE FROM orders WHERE id = " + id : change};
}

class Triggers : public BehindSluice {
 protected:
  const std::string included = R"({"include_triggers": true})";

  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(1000);
    direct().must("CREATE TABLE fired (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, id BIGINT, what CHAR(6))");
  }
  void make_triggers() {
    for (const std::string& event : {"INSERT", "UPDATE", "DELETE"}) {
      direct().must("CREATE TRIGGER log_" + event + " AFTER " + event +
                    " ON orders FOR EACH ROW INSERT INTO fired (id, what) VALUES (" +
                    (event == "DELETE" ? "OLD" : "NEW") + ".id, '" + event + "')");
    }
    direct().must("CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW SET NEW.tag = CONCAT('by ', NEW.qty)");
  }
  // What the server says of the table's triggers, but for when they were made.
  std::vector<std::string> triggers(TestClient& client) {
    const auto names = client.must(
        "SELECT trigger_name, event_object_table, action_order FROM information_schema.triggers WHERE trigger_schema = "
        "'test' ORDER BY event_manipulation, action_timing, action_order");
    std::vector<std::string> all;
    for (const auto& row : names.rows()) {
      std::string text = row.at(0).value() + " on " + row.at(1).value() + " " + row.at(2).value();
      const auto made = client.must("SHOW CREATE TRIGGER `" + row.at(0).value() + "`");
      for (std::size_t i = 0; i < 6; ++i) text += " | " + made.rows().at(0).at(i).value();
      all.push_back(text);
    }
    return all;
  }
  void expect_refused(const std::string& alter, const std::string& options,
                      const testing::Matcher<const std::string&>& says) {
    const auto before = triggers(direct());
    const auto response = sluice().post("/migrate", body_of({.table = "orders", .alter = alter, .options = options}));
    EXPECT_EQ(response.status, refused) << response.body;
    EXPECT_THAT(response.body, says);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
    EXPECT_EQ(triggers(direct()), before);
  }
};
SLUICE_ON_BOTH_SERVERS(Triggers);

TEST_P(Triggers, fire_once_for_each_write_of_a_client) {
  make_triggers();
  const auto before = triggers(direct());
  ScriptedClients clients{sluice(), 8, writes_of};
  for (const char* alter : {"ADD COLUMN note INT", "MODIFY qty BIGINT NOT NULL", "DROP COLUMN note"}) {
    const auto status = complete({.table = "orders", .alter = alter, .options = included});
    ASSERT_EQ(sluice().await_audited(status.id, 60s).audit, "passed");
    direct().must("DROP TABLE _orders_del");
    EXPECT_EQ(triggers(direct()), before);
  }
  EXPECT_THAT(clients.stop(), IsEmpty());
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM fired").value(), std::to_string(clients.statements()));
  EXPECT_EQ(direct()
                .must("SELECT COUNT(*) FROM (SELECT id FROM fired WHERE what = 'INSERT' GROUP BY id HAVING COUNT(*) > "
                      "1) AS twice")
                .value(),
            "0");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE id > 1000 AND tag <> 'by 1'").value(), "0");
}

TEST_P(Triggers, keep_their_order_definer_sql_mode_and_character_set) {
  direct().must("DROP USER IF EXISTS maker");
  direct().must("CREATE USER maker");
  direct().must("GRANT ALL ON test.* TO maker");
  auto maker = server().connect();
  maker.must("SET NAMES latin1, sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'");
  maker.must(
      "CREATE DEFINER = maker TRIGGER first_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.\"tag\" = 'caf\xe9' || "
      "'s'");
  maker.must(
      "CREATE TRIGGER test.zeroth BEFORE INSERT ON test.orders FOR EACH ROW PRECEDES first_one SET NEW.tag = 'x'");
  maker.must(
      "CREATE /* a comment */ TRIGGER `odd name` BEFORE INSERT ON orders FOR EACH ROW FOLLOWS first_one BEGIN SET "
      "NEW.qty = NEW.qty + 1; SET @a = 'ON table'; END");
  const auto before = triggers(direct());
  const auto bytes = "SELECT HEX(tag) FROM orders WHERE name = 'new'";
  direct().must("INSERT INTO orders (qty, name) VALUES (1, 'new')");
  const auto written = direct().must(bytes).value();
  EXPECT_EQ(written, "636166C3A973");
  direct().must("DELETE FROM orders WHERE name = 'new'");
  complete({.table = "orders", .alter = "ADD COLUMN note INT", .options = included});
  EXPECT_EQ(triggers(direct()), before);
  direct().must("INSERT INTO orders (qty, name) VALUES (1, 'new')");
  EXPECT_EQ(direct().must(bytes).value(), written);
  direct().must("DROP USER maker");
}

TEST_P(Triggers, are_a_reason_to_refuse_where_nothing_is_said) {
  make_triggers();
  expect_refused("ADD COLUMN note INT", "{}",
                 AllOf(HasSubstr("table.triggers"), HasSubstr("stamp"), HasSubstr("include_triggers")));
  expect_refused("ADD COLUMN note INT", R"({"include_triggers": false})", HasSubstr("table.triggers"));
}

TEST_P(Triggers, that_name_a_column_which_goes_are_refused) {
  make_triggers();
  expect_refused("DROP COLUMN tag", included, AllOf(HasSubstr("table.triggers"), HasSubstr("stamp"), HasSubstr("tag")));
  expect_refused("RENAME COLUMN qty TO quantity", included, AllOf(HasSubstr("stamp"), HasSubstr("qty")));
}

TEST_P(Triggers, of_another_time_end_the_migration) {
  make_triggers();
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"include_triggers": true, "postpone_cut_over": true})"});
  ASSERT_EQ(sluice().await_state(id, "ready", 60s).state, "ready");
  direct().must("DROP TRIGGER stamp");
  act(id, "cut-over");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed");
  EXPECT_EQ(json_at(status.json, "/error/code"), "table_changed");
  EXPECT_EQ(triggers(direct()).size(), 3U);
}

TEST_P(Triggers, are_told_in_a_dry_run) {
  make_triggers();
  const auto response =
      sluice().post("/migrate", R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT",)"
                                R"( "options": {"include_triggers": true}, "dry_run": true})");
  EXPECT_EQ(response.status, 200U) << response.body;
  EXPECT_EQ(json_size(response.body, "/triggers"), 4U) << response.body;
  EXPECT_EQ(triggers(direct()).size(), 4U);
}

TEST_P(Triggers, and_foreign_keys_are_there_after_a_crash_at_any_moment) {
  direct().must("CREATE TABLE parents (id INT PRIMARY KEY) ENGINE=InnoDB");
  direct().must("INSERT INTO parents VALUES (1)");
  direct().must(
      "ALTER TABLE orders ADD COLUMN parent INT, ADD CONSTRAINT up FOREIGN KEY (parent) REFERENCES parents (id)");
  make_triggers();
  const auto before = triggers(direct());
  const auto shape = definition(direct(), "orders");
  for (const auto delay : {0ms, 10ms, 20ms, 30ms, 45ms, 60ms, 80ms}) {
    SCOPED_TRACE(delay.count());
    direct().must("DROP TABLE IF EXISTS _orders_del");
    const auto id = sluice().migrate({.table = "orders",
                                      .alter = "ENGINE = InnoDB",
                                      .options = R"({"include_triggers": true, "postpone_cut_over": true})"});
    ASSERT_EQ(sluice().await_state(id, "ready", 60s).state, "ready");
    act(id, "cut-over");
    std::this_thread::sleep_for(delay);  // the point of the test: anywhere in the cut-over, or right after it
    sluice().kill9();
    sluice().restart();
    (void)sluice().post("/migrate/" + id + "/cut-over");  // where the crash came before the wish was written down
    expect_completed(await_end(id));
    EXPECT_EQ(triggers(direct()), before);
    EXPECT_EQ(definition(direct(), "orders"), shape);
    EXPECT_THAT(definition(direct(), "_orders_del"), testing::Not(HasSubstr("FOREIGN KEY")));
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(sluice().await_audited(id, 60s).audit, "passed");
  }
}

}  // namespace
}  // namespace sluice::test
