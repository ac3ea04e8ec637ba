// Commands sent ahead of their answers: the order is kept, also where one in the middle is held; and KILL finds the one
// who waits.
#include <gmock/gmock.h>

#include "tests/integration/proxy/dialogue.hpp"
#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using Payload = RawClient::Payload;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

const gate::TableName HELD{"test", "held"};

class Pipeline : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("DROP TABLE IF EXISTS held");
    direct.must("CREATE TABLE held (id INT PRIMARY KEY)");
  }
  void arm() { proxy().gate.arm(HELD, {gate::Target{HELD, gate::Target::Kind::table}}, "m1"); }
  void close() {
    ASSERT_EQ(proxy().gate.close(HELD, gate::Clock::now() + 10s, gate::Clock::now() + 30s), gate::CloseResult::held);
  }
  [[nodiscard]] bool one_waits() {
    return test::wait_until([&] { return proxy().gate.status(HELD).waiting == 1; });
  }
  void release() {
    proxy().gate.open(HELD);
    proxy().gate.disarm(HELD);
  }
  // The first cell of a text result of one row and one column, or what came in its place.
  static std::string value_from(RawClient& client) {
    const auto first = client.receive();
    if (first.empty()) return "end";
    if (first[0] == 0x00) return "ok";
    if (first[0] == 0xFF) return std::to_string(first[1] | first[2] << 8);
    (void)client.receive();  // the column
    (void)client.receive();  // its EOF
    const auto row = client.receive();
    (void)client.receive();
    return {row.begin() + 1, row.end()};
  }
  static Payload query(std::string_view sql) { return RawClient::query_payload(sql); }
};
SLUICE_ON_BOTH_SERVERS(Pipeline);

TEST_P(Pipeline, of_many_queries_is_answered_in_order) {
  RawClient client{proxy().proxy.port()};
  constexpr int COUNT = 3000;  // more than are let through at once
  std::vector<Payload> queries;
  for (int i = 0; i < COUNT; ++i) queries.push_back(query("SELECT " + std::to_string(i)));
  client.commands(queries);
  for (int i = 0; i < COUNT; ++i) ASSERT_EQ(value_from(client), std::to_string(i));
}

TEST_P(Pipeline, behind_the_login_is_answered) {
  // A user without a password is let in by one packet, so the query needn't wait for anything.
  const std::string plugin = is_mysql() ? "caching_sha2_password" : "mysql_native_password";
  for (const auto port : {server().port(), proxy().proxy.port()}) {
    RawClient client{port, RawClient::Options{.plugin = plugin, .behind_login = "SELECT 'sent ahead'"}};
    ASSERT_FALSE(client.logged_in().empty());
    ASSERT_EQ(client.logged_in()[0], 0x00);
    EXPECT_EQ(value_from(client), "sent ahead");
  }
}

TEST_P(Pipeline, of_prepare_long_data_execute_and_close_needs_no_answer_between) {
  RawClient client{proxy().proxy.port()};
  // MySQL counts from 1 in each connection; MariaDB does not, but knows the last one by this.
  const auto id = statement_id(is_mysql() ? 1 : 0xFFFFFFFF);
  const auto with_id = [&](std::uint8_t code, const Payload& rest) {
    Payload command{code};
    command.insert(command.end(), id.begin(), id.end());
    command.insert(command.end(), rest.begin(), rest.end());
    return command;
  };
  const auto data = with_id(0x18, {0, 0, 'l', 'o', 'n', 'g'});
  const auto execute = with_id(0x17, {0, 1, 0, 0, 0, 0, 1, 0xFD, 0});
  const auto close = with_id(0x19, {});
  client.commands({prepare("SELECT CONCAT(?, '')").command, data, data, execute, close, query("SELECT 'after'")});
  for (int packets = 0; packets < 5; ++packets) (void)client.receive();  // prepared: OK, 1 parameter, 1 column
  (void)client.receive();                                                // one column
  (void)client.receive();
  (void)client.receive();
  const auto row = client.receive();
  EXPECT_EQ(std::string(row.begin() + 3, row.end()), "longlong");
  (void)client.receive();
  EXPECT_EQ(value_from(client), "after");
  EXPECT_TRUE(test::wait_until([&] { return proxy().observer.statements == 3; }));
}

