// What a client hears through the proxy is, packet for packet, what it hears directly: for every command, also crafted
// ones, in every dialect, whether something is armed or not. And afterwards the proxy knows that nothing is under way.
#include <gmock/gmock.h>

#include "tests/integration/proxy/dialogue.hpp"
#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

namespace capability = protocol::capability;
namespace mariadb_capability = protocol::mariadb_capability;
using Payload = RawClient::Payload;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::uint32_t MULTI =
    capability::MULTI_STATEMENTS | capability::MULTI_RESULTS | capability::PS_MULTI_RESULTS | capability::TRANSACTIONS;
const gate::TableName OTHER{"test", "not_spoken_of"};

class SamePackets : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    for (const char* sql :
         {"DROP TABLE IF EXISTS told", "CREATE TABLE told (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100))",
          "INSERT INTO told (name) VALUES ('a'), ('b'), (NULL), ('d'), (REPEAT('e', 100))",
          "DROP PROCEDURE IF EXISTS outs",
          "CREATE PROCEDURE outs(IN a INT, OUT b INT, INOUT c INT) BEGIN SELECT a, 2; SET b = a + 1, c = c + 1; END",
          "DROP PROCEDURE IF EXISTS fails",
          "CREATE PROCEDURE fails() BEGIN SELECT 1; SELECT id FROM told; SELECT no_such_column FROM told; END"}) {
      direct.must(sql);
    }
  }

  std::vector<RawClient::Options> dialects() {
    std::vector<RawClient::Options> all;
    for (const std::uint32_t more : {0U, capability::DEPRECATE_EOF, capability::SESSION_TRACK,
                                     capability::SESSION_TRACK | capability::DEPRECATE_EOF}) {
      all.push_back({.capabilities = MULTI | more});
      if (is_mysql()) {
        all.push_back({.capabilities = MULTI | more | capability::OPTIONAL_RESULTSET_METADATA});
      } else {
        all.push_back({.capabilities = MULTI | more,
                       .mariadb_capabilities = mariadb_capability::CACHE_METADATA |
                                               mariadb_capability::EXTENDED_METADATA |
                                               mariadb_capability::BULK_OPERATIONS | mariadb_capability::PROGRESS});
      }
    }
    return all;
  }

  // Directly and through the proxy, with nothing armed and with something armed that is not spoken of.
  void expect_same(const std::vector<Line>& lines) {
    for (const auto& dialect : dialects()) expect_same(lines, dialect);
  }
  void expect_same(const std::vector<Line>& lines, const RawClient::Options& dialect) {
    SCOPED_TRACE("capabilities " + std::to_string(dialect.capabilities) + ", MariaDB's " +
                 std::to_string(dialect.mariadb_capabilities));
    RawClient direct{server().port(), dialect};
    const auto expected = hear(direct, lines);
    auto& gate = proxy().gate;
    for (const bool is_armed : {false, true}) {
      SCOPED_TRACE(is_armed ? "armed" : "not armed");
      if (is_armed) gate.arm(OTHER, {gate::Target{OTHER, gate::Target::Kind::table}}, "m1");
      RawClient client{proxy().proxy.port(), dialect};
      const auto heard = hear(client, lines);
      EXPECT_EQ(heard.size(), expected.size());
      for (std::size_t i = 0; i < std::min(heard.size(), expected.size()); ++i) {
        EXPECT_EQ(heard[i], expected[i]) << "line " << i << ", command " << testing::PrintToString(lines[i].command);
      }
      gate.arm(OTHER, {gate::Target{OTHER, gate::Target::Kind::table}}, "m1");
      EXPECT_EQ(gate.close(OTHER, gate::Clock::now() + 5s, gate::Clock::now() + 30s), gate::CloseResult::held)
          << "an answer's end was not found";
      gate.disarm(OTHER);
    }
  }
};
SLUICE_ON_BOTH_SERVERS(SamePackets);

