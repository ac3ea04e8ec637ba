#include "migrator/table/preflight.hpp"

#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

class Preflight : public Engine {
 protected:
  void SetUp() override {
    Engine::SetUp();
    client().must("DROP VIEW IF EXISTS v");
    client().must("DROP TABLE IF EXISTS child, parent, elsewhere");
  }

  std::vector<std::string> codes(const Problems& problems) {
    std::vector<std::string> words;
    for (const Problem& problem : problems) words.push_back(problem.code);
    return words;
  }

  std::vector<std::string> refusals(const std::string& table, const std::string& alter,
                                    const std::string& database = "test") {
    Connection connection = connect();
    const auto problems = preflight(connection, {.database = database, .table = table, .alter = alter});
    EXPECT_TRUE(problems) << why(problems.error());
    return problems ? codes(*problems) : std::vector<std::string>{};
  }

  // The password is "p".
  SqlResult<Connection> connect_as(const std::string& user) {
    auto address = address_of(server());
    address.user = user;
    address.password = "p";
    return Connection::connect(address);
  }

  // What trying the alter says; the shadow must not stay.
  std::vector<std::string> shape_refusals(const std::string& alter) {
    Connection connection = connect();
    const auto made = create_shadow(connection, {.database = "test", .table = "t", .alter = alter});
    EXPECT_TRUE(made) << why(made.error());
    const auto* problems = made ? std::get_if<Problems>(&*made) : nullptr;
    EXPECT_NE(problems, nullptr) << alter;
    EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = '_t_gho'"), "0");
    return problems != nullptr ? codes(*problems) : std::vector<std::string>{};
  }
};
SLUICE_ON_BOTH_SERVERS(Preflight);

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(Preflight, finds_nothing_against_an_ordinary_table) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  EXPECT_THAT(refusals("t", "ADD COLUMN c INT"), IsEmpty());
}

TEST_P(Preflight, names_what_is_not_there) {
  EXPECT_THAT(refusals("t", "ADD COLUMN c INT"), ElementsAre("table.unknown"));
  EXPECT_THAT(refusals("t", "ADD COLUMN c INT", "nowhere"), ElementsAre("database.unknown"));
  EXPECT_THAT(refusals("t'; DROP TABLE x", "ADD COLUMN c INT"), ElementsAre("table.unknown"));
}

TEST_P(Preflight, refuses_what_is_no_table_of_rows) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  client().must("CREATE VIEW v AS SELECT * FROM t");
  EXPECT_THAT(refusals("v", "ADD COLUMN c INT"), Contains("table.not_base"));
  client().must("CREATE TABLE elsewhere (id INT PRIMARY KEY) ENGINE = MyISAM");
  EXPECT_THAT(refusals("elsewhere", "ADD COLUMN c INT"), ElementsAre("table.engine"));
}

TEST_P(Preflight, refuses_a_table_without_a_key_that_names_rows) {
  client().must(
      "CREATE TABLE t (a INT, b FLOAT NOT NULL, c VARCHAR(20) NOT NULL, UNIQUE (a), UNIQUE (b), UNIQUE (c(5)))");
  EXPECT_THAT(refusals("t", "ADD COLUMN d INT"), ElementsAre("key.missing"));
}

TEST_P(Preflight, refuses_foreign_keys_to_the_table_and_triggers) {
  client().must("CREATE TABLE parent (id INT PRIMARY KEY) ENGINE = InnoDB");
  client().must("CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))");
  EXPECT_THAT(refusals("child", "ADD COLUMN c INT"), IsEmpty());
  EXPECT_THAT(refusals("parent", "ADD COLUMN c INT"), ElementsAre("table.foreign_keys"));
  client().must("CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES t (id))");
  EXPECT_THAT(refusals("t", "ADD COLUMN c INT"), IsEmpty()) << "to itself";
  client().must("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id");
  EXPECT_THAT(refusals("t", "ADD COLUMN c INT"), ElementsAre("table.triggers"));
}

