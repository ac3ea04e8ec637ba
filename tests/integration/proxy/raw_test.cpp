// What client libraries seldom do goes through the proxy as it goes to the server.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using Payload = RawClient::Payload;
using namespace std::chrono_literals;

class Raw : public ThroughProxy {
 protected:
  static std::string code_of(const Payload& packet) {
    if (packet.empty()) return "end";
    if (packet[0] == 0xFF && packet.size() > 3) return std::to_string(packet[1] | packet[2] << 8);
    return packet[0] == 0x00 ? "ok" : "other";
  }
  // The codes of a refused change of user and of what follows it.
  static std::vector<std::string> refused_change(std::uint16_t port) {
    RawClient client{port};
    std::vector<std::string> codes;
    client.command(RawClient::change_user_payload("mallory", Payload(20, 'x')));
    codes.push_back(code_of(client.authenticate(Payload(20, 'x'))));
    if (codes.back() == "end") return codes;
    try {
      client.query("DO 0");
      codes.push_back(code_of(client.receive()));
    } catch (const std::runtime_error&) {
      codes.emplace_back("end");
    }
    return codes;
  }
};
SLUICE_ON_BOTH_SERVERS(Raw);

TEST_P(Raw, refused_change_of_user_goes_on_or_ends_as_the_server_does) {
  server().make_user("mallory", "her password", "ALL ON test.*");
  const auto direct = refused_change(server().port());
  EXPECT_EQ(refused_change(proxy().proxy.port()), direct) << testing::PrintToString(direct);
  EXPECT_EQ(direct.back(), is_mysql() ? "end" : "ok");
  EXPECT_TRUE(proxy().empties());
}

// All but its connection's number and scramble; of the capabilities those are left out that nobody knows yet.
TEST_P(Raw, greeting_is_the_servers_own) {
  constexpr std::uint32_t RESERVED_BY_MYSQL = 1U << 29;
  constexpr std::uint32_t KNOWN_OF_MARIADB = 0b111101;  // bit 1, COM_MULTI, no server of today has
  struct Greeting {
    Payload before, after, plugin;
    std::uint32_t capabilities, mariadb_capabilities;
  };
  const auto heard = [](std::uint16_t port) {
    const Payload all = RawClient{port}.greeting();
    const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
      return Payload{all.begin() + from, all.begin() + to};
    };
    const auto version_end = std::ranges::find(all, 0) - all.begin();
    const auto low = version_end + 1 + 4 + 8 + 1;  // behind the number, half of the scramble, and a zero
    const auto number = [&](std::ptrdiff_t at, int bytes) {
      std::uint32_t value = 0;
      for (int i = 0; i < bytes; ++i) value |= std::uint32_t{all.at(static_cast<std::size_t>(at + i))} << (8 * i);
      return value;
    };
    return Greeting{.before = part(0, version_end),
                    .after = part(low + 2, low + 5),  // character set, status
                    .plugin = part(low + 18 + 12, std::ssize(all)),
                    .capabilities = number(low, 2) | number(low + 5, 2) << 16,
                    .mariadb_capabilities = number(low + 14, 4)};
  };
  const auto direct = heard(server().port());
  const auto proxied = heard(proxy().proxy.port());
  EXPECT_EQ(proxied.before, direct.before);
  EXPECT_EQ(proxied.after, direct.after);
  EXPECT_EQ(proxied.plugin, direct.plugin);
  EXPECT_EQ(proxied.capabilities, is_mysql() ? direct.capabilities & ~RESERVED_BY_MYSQL : direct.capabilities);
  EXPECT_EQ(proxied.mariadb_capabilities, direct.mariadb_capabilities & KNOWN_OF_MARIADB);
}

TEST_P(Raw, compression_that_was_not_offered_is_not_agreed_upon) {
  if (is_mysql()) server().connect().must("SET GLOBAL protocol_compression_algorithms = 'uncompressed'");
  namespace capability = protocol::capability;
  // MariaDB knows no other than the first.
  RawClient client{proxy().proxy.port(),
                   is_mysql() ? capability::COMPRESS | capability::ZSTD_COMPRESSION : capability::ZSTD_COMPRESSION};
  if (is_mysql()) server().connect().must("SET GLOBAL protocol_compression_algorithms = DEFAULT");
  client.query("DO 0");
  EXPECT_EQ(code_of(client.receive()), "ok");
}

