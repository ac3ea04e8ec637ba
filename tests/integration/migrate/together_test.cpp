// Several tables that change together: all of them swap in one RENAME, or none does.
#include <thread>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/scripted_clients.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// A transaction that writes one row into each of both tables, in either order.
std::vector<std::string> pair_of(std::uint64_t number) {
  const auto id = std::to_string(number);
  const std::string one = "INSERT INTO orders (id, qty, name) VALUES (" + id + ", 1, 'pair')";
  const std::string two = "INSERT INTO items (id, qty) VALUES (" + id + ", 1)";
  return {"BEGIN", number % 2 == 0 ? one : two, number % 2 == 0 ? two : one, "COMMIT"};
}

class Together : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(2000);
    direct().must("CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, qty INT NOT NULL)");
    direct().must("INSERT INTO items SELECT id, qty FROM orders");
  }
  HttpResponse post(const std::string& tables, const std::string& options = "{}") {
    return sluice().post("/migrate",
                         R"({"database": "test", "tables": )" + tables + R"(, "options": )" + options + "}");
  }
  // The ids of both.
  std::pair<std::string, std::string> started(const std::string& tables, const std::string& options = "{}") {
    const auto response = post(tables, options);
    EXPECT_EQ(response.status, 202U) << response.body;
    return {json_at(response.body, "/id"), json_at(response.body, "/swaps_with/0")};
  }
  std::string columns(const std::string& table) {
    return direct()
        .must("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'test' AND table_name = '" + table +
              "'")
        .value();
  }
  void expect_pairs() {
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders LEFT JOIN items USING (id) WHERE items.id IS NULL").value(),
              "0");
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM items LEFT JOIN orders USING (id) WHERE orders.id IS NULL").value(),
              "0");
  }

  const std::string both = R"([{"table": "orders", "alter": "ADD COLUMN note INT"},
                               {"table": "items", "alter": "MODIFY qty BIGINT NOT NULL, ADD COLUMN extra INT"}])";
};
SLUICE_ON_BOTH_SERVERS(Together);

TEST_P(Together, swap_in_one_rename_under_transactions_that_touch_both) {
  ScriptedClients writers{sluice(), 6, pair_of};
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    direct().must("DROP TABLE IF EXISTS _orders_del, _items_del");
    const auto [orders, items] = started(
        round == 0
            ? both
            : R"([{"table": "items", "alter": "ENGINE = InnoDB"}, {"table": "orders", "alter": "ENGINE = InnoDB"}])");
    for (const std::string& id : {orders, items}) expect_completed(await_end(id));
    EXPECT_EQ(json_at(sluice().status(items).json, "/swaps_with/0"), orders);
    EXPECT_EQ(sluice().status(orders).hold_ms, sluice().status(items).hold_ms);
    ASSERT_FALSE(HasFailure());
    const auto before = writers.rounds();
    ASSERT_TRUE(wait_until([&] { return writers.rounds() > before + 100; }));
  }
  EXPECT_THAT(writers.stop(), IsEmpty());
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), std::to_string(2000 + writers.rounds()));
  expect_pairs();
  EXPECT_EQ(columns("orders"), "5");
  EXPECT_EQ(columns("items"), "3");
}

TEST_P(Together, nothing_is_swapped_if_one_of_them_fails) {
  direct().must("UPDATE items SET qty = 5 WHERE id <= 2");
  const auto [orders, items] = started(
      R"list([{"table": "orders", "alter": "ADD COLUMN note INT"}, {"table": "items", "alter": "ADD UNIQUE KEY (qty)"}])list");
  EXPECT_EQ(sluice().await_state(items, "failed", 30s).state, "failed");
  const auto other = sluice().await_state(orders, "failed", 30s);
  EXPECT_EQ(other.state, "failed");
  EXPECT_THAT(other.error, HasSubstr("items"));
  EXPECT_EQ(columns("orders"), "4");
  EXPECT_EQ(columns("items"), "2");
}

TEST_P(Together, what_is_asked_of_one_is_asked_of_all) {
  const auto [orders, items] = started(both, R"({"postpone_cut_over": true})");
  for (const std::string& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "ready", 30s).state, "ready");
  act(items, "pause");
  EXPECT_TRUE(wait_until([&] { return json_at(sluice().status(orders).json, "/paused") == "true"; }));
  act(orders, "resume");
  EXPECT_TRUE(wait_until([&] { return json_at(sluice().status(items).json, "/paused") == "false"; }));
  act(items, "cut-over");
  for (const std::string& id : {orders, items}) expect_completed(await_end(id));
}

TEST_P(Together, stopping_one_stops_all_and_leaves_nothing) {
  const auto [orders, items] = started(both, R"({"postpone_cut_over": true})");
  act(orders, "stop");
  for (const std::string& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "stopped", 30s).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(Together, panic_of_one_is_panic_for_all) {
  const auto [orders, items] = started(both, R"({"postpone_cut_over": true})");
  for (const std::string& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "ready", 30s).state, "ready");
  act(items, "panic");
  for (const std::string& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "panicked", 30s).state, "panicked");
  EXPECT_EQ(columns("orders"), "4");
}

