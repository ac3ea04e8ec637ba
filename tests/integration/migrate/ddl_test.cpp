// What somebody does to the source table itself, past the proxy, while it is migrated: the migration fails and says
// why, never swaps in what no longer belongs, and leaves the table as it is then.
#include <array>
#include <functional>
#include <thread>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;

struct Deed {
  const char* name;
  std::vector<std::string> statements;
};

const std::array deeds{
    Deed{"truncated", {"TRUNCATE TABLE orders"}},
    Deed{"dropped", {"DROP TABLE orders"}},
    Deed{"renamed", {"RENAME TABLE orders TO elsewhere"}},
    Deed{"altered", {"ALTER TABLE orders ADD COLUMN other INT"}},
    Deed{"a column dropped", {"ALTER TABLE orders DROP COLUMN tag"}},
    Deed{"the key changed",
         {"ALTER TABLE orders MODIFY id BIGINT NOT NULL, DROP PRIMARY KEY, ADD UNIQUE KEY (qty, id)"}},
    Deed{"another in its place",
         {"CREATE TABLE twin LIKE orders", "INSERT INTO twin (id, qty, name) VALUES (7, 7, 'twin')",
          "RENAME TABLE orders TO elsewhere, twin TO orders"}},
    Deed{"made anew", {"DROP TABLE orders", "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY)"}},
    Deed{"swapped by hand", {"RENAME TABLE orders TO elsewhere, _orders_gho TO orders"}},
};

class TableChanged : public BehindSluice {
 protected:
  static constexpr std::uint64_t rows = 3000;

  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(rows);
  }

  // All that somebody who looks at the database sees, but for what belongs to the migration.
  std::vector<std::string> everything() {
    std::vector<std::string> all;
    for (const auto* table : {"orders", "elsewhere"}) {
      const auto there = direct().must(std::string{"SHOW TABLES LIKE '"} + table + "'");
      if (there.rows().empty()) continue;
      all.push_back(std::string{table} + ": " + definition(direct(), table) + ", " +
                    direct().must(std::string{"CHECKSUM TABLE "} + table).rows().at(0).at(1).value_or("-"));
    }
    return all;
  }
  void expect_failed(const std::string& id, const std::vector<std::string>& then) {
    const auto status = await_end(id);
    EXPECT_EQ(status.state, "failed") << status.json;
    EXPECT_THAT(json_at(status.json, "/error/code"), AnyOf("table_changed", "tables_missing")) << status.json;
    EXPECT_EQ(everything(), then);
    // The gate is open, and gone soon.
    auto client = sluice().connect();
    EXPECT_TRUE(wait_until([&] {
      const auto reply = client.query("ALTER TABLE orders DROP INDEX not_there");
      return reply.error && (reply.error->code == 1091 || reply.error->code == 1146);
    }));
    act(id, "cleanup");
    EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }));
    EXPECT_EQ(everything(), then);
  }
  std::vector<std::string> done(const Deed& deed) {
    for (const auto& statement : deed.statements) direct().must(statement);
    return everything();
  }
  // Each of them to a table of its own, whose migration `begin` has brought to where it is to meet it.
  void each(const std::function<std::string()>& begin, const std::function<void()>& before = {},
            const std::function<void()>& after = {}) {
    for (const auto& deed : deeds) {
      SCOPED_TRACE(deed.name);
      const auto id = begin();
      if (before) before();
      const auto then = done(deed);
      if (after) after();
      expect_failed(id, then);
      direct().must("DROP TABLE IF EXISTS orders, elsewhere, _orders_del, _orders_gho");
      make_orders(rows);
      if (HasFailure()) return;
    }
  }
};
SLUICE_ON_BOTH_SERVERS(TableChanged);

TEST_P(TableChanged, during_the_copy) {
  each([&] {
    auto id = sluice().migrate({.table = "orders",
                                .alter = "ADD COLUMN note INT",
                                .options = R"({"chunk_size": 50, "chunk_time_ms": 2, "nice_ratio": 60})"});
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 0; }));
    return id;
  });
}

TEST_P(TableChanged, while_the_cut_over_is_postponed) {
  each([&] { return postponed(); });
}

TEST_P(TableChanged, while_sluice_is_down) {
  each([&] { return postponed(); }, [&] { sluice().kill9(); }, [&] { sluice().restart(); });
}

TEST_P(TableChanged, while_sluice_is_down_in_the_midst_of_the_copy) {
  each(
      [&] {
        auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"chunk_size": 50, "chunk_time_ms": 2, "nice_ratio": 60})"});
        EXPECT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 0; }));
        return id;
      },
      [&] { sluice().kill9(); }, [&] { sluice().restart(); });
}

