// The race that Sluice exists for: somebody holds the shadow table's metadata lock as the cut-over begins, while
// clients and bypass writers write.
#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::IsEmpty;

constexpr Key bypass_keys = 500'000'000;

// Write straight to the server, each row once: whatever the table's rows are in the end, each write must be seen in
// them, in whichever table it landed first.
class BypassWriters {
 public:
  BypassWriters(TestServer& server, unsigned count) : server_{server} {
    for (unsigned i = 0; i < count; ++i) writers_.push_back(std::make_unique<Writer>());
  }

  // Rows to be updated and deleted by them.
  void fill(TestClient& direct) {
    std::string sql = "INSERT INTO orders (id, qty, name) VALUES ";
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      for (Key n = 0; n < 2 * own_rows; ++n) {
        const auto key = first_key(i) + n;
        sql += (i + n == 0 ? "(" : ",(") + std::to_string(key) + ",0,'bypass')";
        writers_[i]->expected[key] = Content{0, "bypass"};
      }
    }
    direct.must(sql);
  }

  void start() {
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      writers_[i]->thread =
          std::jthread{[this, i](const std::stop_token& stop) { run(*writers_[i], first_key(i), stop); }};
    }
  }
  void stop() {
    for (const auto& writer : writers_) {
      writer->thread.request_stop();
      if (writer->thread.joinable()) writer->thread.join();
    }
  }
  [[nodiscard]] std::uint64_t acknowledged() const {
    std::uint64_t sum = 0;
    for (const auto& writer : writers_) sum += writer->acknowledged;
    return sum;
  }
  [[nodiscard]] std::uint64_t connection_id() const { return writers_.front()->connection_id; }

  // After stop().
  void expect_nothing_lost(TestClient& direct) const {
    std::map<std::string, Content> table;
    const auto reply = direct.must("SELECT id, qty, name FROM orders WHERE id >= " + std::to_string(bypass_keys));
    for (const auto& row : reply.rows()) table[row[0].value()] = {std::stoll(row[1].value()), row[2].value()};
    std::size_t there = 0;
    for (const auto& writer : writers_) {
      EXPECT_EQ(writer->problem, "");
      for (const auto& [key, state] : writer->expected) {
        const auto found = table.find(std::to_string(key));
        there += state ? 1U : 0U;
        EXPECT_EQ(found == table.end() ? RowState{} : RowState{found->second}, state) << "row " << key;
      }
    }
    EXPECT_EQ(table.size(), there) << "rows that were deleted are back";
  }

 private:
  static constexpr Key own_rows = 1500;
  static constexpr auto think_time = 2ms;
  static constexpr Key keys_a_writer = 1'000'000;

  struct Writer {
    std::map<Key, RowState> expected;
    std::string problem;
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> connection_id{0};
    std::jthread thread;
  };

  static Key first_key(std::size_t writer) { return bypass_keys + writer * keys_a_writer; }

  void run(Writer& writer, Key first, const std::stop_token& stop) const {
    auto client = server_.connect();
    writer.connection_id = client.connection_id();
    const auto write = [&](const std::string& sql, Key key, const RowState& after) {
      const auto reply = client.query(sql);
      if (reply.error) writer.problem = sql + ": " + reply.error->text;
      if (!reply.error && reply.results.front().affected_rows == 1) {
        writer.expected[key] = after;
        ++writer.acknowledged;
      } else if (!reply.error) {
        writer.problem = sql + " met no row";
      }
      return writer.problem.empty();
    };
    // Rows to update and delete run out; there is always one to insert.
    for (Key turn = 0; !stop.stop_requested(); ++turn) {
      const auto inserted = first + 2 * own_rows + turn;
      const auto updated = first + turn;
      const auto deleted = first + own_rows + turn;
      if (!write("INSERT INTO orders (id, qty, name) VALUES (" + std::to_string(inserted) + ", 1, 'new')", inserted,
                 Content{1, "new"})) {
        return;
      }
      if (turn < own_rows &&
          (!write("UPDATE orders SET qty = 2, name = 'changed' WHERE id = " + std::to_string(updated), updated,
                  Content{2, "changed"}) ||
           !write("DELETE FROM orders WHERE id = " + std::to_string(deleted), deleted, std::nullopt))) {
        return;
      }
      std::this_thread::sleep_for(think_time);
    }
  }

  TestServer& server_;
  std::vector<std::unique_ptr<Writer>> writers_;
};

class Race : public BehindSluice {
 protected:
  static bool writes_go_on(const Workload& workload, std::uint64_t count = 300) {
    const auto before = workload.acknowledged();
    return wait_until([&] { return workload.acknowledged() > before + count; }, 30s);
  }

  static bool names_bypass_writer(const MigrationStatus& status, std::uint64_t connection) {
    for (std::size_t i = 0; i < json_size(status.json, "/bypass_writers"); ++i) {
      const auto shown = json_at(status.json, "/bypass_writers/" + std::to_string(i) + "/connection_id");
      if (shown == std::to_string(connection)) return true;
    }
    return false;
  }

