// Payloads of 16 MB and more, which take several packets: every command, and what the server sends.
#include <gmock/gmock.h>

#include <future>

#include "tests/integration/proxy/dialogue.hpp"
#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using Payload = RawClient::Payload;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr std::size_t PACKET_MAX = protocol::PACKET_PAYLOAD_MAX_BYTES;

class LargePackets : public ThroughProxy {
 protected:
  void SetUp() override { server().connect().must("SET GLOBAL max_allowed_packet = 256 * 1024 * 1024"); }
  // A payload of so many bytes that ends in `end`.
  static Payload padded(Payload begin, std::size_t bytes, std::string_view end) {
    begin.resize(bytes - end.size(), 'x');
    begin.insert(begin.end(), end.begin(), end.end());
    return begin;
  }
};
SLUICE_ON_BOTH_SERVERS(LargePackets);

TEST_P(LargePackets, of_statements_long_data_and_parameters_arrive_whole) {
  RawClient client{proxy().proxy.port()};
  for (const std::size_t bytes : {PACKET_MAX - 1, PACKET_MAX, PACKET_MAX + 1, 2 * PACKET_MAX}) {
    SCOPED_TRACE(bytes);
    // A statement to prepare, longer than is kept of it; one parameter, one column.
    client.command(padded(prepare("SELECT LENGTH(?) /* ").command, bytes, "*/"));
    const auto prepared = client.receive();
    ASSERT_EQ(prepared.at(0), 0x00);
    for (int i = 0; i < 4; ++i) ASSERT_FALSE(client.receive().empty());
    const auto about = [&](std::uint8_t code, const Payload& rest) {
      Payload payload{code};
      payload.insert(payload.end(), prepared.begin() + 1, prepared.begin() + 5);
      payload.insert(payload.end(), rest.begin(), rest.end());
      return payload;
    };
    const auto answered = [&](std::size_t length) {
      for (int i = 0; i < 3; ++i) (void)client.receive();
      const auto row = client.receive();
      (void)client.receive();
      ASSERT_GE(row.size(), 6U);
      EXPECT_EQ(protocol::Reader{protocol::Bytes{row}.subspan(2)}.u32(), length);
    };
    const std::size_t head = 7;
    client.commands({padded(about(0x18, {0, 0}), bytes, ""), about(0x17, {0, 1, 0, 0, 0, 0, 1, 0xFC, 0})});
    answered(bytes - head);
    // The parameter in the command itself: a length of 3 bytes before it.
    const Payload types{0, 1, 0, 0, 0, 0, 1, 0xFC, 0, 0xFD};
    auto execute = about(0x17, types);
    const std::size_t value = bytes - execute.size() - 3;
    protocol::Writer{execute}.little_endian(value, 3);
    if (value <= PACKET_MAX) {
      client.command(padded(execute, bytes, ""));
      answered(value);
    }
    client.command(about(0x19, {}));
  }
  client.command({0x0E});
  EXPECT_EQ(client.receive().at(0), 0x00);
}

TEST_P(LargePackets, of_sixty_four_megabytes_go_both_ways) {
  auto client = proxy().connect();
  constexpr std::size_t BYTES = 64 << 20;
  EXPECT_EQ(client.must("SELECT LENGTH('" + std::string(BYTES, 'x') + "')").value(), std::to_string(BYTES));
  EXPECT_THAT(client.must("SELECT REPEAT('y', " + std::to_string(BYTES) + ")").value(), SizeIs(BYTES));
  EXPECT_TRUE(client.ping());
}

TEST_P(LargePackets, of_exactly_the_limit_end_with_one_of_no_bytes) {
  RawClient client{proxy().proxy.port()};
  const std::string head = "SELECT LENGTH('";
  for (const std::size_t bytes : {PACKET_MAX, 2 * PACKET_MAX}) {
    client.command(padded(RawClient::query_payload(head), bytes, "')"));
    // The column's name is the text; what matters is that the answer comes, and the next one behind it.
    for (int i = 0; i < 5; ++i) ASSERT_FALSE(client.receive().empty());
    const std::size_t head_of_row = bytes > PACKET_MAX ? 9 : 4;  // the value's length
    client.query("SELECT REPEAT('z', " + std::to_string(bytes - head_of_row) + ")");
    for (int i = 0; i < 3; ++i) ASSERT_FALSE(client.receive().empty());
    EXPECT_THAT(client.receive(), SizeIs(bytes));
    ASSERT_FALSE(client.receive().empty());
  }
}

TEST_P(LargePackets, are_refused_as_the_server_refuses_them) {
  server().connect().must("SET GLOBAL max_allowed_packet = 1024 * 1024");
  // A server may close before it has read all; then the client library knows nothing better than that.
  const auto code = [](std::uint16_t port) {
    test::TestClient client{{.port = port}};
    const auto reply = client.query("SELECT LENGTH('" + std::string(2'000'000, 'x') + "')");
    return reply.error ? reply.error->code : 0;
  };
  using testing::AnyOf;
  EXPECT_THAT(code(server().port()), AnyOf(1153U, 2006U, 2013U));
  EXPECT_THAT(code(proxy().proxy.port()), AnyOf(1153U, 2006U, 2013U));
  EXPECT_TRUE(proxy().empties());
}

TEST_P(LargePackets, at_a_closed_gate_are_held_whole) {
  auto direct = server().connect();
  direct.must("DROP TABLE IF EXISTS large");
  direct.must("CREATE TABLE large (id INT PRIMARY KEY, note LONGTEXT)");
  const gate::TableName table{"test", "large"};
  auto& gate = proxy().gate;
  gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
  ASSERT_EQ(gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 60s), gate::CloseResult::held);
  RawClient client{proxy().proxy.port()};
  // No more of it is read than was judged.
  auto sent = std::async(std::launch::async, [&] {
    client.command(padded(RawClient::query_payload("INSERT INTO large VALUES (1, '"), 2 * PACKET_MAX, "')"));
  });
  EXPECT_TRUE(test::wait_until([&] { return gate.status(table).waiting == 1; }));
  EXPECT_EQ(direct.must("SELECT COUNT(*) FROM large").value(), "0");
  gate.open(table);
  sent.get();
  EXPECT_EQ(client.receive().at(0), 0x00);
  EXPECT_EQ(direct.must("SELECT LENGTH(note) FROM large").value(), std::to_string(2 * PACKET_MAX - 33));
  gate.disarm(table);
}

}  // namespace
}  // namespace sluice::proxy