TEST_P(Preflight, refuses_cascades_that_the_binlog_does_not_tell_of) {
  client().must("CREATE TABLE parent (id INT PRIMARY KEY) ENGINE = InnoDB");
  client().must(
      "CREATE TABLE t (id INT PRIMARY KEY, p INT, CONSTRAINT c1 FOREIGN KEY (p) REFERENCES parent (id) ON UPDATE "
      "CASCADE)");
  Connection connection = connect();
  const Specification specification{.database = "test", .table = "t", .alter = "ADD c INT"};
  auto facts = gather_facts(connection, specification);
  ASSERT_TRUE(facts) << why(facts.error());
  for (const auto* unseen : {"", "ON"}) {
    facts->native_foreign_keys = unseen;
    EXPECT_THAT(codes(check(specification, *facts)), ElementsAre("table.cascades"));
  }
  facts->native_foreign_keys = "OFF";
  EXPECT_THAT(codes(check(specification, *facts)), IsEmpty());
}

TEST_P(Preflight, names_what_the_parents_of_a_child_lack) {
  client().must("CREATE DATABASE IF NOT EXISTS other");
  client().must("CREATE TABLE other.parent (id INT PRIMARY KEY) ENGINE = InnoDB");
  client().must("CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES other.parent (id))");
  server().make_user("poor", "p", "ALL ON test.*");
  client().must("GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.* TO poor");
  client().must("GRANT SELECT ON other.* TO poor");
  auto connection = connect_as("poor");
  ASSERT_TRUE(connection) << why(connection.error());
  const auto problems = preflight(*connection, {.database = "test", .table = "t", .alter = "ADD c INT"});
  ASSERT_TRUE(problems) << why(problems.error());
  std::string text;
  for (const Problem& problem : *problems) text += problem.message + "\n";
  EXPECT_THAT(codes(*problems), ElementsAre("privilege.missing", "privilege.missing")) << text;
  EXPECT_THAT(text, testing::AllOf(testing::HasSubstr("LOCK TABLES on `other`.`parent`"),
                                   testing::HasSubstr("REFERENCES on `other`.`parent`")));
  client().must("DROP USER poor");
  client().must("DROP TABLE t");
  client().must("DROP DATABASE other");
}

TEST_P(Preflight, says_what_is_missing_to_make_a_trigger_again) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  client().must("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id");
  server().make_user("poor", "p", "ALL ON test.*");
  auto connection = connect_as("poor");
  ASSERT_TRUE(connection) << why(connection.error());
  const Specification specification{
      .database = "test", .table = "t", .alter = "ADD c INT", .options = {.include_triggers = true}};
  const auto refused_because = [&](const char* reason) {
    const auto made = create_shadow(*connection, specification);
    ASSERT_TRUE(made) << why(made.error());
    const auto* problems = std::get_if<Problems>(&*made);
    ASSERT_NE(problems, nullptr);
    EXPECT_THAT(codes(*problems), ElementsAre("table.triggers"));
    EXPECT_THAT(problems->front().message, testing::AllOf(testing::HasSubstr("tr"), testing::HasSubstr(reason)));
  };
  refused_because("log_bin_trust_function_creators");
  client().must("SET GLOBAL log_bin_trust_function_creators = 1");
  refused_because("SET_ANY_DEFINER");
  client().must("SET GLOBAL log_bin_trust_function_creators = 0");
  client().must("DROP USER poor");
}

TEST_P(Preflight, says_everything_at_once) {
  client().must("CREATE TABLE t (id INT)");
  client().must("CREATE TABLE _t_gho (id INT)");
  client().must("CREATE TABLE _t_del (id INT)");
  EXPECT_THAT(refusals("t", "RENAME TO u; DROP TABLE t"),
              testing::UnorderedElementsAre("alter.second_statement", "alter.renames_table", "key.missing",
                                            "shadow.exists", "old.exists"));
}

TEST_P(Preflight, refuses_a_name_that_would_grow_too_long) {
  const std::string name(60, 'n');
  client().must("CREATE TABLE " + name + " (id INT PRIMARY KEY)");
  EXPECT_THAT(refusals(name, "ADD COLUMN c INT"), ElementsAre("table.name_too_long"));
  client().must("DROP TABLE " + name);
}