TEST_P(Pipeline, of_prepare_and_execution_of_the_statement_prepared_last) {
  if (is_mysql()) return;  // MariaDB's own
  RawClient client{proxy().proxy.port()};
  const Payload execute{0x17, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0};
  arm();
  client.commands({prepare("INSERT INTO held VALUES (1)").command, execute, query("SELECT 'after'")});
  EXPECT_EQ(client.receive()[0], 0x00);
  EXPECT_EQ(client.receive()[0], 0x00);
  EXPECT_EQ(value_from(client), "after");
  close();
  client.commands({prepare("INSERT INTO held VALUES (2)").command, execute, query("SELECT 'after'")});
  EXPECT_TRUE(one_waits());
  release();
  EXPECT_EQ(client.receive()[0], 0x00);
  EXPECT_EQ(client.receive()[0], 0x00);
  EXPECT_EQ(value_from(client), "after");
}

TEST_P(Pipeline, is_held_at_the_command_that_touches_and_goes_on_in_order) {
  RawClient client{proxy().proxy.port()};
  arm();
  close();
  client.commands({query("SELECT 'first'"), query("INSERT INTO held VALUES (7)"), query("SELECT COUNT(*) FROM held")});
  EXPECT_EQ(value_from(client), "first");
  EXPECT_TRUE(one_waits());
  EXPECT_EQ(server().connect().must("SELECT COUNT(*) FROM held").value(), "0");
  release();
  EXPECT_EQ(value_from(client), "ok");
  EXPECT_EQ(value_from(client), "1");
}

TEST_P(Pipeline, that_goes_on_during_the_hold_is_answered_behind_it) {
  RawClient client{proxy().proxy.port()};
  arm();
  const auto held_and_then = [&](const Payload& next) {
    close();
    client.query("REPLACE INTO held VALUES (7)");
    EXPECT_TRUE(one_waits());
    client.command(next);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(proxy().connect().ping());  // long enough to be there
    proxy().gate.open(HELD);
    EXPECT_EQ(value_from(client), "ok");
  };
  held_and_then(query("SELECT 'in a later write'"));
  EXPECT_EQ(value_from(client), "in a later write");
  held_and_then(RawClient::change_user_payload("root", {}));
  EXPECT_EQ(client.authenticate({}).at(0), 0x00);
  client.query("SELECT 'as before'");
  EXPECT_EQ(value_from(client), "as before");
}

TEST_P(Pipeline, that_was_sent_before_the_gate_closed_is_waited_for) {
  RawClient client{proxy().proxy.port()};
  client.commands({query("SELECT SLEEP(0.3)"), query("INSERT INTO held VALUES (8)"), query("SELECT 'third'")});
  arm();
  close();
  // Held: what was let through has been done, and what was not waits.
  if (server().connect().must("SELECT COUNT(*) FROM held").value() == "0") EXPECT_TRUE(one_waits());
  release();
  EXPECT_EQ(value_from(client), "0");
  EXPECT_EQ(value_from(client), "ok");
  EXPECT_EQ(value_from(client), "third");
}

TEST_P(Pipeline, whose_held_command_is_killed_goes_on_with_the_next) {
  RawClient client{proxy().proxy.port()};
  client.query("SELECT CONNECTION_ID()");
  const auto id = value_from(client);
  auto other = proxy().connect();
  arm();
  // In each way in which a client may say it.
  auto prepared = other.prepare("KILL QUERY " + id);
  RawClient ahead{proxy().proxy.port()};
  const auto prepare_and_close_at_once = [&] {
    ahead.command(prepare("KILL QUERY " + id).command);
    const auto prepared = ahead.receive();
    const Payload about{prepared.begin() + 1, prepared.begin() + 5};
    Payload execute{0x17};
    execute.insert(execute.end(), about.begin(), about.end());
    execute.insert(execute.end(), {0, 1, 0, 0, 0});
    Payload close{0x19};
    close.insert(close.end(), about.begin(), about.end());
    ahead.commands({execute, close});
    return ahead.receive().at(0) == 0x00;
  };
  const std::vector<std::function<bool()>> ways{
      prepare_and_close_at_once,
      [&] { return other.query("KILL QUERY " + id).ok(); },
      [&] { return other.query("/* stop */ kill query " + id + ";").ok(); },
      [&] { return prepared.execute().ok(); },
  };
  for (const auto& kill : ways) {
    close();
    client.commands({query("SELECT 'first'"), query("INSERT INTO held VALUES (9)"), query("SELECT 'third'")});
    EXPECT_EQ(value_from(client), "first");
    EXPECT_TRUE(one_waits());
    EXPECT_TRUE(kill());
    EXPECT_EQ(value_from(client), "1317");
    EXPECT_EQ(value_from(client), "third");
    proxy().gate.open(HELD);
  }
  EXPECT_EQ(other.must("SELECT COUNT(*) FROM held").value(), "0");
  close();
  client.query("INSERT INTO held VALUES (9)");
  EXPECT_TRUE(one_waits());
  EXPECT_TRUE(other.query("KILL " + id).ok());
  // MariaDB says why it closes.
  const auto last = value_from(client);
  EXPECT_TRUE(last == "end" || value_from(client) == "end") << last;
  EXPECT_TRUE(test::wait_until([&] { return proxy().gate.status(HELD).waiting == 0; }));
  release();
  EXPECT_EQ(other.must("SELECT COUNT(*) FROM held").value(), "0");
}

