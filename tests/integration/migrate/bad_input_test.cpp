// Every refusal: the right status, a message that says what to do, an untouched table, and a proxy that goes on.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Matcher;

constexpr unsigned bad_request = 400;
constexpr unsigned not_found = 404;
constexpr unsigned conflict = 409;
constexpr unsigned too_large = 413;
constexpr unsigned refused = 422;

using Says = Matcher<const std::string&>;

class BadInput : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(100);
    before_ = definition(direct(), "orders");
  }
  void TearDown() override {
    EXPECT_EQ(definition(direct(), "orders"), before_);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
    auto client = sluice().connect();
    client.must("INSERT INTO orders (qty, name) VALUES (1, 'still served')");
    BehindSluice::TearDown();
  }

  void expect_error(HttpResponse response, unsigned status, const Says& says) {
    EXPECT_EQ(response.status, status) << response.body;
    ASSERT_THAT(response.headers["content-type"], HasSubstr("application/json")) << response.body;
    EXPECT_NE(json_at(response.body, "/error/code"), "") << response.body;
    EXPECT_NE(json_at(response.body, "/error/message"), "") << response.body;
    EXPECT_THAT(response.body, says);
  }
  void expect_refused(const Migration& migration, const Says& says) {
    expect_error(sluice().post("/migrate", body_of(migration)), refused, says);
  }
  void expect_malformed(const std::string& body, const Says& says) {
    expect_error(sluice().post("/migrate", body), bad_request, says);
  }
  static std::string with_options(const std::string& options) {
    return body_of({.table = "orders", .alter = "ADD COLUMN note INT", .options = options});
  }

 private:
  std::string before_;
};
SLUICE_ON_BOTH_SERVERS(BadInput);

TEST_P(BadInput, unknown_table_or_database) {
  expect_refused({.table = "nowhere", .alter = "ADD COLUMN note INT"}, HasSubstr("nowhere"));
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT", .database = "nobody"}, HasSubstr("nobody"));
  expect_refused({.table = "orders`; DROP TABLE orders; --", .alter = "ADD COLUMN note INT"},
                 HasSubstr("table.unknown"));
}

TEST_P(BadInput, alter_that_is_empty) {
  expect_refused({.table = "orders", .alter = ""}, HasSubstr("alter.empty"));
  expect_refused({.table = "orders", .alter = "  /* nothing */ -- at all"}, HasSubstr("alter.empty"));
}

TEST_P(BadInput, alter_that_does_not_parse_brings_the_servers_words) {
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT DEFAULT DEFAULT"}, HasSubstr("syntax"));
  expect_refused({.table = "orders", .alter = "ADD COLUMN note NOSUCHTYPE"}, HasSubstr("NOSUCHTYPE"));
  expect_refused({.table = "orders", .alter = "DROP COLUMN nothing"}, HasSubstr("nothing"));
  expect_refused({.table = "orders", .alter = "ADD COLUMN note VARCHAR(10) DEFAULT 'open"},
                 HasSubstr("alter.unterminated"));
  expect_refused({.table = "orders", .alter = "ADD COLUMN qty INT"}, HasSubstr("qty"));
}

TEST_P(BadInput, second_statement) {
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT; DROP TABLE orders"},
                 HasSubstr("alter.second_statement"));
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT /*! ; DROP TABLE orders */"}, HasSubstr("alter"));
}

TEST_P(BadInput, whole_statement_in_place_of_what_follows_the_table) {
  expect_refused({.table = "orders", .alter = "ALTER TABLE orders ADD COLUMN note INT"},
                 HasSubstr("alter.whole_statement"));
}

TEST_P(BadInput, table_that_is_renamed) {
  for (const char* alter : {"RENAME TO others", "RENAME others", "ADD COLUMN note INT, RENAME AS test.others"}) {
    expect_refused({.table = "orders", .alter = alter}, HasSubstr("alter.renames_table"));
  }
}

TEST_P(BadInput, drop_of_the_only_usable_key) {
  expect_refused({.table = "orders", .alter = "MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY"}, HasSubstr("key"));
  expect_refused({.table = "orders", .alter = "DROP COLUMN id"}, HasSubstr("key"));
}

TEST_P(BadInput, no_key_to_tell_rows_apart) {
  direct().must("CREATE TABLE keyless (id INT, qty INT, UNIQUE KEY (id), KEY (qty))");
  expect_refused({.table = "keyless", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("key.missing"), HasSubstr("NOT NULL")));
}