TEST_P(Together, each_table_is_brought_over_in_the_time_zone_that_is_right_for_it) {
  const auto own = TestServer::start(GetParam(), {.arguments = {"--default-time-zone=+02:00"}});
  auto proxy = SluiceProcess::start(own);
  auto client = own.connect();
  // One's values follow the server's time zone, as its ALTER would; the other's keys are exact in UTC only.
  client.must("CREATE TABLE stamped (id BIGINT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(3), said DATETIME(3))");
  client.must(
      "CREATE TABLE keyed (at TIMESTAMP(3) NOT NULL, id BIGINT NOT NULL, said DATETIME(3), PRIMARY KEY (at, id))");
  std::jthread writer([&](const std::stop_token& stop) {
    auto through = proxy.connect();
    for (int id = 0; !stop.stop_requested(); ++id) {
      through.must("INSERT INTO stamped (at, said) VALUES (NOW(3), NOW(3))");
      through.must("INSERT INTO keyed VALUES (NOW(3), " + std::to_string(id) + ", NOW(3))");
    }
  });
  for (int round = 0; round < 4; ++round) {
    client.must("DROP TABLE IF EXISTS _stamped_del, _keyed_del");
    const std::string stamped = R"({"table": "stamped", "alter": "MODIFY at )" +
                                std::string(round % 2 == 0 ? "DATETIME(3)" : "TIMESTAMP(3) NULL") + "\"}";
    const std::string keyed = R"({"table": "keyed", "alter": "ENGINE = InnoDB"})";
    const auto response =
        proxy.post("/migrate", R"({"database": "test", "tables": [)" +
                                   (round < 2 ? stamped + ", " + keyed : keyed + ", " + stamped) + "]}");
    ASSERT_EQ(response.status, 202U) << response.body;
    for (const std::string& id : {json_at(response.body, "/id"), json_at(response.body, "/swaps_with/0")}) {
      const auto status = proxy.await_audited(id, 30s);
      EXPECT_EQ(status.state, "completed") << status.json;
      EXPECT_EQ(status.audit, "passed") << status.json;
    }
  }
  writer = {};
  for (const std::string table : {"stamped", "keyed"}) {
    EXPECT_EQ(client.must("SELECT COUNT(*) FROM " + table + " WHERE at <> said").value(), "0") << table;
  }
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM keyed").value(), client.must("SELECT COUNT(*) FROM stamped").value());
}

TEST_P(Together, killed_anywhere_in_the_cut_over_they_still_swap_together) {
  for (const auto delay : {0ms, 4ms, 8ms, 14ms, 22ms}) {
    SCOPED_TRACE(delay.count());
    direct().must("DROP TABLE IF EXISTS _orders_del, _items_del");
    const auto [orders, items] =
        started(R"([{"table": "orders", "alter": "ENGINE = InnoDB"}, {"table": "items", "alter": "ENGINE = InnoDB"}])",
                R"({"postpone_cut_over": true})");
    for (const std::string& id : {orders, items}) EXPECT_EQ(sluice().await_state(id, "ready", 30s).state, "ready");
    act(orders, "cut-over");
    std::this_thread::sleep_for(delay);  // the point of the test: anywhere in the cut-over, or right after it
    sluice().kill9();
    sluice().restart();
    (void)sluice().post("/migrate/" + orders + "/cut-over");
    for (const std::string& id : {orders, items}) expect_completed(await_end(id));
    ASSERT_FALSE(HasFailure());
  }
  expect_pairs();
}

TEST_P(Together, bad_lists_are_refused_and_nothing_is_left) {
  for (const auto& [tables, code] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "invalid_field"},
           {"[3]", "invalid_field"},
           {R"([{"table": "orders"}])", "missing_field"},
           {R"([{"table": "orders", "alter": "ENGINE = InnoDB", "options": {}}])", "unknown_field"},
           {R"([{"table": "orders", "alter": "FORCE"}, {"table": "orders", "alter": "FORCE"}])", "invalid_field"}}) {
    const auto response = post(tables);
    EXPECT_EQ(response.status, 400U) << tables;
    EXPECT_EQ(json_at(response.body, "/error/code"), code) << response.body;
  }
  const auto response = post(R"([{"table": "orders", "alter": "FORCE"}, {"table": "not_there", "alter": "FORCE"}])");
  EXPECT_EQ(response.status, 422U) << response.body;
  EXPECT_THAT(response.body, HasSubstr("not_there"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(Together, a_dry_run_plans_all_and_leaves_nothing) {
  const auto response = sluice().post("/migrate", R"({"database": "test", "dry_run": true, "tables": )" + both + "}");
  EXPECT_EQ(response.status, 200U) << response.body;
  EXPECT_EQ(json_at(response.body, "/tables/1/table"), "items");
  EXPECT_EQ(json_at(response.body, "/tables/1/added_columns/0"), "extra");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

}  // namespace
}  // namespace sluice::test