TEST_P(Raw, statement_behind_query_attributes_is_judged_by_its_tables) {
  if (!is_mysql()) return;  // MariaDB has no query attributes
  auto direct = server().connect();
  direct.must("CREATE TABLE IF NOT EXISTS judged (id INT)");
  const gate::TableName table{"test", "judged"};
  auto& gate = proxy().gate;
  RawClient client{proxy().proxy.port(), protocol::capability::QUERY_ATTRIBUTES};
  gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
  ASSERT_EQ(gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 30s), gate::CloseResult::held);
  const auto with_attribute = [](std::string_view sql) {
    Payload payload{0x03, 1, 1, 0, 1, 254, 0, 1, 'a', 3, 'x', 'y', 'z'};
    protocol::Writer{payload}.text(sql);
    return payload;
  };
  client.command(with_attribute("DO 0"));
  EXPECT_EQ(code_of(client.receive()), "ok");
  client.command(with_attribute("INSERT INTO judged VALUES (1)"));
  EXPECT_TRUE(test::wait_until([&] { return gate.status(table).waiting == 1; }));
  gate.open(table);
  EXPECT_EQ(code_of(client.receive()), "ok");
  gate.disarm(table);
}

TEST_P(Raw, database_that_the_server_tells_of_is_the_one_to_judge_by) {
  auto direct = server().connect();
  direct.must("CREATE DATABASE IF NOT EXISTS elsewhere");
  direct.must("CREATE TABLE IF NOT EXISTS elsewhere.judged (id INT)");
  direct.must("CREATE TABLE IF NOT EXISTS test.judged (id INT)");
  const gate::TableName table{"test", "judged"};
  auto& gate = proxy().gate;
  RawClient client{proxy().proxy.port(), protocol::capability::SESSION_TRACK | protocol::capability::MULTI_STATEMENTS |
                                             protocol::capability::MULTI_RESULTS};
  // Several statements: what they do to the session can't be told from their text.
  client.query("DO 0; USE elsewhere; SET NAMES utf8mb4");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(code_of(client.receive()), "ok");
  gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
  ASSERT_EQ(gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 30s), gate::CloseResult::held);
  client.query("INSERT INTO judged VALUES (1)");  // elsewhere's
  EXPECT_EQ(code_of(client.receive()), "ok");
  client.query("INSERT INTO test.judged VALUES (1)");
  EXPECT_TRUE(test::wait_until([&] { return gate.status(table).waiting == 1; }));
  gate.open(table);
  EXPECT_EQ(code_of(client.receive()), "ok");
  gate.disarm(table);
}

TEST_P(Raw, progress_reports_come_before_the_answer) {
  if (is_mysql()) return;  // MariaDB's own
  RawClient client{proxy().proxy.port(),
                   RawClient::Options{.capabilities = protocol::capability::TRANSACTIONS,
                                      .mariadb_capabilities = protocol::mariadb_capability::PROGRESS}};
  client.query("SET progress_report_time = 1");
  ASSERT_EQ(code_of(client.receive()), "ok");
  client.query("CREATE OR REPLACE TABLE long_way SELECT seq AS id, REPEAT('x', 100) AS note FROM seq_1_to_400000");
  ASSERT_EQ(code_of(client.receive()), "ok");
  auto& gate = proxy().gate;
  const gate::TableName other{"test", "judged"};
  int reports = 0;
  // As long as it takes for the server to have something to report.
  for (int columns = 0; reports == 0 && columns < 10; ++columns) {
    client.query("ALTER TABLE long_way ADD COLUMN c" + std::to_string(columns) +
                 " INT, ADD INDEX (note), ALGORITHM = COPY");
    auto packet = client.receive();
    for (; code_of(packet) == "65535"; packet = client.receive()) ++reports;
    ASSERT_EQ(code_of(packet), "ok");
  }
  EXPECT_GT(reports, 0);
  gate.arm(other, {gate::Target{other, gate::Target::Kind::table}}, "m1");
  EXPECT_EQ(gate.close(other, gate::Clock::now() + 5s, gate::Clock::now() + 30s), gate::CloseResult::held);
  gate.disarm(other);
  server().connect().must("DROP TABLE long_way");
}

TEST_P(Raw, login_that_can_not_be_read_is_refused_in_the_servers_words) {
  Payload lies(32, 0);
  lies[0] = 0x01;
  lies[1] = 0x82;  // PROTOCOL_41, SECURE_CONNECTION: its auth data is said to be longer than the packet
  lies.insert(lies.end(), {'r', 'o', 'o', 't', 0, 250, 'a', 'b', 'c'});
  for (const auto& payload : {Payload{}, Payload{5, 2}, Payload(31, 2), lies}) {
    const auto said = [&](std::uint16_t port) {
      return RawClient{port, RawClient::Options{.instead_of_login = payload}}.logged_in();
    };
    const auto direct = said(server().port());
    EXPECT_EQ(code_of(direct), "1043");
    EXPECT_EQ(said(proxy().proxy.port()), direct);
  }
}

}  // namespace
}  // namespace sluice::proxy