TEST_P(BadInput, foreign_keys_to_the_table_and_new_ones_of_it) {
  direct().must(
      "CREATE TABLE order_lines (id BIGINT PRIMARY KEY, order_id BIGINT NOT NULL, FOREIGN KEY (order_id) REFERENCES "
      "orders "
      "(id))");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("table.foreign_keys"), HasSubstr("order_lines")));
  expect_refused({.table = "order_lines", .alter = "ADD FOREIGN KEY (id) REFERENCES orders (id)"},
                 HasSubstr("alter.foreign_key"));
}

TEST_P(BadInput, triggers) {
  direct().must("CREATE TABLE watched (id INT PRIMARY KEY)");
  direct().must("CREATE TRIGGER on_watched BEFORE INSERT ON watched FOR EACH ROW SET NEW.id = NEW.id");
  expect_refused({.table = "watched", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("table.triggers"), HasSubstr("on_watched")));
}

TEST_P(BadInput, view_and_other_engine) {
  direct().must("CREATE VIEW seen AS SELECT * FROM orders");
  expect_refused({.table = "seen", .alter = "ADD COLUMN note INT"}, HasSubstr("table.not_base"));
  direct().must("CREATE TABLE light (id INT PRIMARY KEY) ENGINE = MyISAM");
  expect_refused({.table = "light", .alter = "ADD COLUMN note INT"}, HasSubstr("InnoDB"));
}

TEST_P(BadInput, shadow_table_that_is_there_already_is_not_touched) {
  direct().must("CREATE TABLE _orders_gho (mine INT)");
  direct().must("CREATE TABLE _orders_del (mine INT)");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("_orders_gho"), HasSubstr("initially_drop_ghost_table"), HasSubstr("_orders_del"),
                       HasSubstr("initially_drop_old_table")));
  EXPECT_THAT(definition(direct(), "_orders_gho"), HasSubstr("mine"));
  direct().must("DROP TABLE _orders_gho, _orders_del");
}

TEST_P(BadInput, every_reason_is_named_at_once) {
  direct().must("CREATE TABLE hopeless (id INT)");
  direct().must("CREATE TRIGGER on_hopeless BEFORE INSERT ON hopeless FOR EACH ROW SET NEW.id = 1");
  expect_refused({.table = "hopeless", .alter = "ADD COLUMN note INT, RENAME TO others"},
                 AllOf(HasSubstr("key.missing"), HasSubstr("table.triggers"), HasSubstr("alter.renames_table")));
}

TEST_P(BadInput, binlog_format_that_names_no_rows) {
  direct().must("SET GLOBAL binlog_format = 'STATEMENT'");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("binlog.format"), HasSubstr("ROW")));
  direct().must("SET GLOBAL binlog_format = 'MIXED'");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"}, HasSubstr("binlog.format"));
  direct().must("SET GLOBAL binlog_format = 'ROW'");
}

TEST_P(BadInput, missing_privileges_are_each_named) {
  server().make_user("sluice", std::string{SluiceProcess::password}, "SELECT, INSERT ON test.*");
  direct().must("GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON _sluice.* TO sluice@'%'");
  expect_refused({.table = "orders", .alter = "ADD COLUMN note INT"},
                 AllOf(HasSubstr("privilege.missing"), HasSubstr("UPDATE"), HasSubstr("DELETE"), HasSubstr("ALTER"),
                       HasSubstr("DROP"), HasSubstr("LOCK TABLES"), HasSubstr("REPLICATION SLAVE"),
                       HasSubstr(is_mysql() ? "REPLICATION CLIENT" : "BINLOG MONITOR")));
}

