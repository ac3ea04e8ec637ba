// Tables and databases of awkward names, and servers that don't tell upper from lower case.
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned refused = 422;
constexpr std::size_t name_length_max = 64;
constexpr const char* columns = " (id BIGINT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL)";

std::string quoted(const std::string& name) {
  std::string text = "`";
  for (const char c : name) text += c == '`' ? "``" : std::string{c};
  return text + "`";
}

struct Name {
  std::string database;
  std::string table;
  [[nodiscard]] std::string in_sql() const { return quoted(database) + "." + quoted(table); }
};

class AwkwardNames : public BehindSluice {
 protected:
  void is_migrated(const Name& name) {
    SCOPED_TRACE(name.in_sql());
    direct().must("DROP DATABASE IF EXISTS " + quoted(name.database));
    direct().must("CREATE DATABASE " + quoted(name.database));
    direct().must("CREATE TABLE " + name.in_sql() + columns);
    direct().must("CREATE VIEW " + quoted(name.database) + ".seen AS SELECT * FROM " + name.in_sql());
    auto ways = by_the_given_name();
    ways.push_back(way("view", [view = quoted(name.database) + ".seen"](Writer& writer) {
      const auto change = writer.any();
      writer.write(writer.sql(change, view));
      return Changes{change};
    }));
    ways.push_back(way("default database", [table = quoted(name.table), &name](Writer& writer) {
      const auto change = writer.any();
      writer.client().use(name.database);
      writer.write(writer.sql(change, table));
      writer.must("USE mysql");
      return Changes{change};
    }));
    Writers writers{{.port = sluice().port()}, name.in_sql(), ways};
    writers.start();
    EXPECT_TRUE(writers.all_write());
    auto holder = sluice().connect("");
    const auto id = sluice().migrate({.table = name.table,
                                      .alter = "ADD COLUMN note INT",
                                      .options = R"({"postpone_cut_over": true})",
                                      .database = name.database});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    // The view leads to the table.
    holder.must("LOCK TABLES " + quoted(name.database) + ".seen READ");
    const auto named = "\"connection_id\":" + std::to_string(holder.connection_id()) + ",";
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).json.find(named) != std::string::npos; }));
    holder.must("UNLOCK TABLES");
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_TRUE(writers.all_write());
    writers.stop();
    EXPECT_THAT(writers.complaints(), IsEmpty());
    EXPECT_THAT(writers.compare(direct()), IsEmpty());
    direct().must("DROP DATABASE " + quoted(name.database));
  }
};
SLUICE_ON_BOTH_SERVERS(AwkwardNames);

TEST_P(AwkwardNames, with_marks_in_them) {
  is_migrated({"my-shop", "or`ders"});
  is_migrated({"a.b", "the orders"});
  is_migrated({"select", "table"});
}

TEST_P(AwkwardNames, with_letters_that_are_not_ascii) {
  is_migrated({"bücher", "Aufträge"});
}

TEST_P(AwkwardNames, of_the_greatest_length) {
  const std::string database(name_length_max, 'd');
  const std::string table(name_length_max - std::string{"__gho"}.size(), 't');
  is_migrated({database, table});
  direct().must("CREATE TABLE " + quoted("x" + table) + columns);
  const auto response = sluice().post("/migrate", body_of({.table = "x" + table, .alter = "ADD COLUMN note INT"}));
  EXPECT_EQ(response.status, refused);
  EXPECT_THAT(response.body, HasSubstr("table.name_too_long"));
}

// lower_case_table_names = 0: these are two tables.
TEST_P(AwkwardNames, that_differ_by_case_are_two_tables) {
  for (const auto* table : {"orders", "Orders"}) direct().must(std::string{"CREATE TABLE "} + table + columns);
  Writers lower{{.port = sluice().port(), .database = "test"}, "orders", by_the_given_name()};
  Writers upper{{.port = sluice().port(), .database = "test"}, "Orders", by_the_given_name()};
  lower.start();
  upper.start();
  for (const auto* table : {"orders", "Orders"}) {
    EXPECT_TRUE(lower.all_write() && upper.all_write());
    complete({.table = table, .alter = "ADD COLUMN note INT"});
  }
  EXPECT_TRUE(lower.all_write() && upper.all_write());
  for (auto* writers : {&lower, &upper}) {
    writers->stop();
    EXPECT_THAT(writers->complaints(), IsEmpty());
  }
  EXPECT_THAT(lower.compare(direct()), IsEmpty());
  EXPECT_THAT(upper.compare(direct()), IsEmpty());
}

// lower_case_table_names = 1: these are one.
class OneCase : public OnBothServers {};
SLUICE_ON_BOTH_SERVERS(OneCase);

TEST_P(OneCase, clients_and_the_migration_may_spell_the_name_as_they_like) {
  const auto server = TestServer::start(GetParam(), {.arguments_from_the_start = {"--lower-case-table-names=1"}});
  auto direct = server.connect();
  direct.must(std::string{"CREATE TABLE Orders"} + columns);
  direct.must("CREATE VIEW Seen AS SELECT * FROM ORDERS");
  auto ways = by_the_given_name();
  for (const auto* spelling : {"ORDERS", "Test.orders", "`TEST`.`orDers`", "sEEn"}) {
    ways.push_back(way(spelling, [spelling](Writer& writer) {
      const auto change = writer.any();
      writer.write(writer.sql(change, spelling));
      return Changes{change};
    }));
  }
  const auto sluice = SluiceProcess::start(server);
  Writers writers{{.port = sluice.port(), .database = "TEST"}, "oRDERS", ways};
  writers.start();
  for (const std::string table : {"orders", "Orders"}) {
    EXPECT_TRUE(writers.all_write());
    const auto id = sluice.migrate({.table = table,
                                    .alter = table == "orders" ? "ADD COLUMN note INT" : "DROP COLUMN note",
                                    .options = R"({"initially_drop_old_table": true})",
                                    .database = "Test"});
    const auto status = sluice.await_state(id, "completed");
    EXPECT_EQ(status.state, "completed") << status.json << sluice.log();
  }
  EXPECT_TRUE(writers.all_write());
  writers.stop();
  EXPECT_THAT(writers.complaints(), IsEmpty());
  EXPECT_THAT(writers.compare(direct), IsEmpty());
}

}  // namespace
}  // namespace sluice::test