TEST_P(Preflight, names_each_missing_privilege) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  server().make_user("poor", "p", "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER ON test.*");
  auto connection = connect_as("poor");
  ASSERT_TRUE(connection) << why(connection.error());
  const auto problems = preflight(*connection, {.database = "test", .table = "t", .alter = "ADD c INT"});
  ASSERT_TRUE(problems) << why(problems.error());
  std::string text;
  for (const Problem& problem : *problems) {
    EXPECT_EQ(problem.code, "privilege.missing");
    text += problem.message + "\n";
  }
  for (const auto* word : {"LOCK TABLES", "TRIGGER", "REPLICATION SLAVE", "PROCESS"}) {
    EXPECT_THAT(text, testing::HasSubstr(word));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("lacks SELECT")));
  client().must("DROP USER poor");
}

TEST_P(Preflight, is_content_with_exactly_the_privileges_it_names) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  server().make_user("enough", "p",
                     "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, LOCK TABLES, TRIGGER ON `te%`.*");
  client().must("GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.* TO enough");
  auto connection = connect_as("enough");
  ASSERT_TRUE(connection) << why(connection.error());
  const auto problems = preflight(*connection, {.database = "test", .table = "t", .alter = "ADD c INT"});
  ASSERT_TRUE(problems) << why(problems.error());
  EXPECT_THAT(codes(*problems), IsEmpty());
  client().must("DROP USER enough");
}

TEST_P(Preflight, lets_the_server_itself_refuse_an_alter_and_leaves_nothing_behind) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
  EXPECT_THAT(shape_refusals("ADD COLUM c INT"), ElementsAre("alter.refused"));
  EXPECT_THAT(shape_refusals("DROP COLUMN nothing"), ElementsAre("alter.refused"));
  EXPECT_THAT(shape_refusals("COMMENT 'x' ENGINE MyISAM"), ElementsAre("alter.engine"));
}

TEST_P(Preflight, refuses_an_alter_that_leaves_rows_without_their_key) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(5))");
  EXPECT_THAT(shape_refusals("DROP PRIMARY KEY"), ElementsAre("key.dropped"));
  EXPECT_THAT(shape_refusals("DROP COLUMN id"), ElementsAre("key.dropped"));
  EXPECT_THAT(shape_refusals("MODIFY id VARCHAR(20)"), ElementsAre("key.converted"));
  EXPECT_THAT(shape_refusals("ADD d DATE NOT NULL"), ElementsAre("plan.new_column_default"));
}

TEST_P(Preflight, takes_another_key_where_the_first_one_goes) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(5) NOT NULL, UNIQUE KEY a (a))");
  Connection connection = connect();
  const auto made =
      create_shadow(connection, {.database = "test", .table = "t", .alter = "DROP PRIMARY KEY, ADD PRIMARY KEY (a)"});
  ASSERT_TRUE(made) << why(made.error());
  const auto* shadow = std::get_if<Shadow>(&*made);
  ASSERT_NE(shadow, nullptr);
  EXPECT_EQ(shadow->plan.key.source_index, "a");
  EXPECT_EQ(shadow->plan.key.storage, KeyStorage::secondary);
}

TEST_P(Preflight, knows_a_server_that_does_not_log_rows) {
  client().must("CREATE TABLE t (id INT PRIMARY KEY)");
  Connection connection = connect();
  auto facts = gather_facts(connection, {.database = "test", .table = "t", .alter = "ADD c INT"});
  ASSERT_TRUE(facts) << why(facts.error());
  EXPECT_EQ(facts->log_bin, "ON");
  facts->log_bin = "OFF";
  facts->binlog_format = "MIXED";
  facts->binlog_order_commits = "OFF";
  EXPECT_THAT(codes(check({.database = "test", .table = "t", .alter = "ADD c INT"}, *facts)),
              ElementsAre("binlog.off", "binlog.format", "binlog.order_commits"));
}

}  // namespace
}  // namespace sluice::migrator::test