  void bypassed(const std::string& fence) {
    make_orders(0);
    Workload clients{clients_of_orders()};
    clients.fill(direct(), 3000);
    BypassWriters writers{server(), 4};
    writers.fill(direct());
    clients.start();
    writers.start();
    ASSERT_TRUE(wait_until([&] { return writers.acknowledged() > 100; }));

    const auto id = sluice().migrate(
        {.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"fence": ")" + fence + "\"}"});
    const auto status = await_end(id);
    const auto then = writers.acknowledged();
    EXPECT_TRUE(wait_until([&] { return writers.acknowledged() > then + 100; }));
    writers.stop();
    expect_completed(status);
    expect_own_rows_unharmed(clients);
    writers.expect_nothing_lost(direct());
    if (is_mysql()) {
      EXPECT_TRUE(names_bypass_writer(status, writers.connection_id())) << status.json;
    }
  }
};
SLUICE_ON_BOTH_SERVERS(Race);

TEST_P(Race, reader_of_the_shadow_holds_the_swap_up_and_nothing_is_lost) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 3000);
  workload.start();
  ASSERT_TRUE(writes_go_on(workload));
  const auto id = postponed();

  auto reader = server().connect();
  reader.must("BEGIN");
  EXPECT_NE(reader.must("SELECT COUNT(*) FROM _orders_gho").value(), "0");
  act(id, "cut-over");
  // Long enough for attempts to fail at the shadow's lock, or for the reader to be seen.
  const auto noticed = [&] {
    const auto status = sluice().status(id);
    return status.attempts > 0 || json_size(status.json, "/blockers") > 0;
  };
  EXPECT_TRUE(wait_until(noticed, 20s)) << sluice().status(id).json;
  EXPECT_TRUE(writes_go_on(workload, 1000));
  EXPECT_FALSE(sluice().status(id).ended());
  reader.must("COMMIT");

  expect_completed(await_end(id));
  EXPECT_TRUE(writes_go_on(workload));
  expect_unharmed(workload);
}

TEST_P(Race, row_of_an_xa_transaction_that_was_prepared_before_the_start_is_not_lost) {
  make_orders(100);
  auto client = server().connect();
  client.must("XA START 'early'");
  client.must("INSERT INTO orders (id, qty, name) VALUES (888888888, 1, 'prepared')");
  client.must("XA END 'early'");
  client.must("XA PREPARE 'early'");
  const auto id = sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_TRUE(wait_until([&] { return json_at(sluice().status(id).json, "/throttled_by").starts_with("XA"); }));
  client.must("XA COMMIT 'early'");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT name FROM orders WHERE id = 888888888").value(), "prepared");
}

TEST_P(Race, readers_of_both_tables_come_and_go_and_nothing_is_lost) {
  make_orders(0);
  Workload workload{clients_of_orders()};
  workload.fill(direct(), 3000);
  workload.start();
  const auto id = postponed();
  std::vector<std::jthread> readers;
  for (const auto* table : {"_orders_gho", "orders"}) {
    readers.emplace_back([this, table](const std::stop_token& stop) {
      auto client = server().connect();
      while (!stop.stop_requested()) {
        client.must("BEGIN");
        if (!client.query(std::string{"SELECT COUNT(*), SLEEP(0.03) FROM (SELECT 1 FROM "} + table + " LIMIT 1) AS one")
                 .ok())
          return;
        client.must("COMMIT");
      }
    });
  }
  act(id, "cut-over");
  const auto status = await_end(id);
  readers.clear();
  expect_completed(status);
  EXPECT_TRUE(writes_go_on(workload));
  expect_unharmed(workload);
}

TEST_P(Race, bypass_writers_lose_nothing_where_the_server_can_lock_them_out) {
  bypassed("auto");
}

TEST_P(Race, bypass_writers_lose_nothing_where_only_the_gate_is_closed) {
  bypassed("gate");
}

// With the fence, what they read and write is right at every moment as well.
TEST_P(Race, bypass_clients_behind_the_fence_notice_nothing) {
  if (!is_mysql()) return;  // MariaDB cannot rename what it has locked: there is no fence
  make_orders(0);
  Workload clients{clients_of_orders()};
  clients.fill(direct(), 3000);
  auto options = clients_of_orders();
  options.connection.port = server().port();
  options.clients = 4;
  options.first_key = bypass_keys;
  Workload bypass{options};
  clients.start();
  bypass.start();
  ASSERT_TRUE(writes_go_on(bypass));
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  EXPECT_EQ(json_at(status.json, "/cut_over/fence"), "lock");
  EXPECT_TRUE(writes_go_on(bypass));
  expect_own_rows_unharmed(clients);
  expect_own_rows_unharmed(bypass);
}

}  // namespace
}  // namespace sluice::test
