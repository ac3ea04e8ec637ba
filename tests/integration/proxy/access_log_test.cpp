// What the access log is given of real statements: who, what kind, how it ended, and never a literal.
#include <gmock/gmock.h>

#include <mutex>

#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using test::wait_until;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

const gate::TableName ORDERS{"test", "orders"};

class Collected final : public AccessLog {
 public:
  void write(AccessEntry entry) noexcept override {
    const std::scoped_lock lock{mutex_};
    entries_.push_back(std::move(entry));
  }
  // As soon as there are so many.
  [[nodiscard]] std::vector<AccessEntry> first(std::size_t count) const {
    EXPECT_TRUE(wait_until([&] { return all().size() >= count; })) << all().size();
    auto entries = all();
    entries.resize(count);
    return entries;
  }
  [[nodiscard]] std::vector<AccessEntry> all() const {
    const std::scoped_lock lock{mutex_};
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<AccessEntry> entries_;
};

class Accessed : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("DROP TABLE IF EXISTS orders");
    direct.must("DROP USER IF EXISTS buyer, seller");
    direct.must("CREATE TABLE orders (id BIGINT PRIMARY KEY, note VARCHAR(1000))");
    server().make_user("buyer", "her password", "ALL ON test.*");
  }
  static test::TestClient connect(const RunningProxy& proxy) {
    return test::TestClient{
        {.port = proxy.proxy.port(), .user = "buyer", .password = "her password", .database = "test"}};
  }

  Collected log;
};
SLUICE_ON_BOTH_SERVERS(Accessed);

TEST_P(Accessed, each_statement_is_an_entry_with_its_end) {
  const RunningProxy proxy{config(), {}, &log};
  auto client = connect(proxy);
  client.must("INSERT INTO orders VALUES (1, 'x'), (2, REPEAT('y', 500))");
  EXPECT_FALSE(client.query("INSERT INTO orders VALUES (1, 'again')").ok());
  client.must("SELECT note FROM orders");
  auto select = client.prepare("SELECT note FROM orders WHERE id = ?");
  EXPECT_EQ(select.execute({std::int64_t{2}}).value().size(), 500U);
  const auto entries = log.first(5);
  using enum CommandKind;
  EXPECT_EQ(entries[0].statement.command, query);
  EXPECT_EQ(entries[0].statement.outcome, Outcome::ok);
  EXPECT_EQ(entries[0].error, 0);
  EXPECT_EQ(entries[1].statement.outcome, Outcome::error);
  EXPECT_EQ(entries[1].error, 1062);
  EXPECT_GT(entries[2].answer_bytes, 500U);
  EXPECT_LT(entries[2].answer_bytes, 1000U);
  EXPECT_EQ(entries[3].statement.command, prepare);
  EXPECT_EQ(entries[4].statement.command, execute);
  EXPECT_GT(entries[4].answer_bytes, 500U);
  for (const auto& entry : entries) {
    EXPECT_EQ(entry.user, "buyer");
    EXPECT_EQ(entry.client, "127.0.0.1");
    EXPECT_EQ(entry.connection, gate::ConnectionId{client.connection_id()});
    EXPECT_EQ(entry.statement.touch, TableTouch::unscanned);
    EXPECT_THAT(entry.tables, IsEmpty());
    EXPECT_GT(entry.statement.latency, 0us);
  }
}

TEST_P(Accessed, entry_names_the_armed_tables_that_are_touched_and_what_sluice_refused) {
  RunningProxy proxy{config(), {}, &log};
  proxy.gate.arm(ORDERS, {gate::Target{ORDERS, gate::Target::Kind::table}}, "m1");
  auto client = connect(proxy);
  client.must("SELECT 1");
  client.must("UPDATE orders SET note = 'x'");
  EXPECT_FALSE(client.query("ALTER TABLE orders ADD COLUMN other INT").ok());
  const auto entries = log.first(3);
  EXPECT_EQ(entries[0].statement.touch, TableTouch::none);
  EXPECT_THAT(entries[0].tables, IsEmpty());
  EXPECT_EQ(entries[1].statement.touch, TableTouch::write);
  EXPECT_THAT(entries[1].tables, ElementsAre(ORDERS));
  EXPECT_EQ(entries[2].statement.touch, TableTouch::ddl);
  EXPECT_EQ(entries[2].statement.outcome, Outcome::refused);
  EXPECT_EQ(entries[2].error, 1105);
  EXPECT_THAT(entries[2].tables, ElementsAre(ORDERS));
  EXPECT_GT(entries[2].answer_bytes, 0U);
  proxy.gate.disarm(ORDERS);
}

TEST_P(Accessed, user_that_was_changed_is_the_new_one) {
  server().make_user("seller", "his", "ALL ON test.*");
  const RunningProxy proxy{config(), {}, &log};
  auto client = connect(proxy);
  client.change_user("seller", "his", "test");
  client.must("SELECT 1");
  const auto entries = log.first(2);
  EXPECT_EQ(entries[0].statement.command, CommandKind::change_user);
  EXPECT_EQ(entries[0].user, "seller");
  EXPECT_EQ(entries[1].user, "seller");
}

TEST_P(Accessed, sample_takes_some_of_those_that_succeed_and_all_that_fail) {
  auto with = config();
  with.access_log_sample = 10;
  const RunningProxy proxy{with, {}, &log};
  auto client = connect(proxy);
  for (int n = 0; n < 1000; ++n) {
    EXPECT_TRUE(client.ping());
    if (n % 100 == 0) EXPECT_FALSE(client.query("SELECT * FROM no_such_table").ok());
  }
  std::size_t failed = 0;
  std::size_t succeeded = 0;
  for (const auto& entry : log.all()) ++(entry.error == 1146 ? failed : succeeded);
  EXPECT_EQ(failed, 10U);
  EXPECT_GT(succeeded, 50U);  // of some hundred; further off than that is less likely than one in a million
  EXPECT_LT(succeeded, 150U);
}

}  // namespace
}  // namespace sluice::proxy