// Where nothing but the gate keeps others out.
class TableChangedInTheHold : public TableChanged {
 protected:
  [[nodiscard]] std::string postponed_without_a_fence() {
    auto id = sluice().migrate({.table = "orders",
                                .alter = "ADD COLUMN note INT",
                                .options = R"({"postpone_cut_over": true, "fence": "gate"})"});
    EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
    return id;
  }
  // Sends the statement while the RENAME waits, because of `readers`.
  MigrationStatus meets_the_rename(const char* statement, const char* read) {
    direct().must("DROP TABLE IF EXISTS orders, _orders_del, _orders_gho");
    make_orders(rows);
    const auto id = postponed_without_a_fence();
    auto writer = sluice().connect();
    // One of them is always at it, none for so long that the cut-over would wait for it with the gate open.
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([this, read](const std::stop_token& stop) {
        auto reader = server().connect();
        while (!stop.stop_requested() && reader.query(read).ok()) {
        }
      });
      std::this_thread::sleep_for(200ms);  // one after the other
    }
    act(id, "cut-over");
    EXPECT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE %"); }, 30s)) << sluice().status(id).json;
    direct().must(statement);
    readers.clear();
    const auto status = await_end(id);
    // Whoever waits goes on.
    writer.must("INSERT INTO orders (id, qty, name) VALUES (99999, 1, 'after')");
    EXPECT_EQ(definition(direct(), "orders").find("`note`") != std::string::npos, status.state == "completed");
    return status;
  }
};
SLUICE_ON_BOTH_SERVERS(TableChangedInTheHold);

constexpr auto reads_the_source = "SELECT SLEEP(0.6) FROM (SELECT 1 FROM orders LIMIT 1) AS one";
constexpr auto reads_the_shadow = "SELECT SLEEP(0.6) FROM (SELECT 1 FROM _orders_gho LIMIT 1) AS one";
struct Statement {
  const char* sql;
  const char* effect;  // once the row 99999 was inserted
  const char* is;
};
constexpr std::array statements{
    Statement{
        "ALTER TABLE orders ADD COLUMN other INT",
        "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'test' AND table_name = 'orders' AND "
        "column_name = 'other'",
        "1"},
    Statement{"TRUNCATE TABLE orders", "SELECT COUNT(*) FROM orders", "1"},
    Statement{"CREATE TRIGGER late BEFORE INSERT ON orders FOR EACH ROW SET NEW.tag = 'late'",
              "SELECT tag FROM orders WHERE id = 99999", "late"}};

TEST_P(TableChangedInTheHold, while_the_rename_waits_is_never_swapped_away) {
  // Where the RENAME is next for the table, it is altered after the swap; where it is not, or that can't be told, the
  // cut-over steps back.
  for (const auto* read : {reads_the_source, reads_the_shadow}) {
    for (const Statement& statement : statements) {
      SCOPED_TRACE(std::string{statement.sql} + " while " + read);
      const auto status = meets_the_rename(statement.sql, read);
      if (read != reads_the_source) EXPECT_EQ(status.state, "failed") << status.json;
      EXPECT_THAT(status.state, AnyOf("completed", "failed")) << status.json;
      EXPECT_EQ(json_at(status.json, "/cut_over/conflicts"), "0") << status.json;
      EXPECT_EQ(direct().must(statement.effect).value(), statement.is);
      if (HasFailure()) return;
    }
  }
}

TEST_P(TableChangedInTheHold, by_who_waits_in_front_of_the_rename_is_never_swapped_away) {
  for (const Statement& statement : statements) {
    SCOPED_TRACE(statement.sql);
    direct().must("DROP TABLE IF EXISTS orders, _orders_del, _orders_gho");
    make_orders(rows);
    const auto id = postponed_without_a_fence();
    auto reader = server().connect();
    reader.must("BEGIN");
    reader.must("SELECT 1 FROM orders LIMIT 1");
    auto bypass = server().connect();
    std::jthread waits([&] { bypass.must(statement.sql); });
    EXPECT_TRUE(wait_until([&] {
      return !direct()
                  .must("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for%metadata lock'")
                  .rows()
                  .empty();
    }));
    act(id, "cut-over");
    // MySQL shows who holds the table, and is not even tried then.
    EXPECT_TRUE(wait_until(
        [&] { return sluice().status(id).attempts > 0 || json_size(sluice().status(id).json, "/blockers") > 0; }));
    reader.must("COMMIT");
    waits.join();
    const auto status = await_end(id);
    EXPECT_EQ(status.state, "failed") << status.json;
    EXPECT_EQ(json_at(status.json, "/error/code"), "table_changed") << status.json;
    direct().must("INSERT INTO orders (id, qty, name) VALUES (99999, 1, 'after')");
    EXPECT_EQ(direct().must(statement.effect).value(), statement.is);
    if (HasFailure()) return;
  }
}

TEST_P(TableChangedInTheHold, by_rows_only_swaps_as_ever) {
  const auto id = postponed_without_a_fence();
  // Long statements, of which the list of processes shows but a part.
  const std::string name = "LEFT('it''s long" + std::string(100'000, '-') + "', 9)";
  std::vector<std::jthread> loaders;
  for (unsigned i = 1; i <= 2; ++i) {
    loaders.emplace_back([&, next = i * 1'000'000](const std::stop_token& stop) mutable {
      auto loader = server().connect();
      while (!stop.stop_requested()) {
        loader.must("INSERT INTO orders (id, qty, name) SELECT " + std::to_string(next++) + ", 1, " + name);
      }
    });
  }
  EXPECT_TRUE(wait_until([&] { return std::stoull(direct().must("SELECT COUNT(*) FROM orders").value()) > rows; }));
  act(id, "cut-over");
  const auto status = await_end(id);
  loaders.clear();
  EXPECT_EQ(status.state, "completed") << status.json;
  EXPECT_THAT(json_at(status.json, "/cut_over/last_error"), testing::Not(HasSubstr("DDL"))) << status.json;
}