TEST_P(SamePackets, of_every_command_code_without_a_body_and_with_little_of_one) {
  std::vector<Line> lines;
  for (unsigned code = 0; code <= 0xFF; ++code) {
    switch (code) {
      case 0x01:  // COM_QUIT
      case 0x08:  // COM_SHUTDOWN, of MariaDB
      case 0x11:  // COM_CHANGE_USER
      case 0x12:  // COM_BINLOG_DUMP
      case 0x1E:  // COM_BINLOG_DUMP_GTID
        continue;
      default:
        break;
    }
    if (code > 0x24 && code < 0xF8) continue;
    const bool tells_of_the_server = code == 0x09 || code == 0x0A;  // COM_STATISTICS, COM_PROCESS_INFO
    for (std::size_t bytes : {0U, 1U, 3U, 4U, 5U, 9U}) {
      auto line = say(static_cast<std::uint8_t>(code), Payload(bytes, 0));
      if (tells_of_the_server) line.compare = Line::Compare::only_its_beginning;
      lines.push_back(line);
    }
  }
  lines.push_back({Payload{}});
  expect_same(lines);
}

TEST_P(SamePackets, of_statements_and_their_results) {
  expect_same({ask("SELECT 1"),
               ask("SELECT * FROM told"),
               ask("SELECT * FROM told WHERE 0"),
               ask("DO 0"),
               ask(""),
               ask("SELECT 1; DO 0; SELECT 2, NULL; UPDATE told SET name = 'b' WHERE id = 2; SELECT 3;"),
               ask("SELECT 1; SELECT * FROM no_such_table; SELECT 2"),
               ask("SELECT 1;"),
               ask("SELECT $$it's; told$$ AS dollars"),
               ask("SELECT $a$it's; $$ told$a$ AS dollars, 2; SELECT 3"),
               ask("CALL outs(1, @b, @c); SELECT @b, @c"),
               ask("CALL fails()"),
               ask("USE mysql"),
               ask("BEGIN; SELECT COUNT(*) FROM test.told"),
               ask("ROLLBACK"),
               ask("SET NAMES latin1"),
               ask("SELECT REPEAT('x', 70000)"),
               ask("SELECT 0xFEFEFEFEFE, 0xFFFFFF, 0xFB"),
               ask("SELECT REPEAT(CHAR(254), 300)"),
               ask("SIGNAL SQLSTATE '45000'"),
               ask("SHOW WARNINGS"),
               ask("PREPARE s FROM 'SELECT ?'; SET @a = 5; EXECUTE s USING @a; DEALLOCATE PREPARE s"),
               say(0x02, {'t', 'e', 's', 't'}),
               say(0x02, {'n', 'o', 'n', 'e'}),
               say(0x04, {'t', 'o', 'l', 'd', 0, '%'}),
               say(0x04, {'n', 'o', 'n', 'e', 0}),
               say(0x0E),
               say(0x1B, {1, 0}),
               ask("SELECT 1; SELECT 2"),
               say(0x1B, {0, 0}),
               ask("SELECT 1; SELECT 2"),
               ask("SELECT id FROM told LIMIT 1; SELECT id FROM told LIMIT 0; SELECT id FROM told ORDER BY id DESC")});
}

TEST_P(SamePackets, of_answers_out_of_the_query_cache) {
  if (is_mysql()) return;  // has none
  auto direct = server().connect();
  direct.must("SET GLOBAL query_cache_type = ON, GLOBAL query_cache_size = 1048576");
  const auto hits = [&] {
    return std::stoull(direct.must("SHOW STATUS LIKE 'Qcache_hits'").rows().at(0).at(1).value());
  };
  const auto before = hits();
  const Line cached = ask("SELECT id, name FROM test.told ORDER BY id");
  expect_same({cached, cached, ask("SELECT 1"), cached, ask("SELECT id FROM test.told WHERE 0"), cached});
  EXPECT_GT(hits(), before);
  direct.must("SET GLOBAL query_cache_type = OFF, GLOBAL query_cache_size = DEFAULT");
}