TEST_P(Pipeline, kill_reaches_the_right_one_of_many) {
  std::vector<std::unique_ptr<RawClient>> clients;
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<RawClient>(proxy().proxy.port()));
    clients.back()->query("SELECT CONNECTION_ID()");
    ids.push_back(value_from(*clients.back()));
  }
  arm();
  close();
  for (int i = 0; i < 8; ++i)
    clients[static_cast<std::size_t>(i)]->query("INSERT INTO held VALUES (" + std::to_string(i) + ")");
  ASSERT_TRUE(test::wait_until([&] { return proxy().gate.status(HELD).waiting == 8; }));
  auto other = proxy().connect();
  other.must("KILL QUERY " + ids[3]);
  EXPECT_EQ(value_from(*clients[3]), "1317");
  EXPECT_EQ(proxy().gate.status(HELD).waiting, 7U);
  release();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (i != 3) EXPECT_EQ(value_from(*clients[i]), "ok") << i;
  }
  EXPECT_EQ(other.must("SELECT GROUP_CONCAT(id ORDER BY id) FROM held").value(), "0,1,2,4,5,6,7");
}

// Each in a ring its neighbour, all at once and again and again.
TEST_P(Pipeline, clients_that_kill_each_other_at_once_all_go_on_or_end) {
  constexpr std::size_t RING = 8;
  std::vector<test::TestClient> clients;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < RING; ++i) {
    clients.push_back(proxy().connect());
    ids.push_back(std::to_string(clients.back().connection_id()));
  }
  const auto kill_neighbours = [&](const std::string& what, int times) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < RING; ++i) {
      threads.emplace_back([&, i] {
        for (int time = 0; time < times; ++time) (void)clients[i].query(what + ids[(i + 1) % RING]);
      });
    }
  };
  kill_neighbours("KILL QUERY ", 100);
  for (auto& client : clients) {
    (void)client.query("DO 0");  // the last one may have been late
    EXPECT_EQ(client.must("SELECT 1").value(), "1");
  }
  kill_neighbours("KILL ", 1);
  clients.clear();
  auto other = proxy().connect();
  std::string left = "SELECT COUNT(*) FROM information_schema.processlist WHERE id IN (0";
  for (const auto& id : ids) left += "," + id;
  left += ")";
  EXPECT_TRUE(test::wait_until([&] { return other.must(left).value() == "0"; }));
}

TEST_P(Pipeline, of_commands_that_come_byte_by_byte_is_answered) {
  RawClient client{proxy().proxy.port()};
  const std::string long_text(300, 'x');
  Payload bytes;
  for (const auto& payload : {query("SELECT 1"), query("SELECT '" + long_text + "'"), Payload{0x0E},
                              query("INSERT INTO held VALUES (7)"), query("SELECT id FROM held")}) {
    const auto framed = protocol::frame(payload, 0);
    bytes.insert(bytes.end(), framed.begin(), framed.end());
  }
  for (const auto byte : bytes) client.send_bytes({byte});
  EXPECT_EQ(value_from(client), "1");
  EXPECT_EQ(value_from(client).substr(2), long_text);  // behind its length
  EXPECT_EQ(value_from(client), "ok");
  EXPECT_EQ(value_from(client), "ok");
  EXPECT_EQ(value_from(client), "7");
}

}  // namespace
}  // namespace sluice::proxy