TEST_P(TableChangedInTheHold, by_what_comes_at_any_moment_is_kept) {
  int failed = 0;
  int completed = 0;
  for (int delay = 0; delay < 12; ++delay) {
    SCOPED_TRACE(delay);
    direct().must("DROP TABLE IF EXISTS orders, _orders_del, _orders_gho");
    make_orders(rows);
    const auto id = postponed_without_a_fence();
    auto client = sluice().connect();
    auto bypass = server().connect();
    act(id, "cut-over");
    // The point of the test: anywhere in the attempt, or right after it.
    std::this_thread::sleep_for(std::chrono::milliseconds{5 * delay});
    bypass.must("ALTER TABLE orders ADD COLUMN mark INT");
    const auto status = await_end(id);
    EXPECT_THAT(status.state, AnyOf("failed", "completed")) << status.json;
    const bool swapped = status.state == "completed";
    ++(swapped ? completed : failed);
    EXPECT_EQ(definition(direct(), "orders").find("`note`") != std::string::npos, swapped);
    if (!swapped) EXPECT_EQ(json_at(status.json, "/error/code"), "table_changed") << status.json;
    EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`mark`"));
    EXPECT_EQ(json_at(status.json, "/cut_over/conflicts"), "0") << status.json;
    client.must("INSERT INTO orders (qty, name) VALUES (1, 'after')");
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), std::to_string(rows + 1));
    if (swapped) EXPECT_TRUE(wait_until([&] { return sluice().status(id).audit != "pending"; }, 60s));
    if (HasFailure()) return;
  }
  std::cout << "before the swap: " << failed << ", after it: " << completed << "\n";
}

TEST_P(TableChangedInTheHold, where_nobody_can_see_it_come_is_told_as_a_conflict) {
  if (!is_mysql()) return;  // MariaDB says at once that somebody waits for a table
  // As with the performance schema off.
  direct().must(
      "UPDATE performance_schema.setup_instruments SET enabled = 'NO' WHERE name = 'wait/lock/metadata/sql/mdl'");
  for (const Statement& statement : statements) {
    SCOPED_TRACE(statement.sql);
    constexpr int tries = 5;
    int late = 0;
    for (; late < tries && !HasFailure(); ++late) {
      const auto status = meets_the_rename(statement.sql, reads_the_shadow);
      if (json_at(status.json, "/cut_over/conflicts") == "0") continue;
      EXPECT_EQ(status.state, "completed") << status.json;
      EXPECT_THAT(leftovers(direct()), testing::ElementsAre("_orders_del")) << "it is kept";
      EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), std::to_string(rows + 1));
      EXPECT_TRUE(wait_until([&] { return sluice().status(status.id).audit != "pending"; }, 60s));
      break;
    }
    EXPECT_LT(late, tries) << "the statement always came after the swap";
    if (HasFailure()) break;
  }
  direct().must(
      "UPDATE performance_schema.setup_instruments SET enabled = 'YES' WHERE name = 'wait/lock/metadata/sql/mdl'");
}

TEST_P(TableChanged, by_a_foreign_key_to_it) {
  const auto id = postponed();
  direct().must("CREATE TABLE order_lines (id INT PRIMARY KEY, of_order BIGINT)");
  const auto type = direct().must(
      "SELECT column_type FROM information_schema.columns WHERE table_schema = 'test' AND "
      "table_name = 'orders' AND column_name = 'id'");
  direct().must("ALTER TABLE order_lines MODIFY of_order " + type.value() +
                ", ADD FOREIGN KEY (of_order) REFERENCES orders (id)");
  act(id, "cut-over");
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed") << status.json;
  EXPECT_EQ(json_at(status.json, "/error/code"), "table_changed") << status.json;
  direct().must("INSERT INTO order_lines SELECT id, id FROM orders LIMIT 1");
  direct().must("DROP TABLE order_lines");
}

TEST_P(TableChanged, by_a_trigger_while_none_were_to_be_taken_over) {
  const std::string trigger = "CREATE TRIGGER late BEFORE INSERT ON orders FOR EACH ROW SET NEW.tag = 'late'";
  const auto id = postponed();
  direct().must(trigger);
  const auto then = everything();
  expect_failed(id, then);
  direct().must("DROP TRIGGER late");

  const auto down = postponed();
  sluice().kill9();
  direct().must(trigger);
  sluice().restart();
  expect_failed(down, then);
  auto client = sluice().connect();
  client.must("INSERT INTO orders (qty, name) VALUES (1, 'fired')");
  EXPECT_EQ(client.must("SELECT tag FROM orders WHERE name = 'fired'").value(), "late");
}

}  // namespace
}  // namespace sluice::test