// About the nth statement prepared; its id is filled in.
Line execute(std::size_t nth, std::uint8_t flags, const Payload& rest) {
  Payload body = statement_id(0);
  body.insert(body.end(), {flags, 1, 0, 0, 0});
  body.insert(body.end(), rest.begin(), rest.end());
  auto line = say(0x17, body);
  line.statement = nth;
  return line;
}
Line fetch(std::size_t nth, std::uint8_t rows) {
  auto line = say(0x1C, {0, 0, 0, 0, rows, 0, 0, 0});
  line.statement = nth;
  return line;
}
Line long_data(std::size_t nth, std::string_view text) {
  Payload body(6, 0);
  protocol::Writer{body}.text(text);
  auto line = say(0x18, body);
  line.statement = nth;
  return line;
}
Line about(std::size_t nth, std::uint8_t code, std::size_t bytes = 4) {
  auto line = say(code, Payload(bytes, 0));
  line.statement = nth;
  return line;
}
// The server's error names the statement's number.
Line failing(Line line) {
  line.compare = Line::Compare::only_its_beginning;
  return line;
}
constexpr std::uint8_t CLOSE = 0x19;
constexpr std::uint8_t RESET = 0x1A;

TEST_P(SamePackets, of_prepared_statements) {
  const Payload bigint{0, 1, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0};
  const Payload three_ints{0, 1, 3, 0, 3, 0, 3, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
  expect_same({prepare("SELECT id, name FROM told ORDER BY id"),
               prepare("SELECT ?"),
               prepare("SELECT * FROM no_such_table"),
               prepare("UPDATE told SET name = name"),
               prepare("CALL outs(?, ?, ?)"),
               execute(1, 0, {}),
               execute(1, 1, {}),  // with a cursor
               fetch(1, 2),
               fetch(1, 2),
               fetch(1, 2),
               failing(fetch(1, 2)),
               failing(fetch(2, 1)),
               execute(2, 0, bigint),
               execute(2, 0, {0, 0, 9, 0, 0, 0, 0, 0, 0, 0}),  // types as before
               execute(2, 0, {0, 0}),                          // too short
               execute(2, 0, {}),
               execute(2, 0, {1, 1, 8, 0}),  // NULL
               execute(2, 0, {0, 1, 8}),
               about(2, 0x17, 2),
               about(2, 0x17),
               long_data(2, "abc"),
               long_data(2, "def"),
               execute(2, 0, {0, 1, 0xFD, 0}),
               long_data(2, "gone"),
               about(2, RESET),
               execute(2, 0, bigint),
               execute(3, 0, {}),
               execute(4, 0, three_ints),
               about(1, CLOSE),
               failing(execute(1, 0, {})),
               failing(fetch(1, 1)),
               about(1, CLOSE),
               about(4, CLOSE, 2),
               about(4, 0x18, 5),
               say(0x1F),  // COM_RESET_CONNECTION
               failing(execute(2, 0, bigint)),
               prepare("SELECT name FROM told WHERE id > ? ORDER BY id"),
               execute(5, 1, {0, 1, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0}),
               fetch(5, 1),
               ask("SELECT 1"),
               fetch(5, 10),
               failing(fetch(5, 10))});
}

TEST_P(SamePackets, of_a_session_that_tells_what_changes) {
  for (const std::uint32_t more : {0U, capability::DEPRECATE_EOF}) {
    expect_same(
        {ask("SET session_track_schema = 1, session_track_state_change = 1, "
             "session_track_system_variables = 'autocommit,character_set_client,sql_mode,time_zone'"),
         ask("SET session_track_transaction_info = 'CHARACTERISTICS'"), ask("USE mysql"), ask("SET NAMES latin1"),
         ask("SET @a = 1"), ask("USE test"), ask("START TRANSACTION READ ONLY"), ask("SELECT COUNT(*) FROM told"),
         ask("COMMIT"), ask("SET autocommit = 0"), ask("SELECT 1; UPDATE told SET name = 'a' WHERE id = 1; USE mysql"),
         ask("ROLLBACK"), say(0x02, {'t', 'e', 's', 't'}), say(0x1F), ask("SELECT 1")},
        {.capabilities = MULTI | more | capability::SESSION_TRACK});
  }
}

TEST_P(SamePackets, without_column_definitions) {
  if (!is_mysql()) return;  // MariaDB leaves them out by itself: the dialects above
  for (const std::uint32_t more : {0U, capability::DEPRECATE_EOF}) {
    expect_same({ask("SET resultset_metadata = NONE"), ask("SELECT 1, 2"), ask("SELECT 1 WHERE 0"),
                 prepare("SELECT ?, 2"), prepare("SET @a = ?"), prepare("DO 0"), prepare("SELECT 1"), execute(4, 0, {}),
                 execute(4, 1, {}), fetch(4, 5), say(0x04, {'t', 'o', 'l', 'd', 0}), ask("CALL outs(1, @b, @c)"),
                 ask("SET resultset_metadata = FULL"), prepare("SELECT ?"), ask("SELECT 9")},
                {.capabilities = MULTI | more | capability::OPTIONAL_RESULTSET_METADATA});
  }
}

TEST_P(SamePackets, of_query_attributes) {
  if (!is_mysql()) return;  // MariaDB has none
  const auto heard = [](std::uint16_t port, const Payload& query) {
    // The mark of hear() has no attributes; here a ping ends the answer.
    RawClient client{port, MULTI | capability::QUERY_ATTRIBUTES};
    client.commands({query, {0x0E}});
    std::string all;
    while (true) {
      const auto packet = client.receive();
      if (packet.empty()) return all + " end";
      all += spelled(packet, static_cast<std::uint8_t>(client.next_sequence() - 1));
      if (packet.size() == 7 && packet[0] == 0x00) return all;
    }
  };
  for (Payload query : {Payload{0x03, 1, 1, 0, 1, 254, 0, 1, 'a', 3, 'x', 'y', 'z'}, Payload{0x03, 0, 1},
                        Payload{0x03, 0, 0}, Payload{0x03, 250, 1}, Payload{0x03, 1, 1, 1, 1, 254, 0, 1, 'a'}}) {
    protocol::Writer{query}.text("SELECT 1");
    EXPECT_EQ(heard(proxy().proxy.port(), query), heard(server().port(), query)) << testing::PrintToString(query);
  }
  EXPECT_EQ(heard(proxy().proxy.port(), {0x03}), heard(server().port(), {0x03}));
}

TEST_P(SamePackets, of_bulk_execution_and_of_the_statement_prepared_last) {
  if (is_mysql()) return;  // MariaDB's own
  constexpr std::uint8_t BULK_EXECUTE = 0xFA;
  const auto bulk = [](Payload rows) {
    Payload body = statement_id(0xFFFFFFFF);
    body.insert(body.end(), {128, 0, 8, 0});  // types are sent: a BIGINT
    body.insert(body.end(), rows.begin(), rows.end());
    return say(BULK_EXECUTE, body);
  };
  expect_same({ask("CREATE TEMPORARY TABLE many (id BIGINT)"), prepare("INSERT INTO many VALUES (?)"),
               bulk({0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1}), bulk({}), bulk({0, 1}),
               say(BULK_EXECUTE, {1, 0}), ask("SELECT * FROM many"), prepare("SELECT id FROM many"),
               say(0x17, {0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0}), say(0x17, {0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0}),
               say(0x19, statement_id(0xFFFFFFFF)), failing(say(0x17, {0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0})),
               ask("DROP TABLE many")},
              {.capabilities = MULTI,
               .mariadb_capabilities = mariadb_capability::BULK_OPERATIONS | mariadb_capability::CACHE_METADATA});
}

}  // namespace
}  // namespace sluice::proxy