TEST_P(BadInput, malformed_requests) {
  for (const char* body : {"", "{", "[]", "42", "nonsense", "{\"database\": \"test\"}",
                           "{\"database\": \"test\", \"table\": \"orders\"}"}) {
    expect_malformed(body, HasSubstr("error"));
  }
  expect_malformed(R"({"database": "test", "table": 7, "alter": "ADD COLUMN note INT"})", HasSubstr("table"));
  expect_malformed(R"({"database": "test", "table": "orders", "alter": ["ADD COLUMN note INT"]})", HasSubstr("alter"));
  expect_malformed(R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT", "options": []})",
                   HasSubstr("options"));
  expect_malformed(R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT", "dry_run": "yes"})",
                   HasSubstr("dry_run"));
  expect_malformed(R"({"database": "test", "table": "orders", "alter": "ADD COLUMN note INT", "tabel": "x"})",
                   HasSubstr("tabel"));
  expect_malformed(std::string(100'000, '['), HasSubstr("error"));
}

TEST_P(BadInput, unknown_options_and_wrong_types) {
  expect_malformed(with_options(R"({"chunk_sise": 100})"), HasSubstr("chunk_sise"));
  expect_malformed(with_options(R"({"chunk_size": "many"})"), HasSubstr("chunk_size"));
  expect_malformed(with_options(R"({"chunk_size": -1})"), HasSubstr("chunk_size"));
  expect_malformed(with_options(R"({"chunk_size": 0})"), HasSubstr("chunk_size"));
  expect_malformed(with_options(R"({"fence": "wall"})"), HasSubstr("fence"));
  expect_malformed(with_options(R"({"max_load": "Threads_running"})"), HasSubstr("max_load"));
  expect_malformed(with_options(R"({"old_table_retention": 5})"), HasSubstr("old_table_retention"));
  expect_malformed(with_options(R"({"postpone_cut_over": 1})"), HasSubstr("postpone_cut_over"));
  expect_malformed(with_options(R"({"include_triggers": "yes"})"), HasSubstr("include_triggers"));
  expect_malformed(with_options(R"({"discard_foreign_keys": 0})"), HasSubstr("discard_foreign_keys"));
  expect_malformed(with_options(R"({"allow_zero_in_date": null})"), HasSubstr("allow_zero_in_date"));
  expect_malformed(with_options(R"({"approve_renamed_columns": true})"), HasSubstr("old=new"));
}

TEST_P(BadInput, oversized_body) {
  const auto body =
      body_of({.table = "orders", .alter = "ADD COLUMN note INT COMMENT '" + std::string(3U << 20U, 'x') + "'"});
  expect_error(sluice().post("/migrate", body), too_large, HasSubstr("error"));
}

TEST_P(BadInput, unknown_places) {
  auto& there = sluice();
  expect_error(there.get("/migrate/m999"), not_found, HasSubstr("m999"));
  expect_error(there.get("/nowhere"), not_found, HasSubstr("error"));
  for (const char* action : {"pause", "resume", "cut-over", "stop", "panic", "cleanup"}) {
    expect_error(there.post(std::string{"/migrate/m999/"} + action), not_found, HasSubstr("m999"));
  }
  expect_error(there.post("/migrate/m1/explode"), not_found, HasSubstr("error"));
  expect_error(request("PATCH", there.http_port(), "/migrate/m999", R"({"options": {}})"), not_found,
               HasSubstr("m999"));
  expect_error(request("DELETE", there.http_port(), "/migrate"), 405, HasSubstr("error"));
}

TEST_P(BadInput, second_migration_of_a_table_and_actions_that_make_no_sense) {
  const auto id = postponed();
  expect_error(sluice().post("/migrate", with_options("{}")), conflict, HasSubstr(id));
  expect_error(sluice().post("/migrate/" + id + "/resume"), conflict, HasSubstr("paused"));
  expect_error(sluice().post("/migrate/" + id + "/cleanup"), conflict, HasSubstr("error"));
  expect_error(change(id, R"({"fence": "gate"})"), bad_request, HasSubstr("fence"));
  expect_error(change(id, R"({"chunk_size": "many"})"), bad_request, HasSubstr("chunk_size"));
  expect_error(change(id, R"({"nonsense": 1})"), bad_request, HasSubstr("nonsense"));
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  for (const char* action : {"pause", "resume", "cut-over", "stop", "panic"}) {
    expect_error(sluice().post("/migrate/" + id + "/" + action), conflict, HasSubstr("error"));
  }
}

TEST_P(BadInput, dry_run_refuses_in_the_same_words) {
  expect_error(
      sluice().post("/migrate",
                    R"({"database": "test", "table": "nowhere", "alter": "DROP COLUMN qty", "dry_run": true})"),
      refused, HasSubstr("table.unknown"));
  expect_error(sluice().post("/migrate",
                             R"({"database": "test", "table": "orders", "alter": "DROP COLUMN x", "dry_run": true})"),
               refused, HasSubstr("x"));
}

// What only the rows can tell: the migration fails, and says which row.
class BadRows : public BehindSluice {
 protected:
  MigrationStatus failed(const std::string& alter) {
    const auto before = definition(direct(), "orders");
    const auto rows = direct().must("SELECT COUNT(*) FROM orders").value();
    const auto status = await_end(sluice().migrate({.table = "orders", .alter = alter}));
    EXPECT_EQ(status.state, "failed") << status.json;
    EXPECT_EQ(definition(direct(), "orders"), before);
    EXPECT_EQ(sluice().connect().must("SELECT COUNT(*) FROM orders").value(), rows);
    sluice().connect().must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
    return status;
  }
};
SLUICE_ON_BOTH_SERVERS(BadRows);

TEST_P(BadRows, duplicate_under_a_new_unique_key) {
  make_orders(2000);
  direct().must("UPDATE orders SET name = 'the same' WHERE id IN (77, 1500)");
  const auto status = failed("ADD UNIQUE KEY one_name (name)");
  EXPECT_THAT(status.error, AllOf(HasSubstr("duplicate_key"), HasSubstr("one_name"), HasSubstr("the same"),
                                  HasSubstr("(77)"), HasSubstr("(1500)")));
}

TEST_P(BadRows, duplicates_that_the_conversion_makes) {
  make_orders(2000);
  direct().must("ALTER TABLE orders ADD COLUMN d DOUBLE, ALGORITHM = COPY");
  direct().must("UPDATE orders SET d = 10 * id");
  const auto told = AllOf(HasSubstr("duplicate_key"), HasSubstr("one_d"), HasSubstr("(77)"), HasSubstr("(1500)"));
  const auto alters_to = [](const std::string& type) { return "MODIFY d " + type + ", ADD UNIQUE KEY one_d (d)"; };

  direct().must("UPDATE orders SET d = IF(id = 77, 1.2, 0.9) WHERE id IN (77, 1500)");
  EXPECT_THAT(failed(alters_to("INT")).error, told);

  direct().must("DROP TABLE _orders_gho");
  direct().must("UPDATE orders SET d = IF(id = 77, -2.2e-308, 0) WHERE id IN (77, 1500)");
  EXPECT_THAT(failed(alters_to("FLOAT")).error, told);
}

TEST_P(BadRows, duplicate_that_a_client_makes_when_all_is_copied) {
  make_orders(100);
  const auto id = postponed("ADD UNIQUE KEY one_name (name(30), tag)");
  sluice().connect().must("UPDATE orders SET name = 'row 5' WHERE id = 6");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_THAT(status.error,
              AllOf(HasSubstr("duplicate_key"), HasSubstr("one_name"), HasSubstr("(5)"), HasSubstr("(6)")));
}

TEST_P(BadRows, duplicate_that_goes_again_is_none) {
  make_orders(100);
  const auto id = postponed("ADD UNIQUE KEY one_name (name)");
  auto client = sluice().connect();
  client.must("UPDATE orders SET name = 'row 5' WHERE id = 6");
  client.must("UPDATE orders SET name = 'row 6' WHERE id = 5");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(client.must("SELECT GROUP_CONCAT(name ORDER BY id) FROM orders WHERE id IN (5, 6)").value(), "row 6,row 5");
}

TEST_P(BadRows, number_that_is_out_of_the_new_columns_range) {
  make_orders(2000);
  direct().must("UPDATE orders SET qty = 1 WHERE id <> 1234");
  direct().must("UPDATE orders SET qty = -200 WHERE id = 1234");
  const auto status = failed("MODIFY qty TINYINT NOT NULL");
  EXPECT_THAT(status.error, AllOf(HasSubstr("row_refused"), HasSubstr("qty"), HasSubstr("(1234)")));
}

TEST_P(BadRows, null_where_the_new_column_takes_none) {
  make_orders(2000);
  direct().must("ALTER TABLE orders ADD COLUMN note VARCHAR(20), ALGORITHM = COPY");
  direct().must("UPDATE orders SET note = 'x' WHERE id <> 1234");
  const auto status = failed("MODIFY note VARCHAR(20) NOT NULL");
  EXPECT_THAT(status.error, AllOf(HasSubstr("row_refused"), HasSubstr("note"), HasSubstr("(1234)")));
}

TEST_P(BadRows, text_that_is_too_long_for_the_new_column) {
  make_orders(2000);
  direct().must("UPDATE orders SET name = 'much too long for that' WHERE id = 1234");
  const auto status = failed("MODIFY name VARCHAR(12) NOT NULL");
  EXPECT_THAT(status.error, AllOf(HasSubstr("row_refused"), HasSubstr("name"), HasSubstr("(1234)")));
}

class WithoutBinlog : public testing::TestWithParam<Kind> {};
SLUICE_ON_BOTH_SERVERS(WithoutBinlog);

TEST_P(WithoutBinlog, nothing_is_migrated) {
  const auto server = TestServer::start(GetParam(), {.arguments = {"--skip-log-bin"}, .program = {}});
  auto direct = server.connect();
  direct.must("CREATE TABLE orders (id INT PRIMARY KEY)");
  const auto sluice = SluiceProcess::start(server);
  const auto response = sluice.post("/migrate", body_of({.table = "orders", .alter = "ADD COLUMN note INT"}));
  EXPECT_EQ(response.status, refused) << response.body;
  EXPECT_THAT(response.body, AllOf(HasSubstr("binlog.off"), HasSubstr("log_bin")));
  EXPECT_THAT(leftovers(direct), IsEmpty());
  sluice.connect().must("INSERT INTO orders VALUES (1)");
}

}  // namespace
}  // namespace sluice::test
