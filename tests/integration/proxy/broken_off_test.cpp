// Conversations that break off at any byte, on either side, and clients that do not keep to the protocol: a clear end,
// and everybody else goes on.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"
#include "tests/support/certificate.hpp"

namespace sluice::proxy {
namespace {

using boost::asio::ip::tcp;
using Payload = RawClient::Payload;
using namespace std::chrono_literals;

// Hands one connection on to a server, until so many bytes have come from there.
class CuttingRelay {
 public:
  explicit CuttingRelay(std::uint16_t server) : server_(server) {}

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void hand_on(std::size_t bytes_from_server) {
    thread_ = std::jthread{[this, bytes_from_server] {
      boost::system::error_code over;
      tcp::socket proxy = acceptor_.accept(over);
      tcp::socket server{context_};
      server.connect({boost::asio::ip::address_v4::loopback(), server_}, over);
      std::jthread other_way{[&] { copy(proxy, server, SIZE_MAX); }};
      copy(server, proxy, bytes_from_server);
    }};
  }

 private:
  static void copy(tcp::socket& from, tcp::socket& to, std::size_t limit) {
    std::array<std::uint8_t, 4096> some{};
    boost::system::error_code over;
    while (limit != 0 && !over) {
      const auto got = from.read_some(boost::asio::buffer(some.data(), std::min(limit, some.size())), over);
      if (!over) boost::asio::write(to, boost::asio::buffer(some.data(), got), over);
      limit -= got;
    }
    from.shutdown(tcp::socket::shutdown_both, over);
    to.shutdown(tcp::socket::shutdown_both, over);
  }

  const std::uint16_t server_;
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::jthread thread_;
};

class BrokenOff : public ThroughProxy {
 protected:
  static net::BlockingStream::TimePoint soon() { return std::chrono::steady_clock::now() + 10s; }
  // Let in without being asked for anything, if it has no password.
  [[nodiscard]] std::string plugin() const { return is_mysql() ? "caching_sha2_password" : "mysql_native_password"; }
  // All that a client says that logs in, asks two questions, and goes; it need not wait for the answers.
  [[nodiscard]] Payload conversation() const {
    Payload all = protocol::frame(RawClient::login_response({.plugin = plugin()}), 1);
    for (const char* sql : {"SELECT 'the first question'", "SELECT 2"}) {
      const auto framed = protocol::frame(RawClient::query_payload(sql), 0);
      all.insert(all.end(), framed.begin(), framed.end());
    }
    const auto quit = protocol::frame(Payload{0x01}, 0);
    all.insert(all.end(), quit.begin(), quit.end());
    return all;
  }
  static constexpr std::size_t WHOLE = 6;  // of packets: their number, two columns, EOF, a row, EOF
  // Packets up to the end, or up to an answer's second EOF; at most.
  static std::size_t converse(std::uint16_t port, const std::string& plugin) {
    std::size_t packets = 0;
    try {
      RawClient client{port, RawClient::Options{.plugin = plugin}};
      client.query("SELECT 'an answer', 2");
      while (packets < WHOLE && !client.receive().empty()) ++packets;
    } catch (const std::runtime_error& closed) {
      return packets;
    }
    return packets;
  }
  // What comes back for these bytes, as codes, up to the end of the connection.
  static std::vector<std::string> answers_to(std::uint16_t port, const Payload& bytes) {
    RawClient client{port};
    client.send_bytes(bytes);
    std::vector<std::string> codes;
    while (true) {
      const auto packet = client.receive();
      if (packet.empty()) return codes;
      codes.push_back(packet[0] == 0xFF && packet.size() > 2 ? std::to_string(packet[1] | packet[2] << 8) : "packet");
    }
  }
};
SLUICE_ON_BOTH_SERVERS(BrokenOff);

TEST_P(BrokenOff, by_the_client_at_every_byte_leaves_nothing) {
  const auto all = conversation();
  for (std::size_t bytes = 0; bytes <= all.size(); ++bytes) {
    net::BlockingStream client;
    ASSERT_FALSE(client.connect({"127.0.0.1", proxy().proxy.port()}, soon()));
    std::array<std::uint8_t, 4096> greeting{};
    ASSERT_TRUE(client.read_some(greeting, soon()).has_value());
    ASSERT_FALSE(client.write(std::span{all}.first(bytes), soon()));
  }
  EXPECT_TRUE(proxy().empties());
  EXPECT_TRUE(proxy().connect().ping());
}

TEST_P(BrokenOff, by_the_server_at_every_byte_ends_the_client) {
  CuttingRelay relay{server().port()};
  auto with = config();
  with.primary.port = relay.port();
  RunningProxy proxy{with};
  std::size_t cut = 0;
  for (std::size_t heard = 0; heard < WHOLE; ++cut) {
    ASSERT_LT(cut, 2000U);
    relay.hand_on(cut);
    heard = converse(proxy.proxy.port(), plugin());
    ASSERT_TRUE(proxy.empties()) << cut;
  }
  EXPECT_GT(cut, 100U);
}

TEST_P(BrokenOff, by_the_server_at_every_byte_of_tls_ends_the_client) {
  const test::ScratchFolder folder{"certificate"};
  const auto certificate = test::make_certificate(folder.path(), "server", "DNS:localhost");
  const auto own =
      test::TestServer::start(GetParam(), {.arguments = {"--ssl-cert=" + certificate.certificate_file.string(),
                                                         "--ssl-key=" + certificate.key_file.string()}});
  CuttingRelay relay{own.port()};
  ProxyConfig with;
  with.primary = {"127.0.0.1", relay.port()};
  with.server_tls = ServerTlsMode::required;
  RunningProxy proxy{with};
  std::size_t cut = 0;
  for (std::size_t heard = 0; heard < WHOLE; ++cut) {
    ASSERT_LT(cut, 10'000U);
    relay.hand_on(cut);
    heard = converse(proxy.proxy.port(), plugin());
    ASSERT_TRUE(proxy.empties()) << cut;
  }
  EXPECT_GT(cut, 1000U);
}

TEST_P(BrokenOff, by_the_server_in_the_midst_of_rows_ends_the_client) {
  auto own = test::TestServer::start(GetParam());
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  RawClient client{proxy.proxy.port(), RawClient::Options{.plugin = plugin()}};
  client.query(
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT REPEAT('x', 1000) FROM n "
      "a, n b");
  std::size_t rows = 0;
  for (; rows < 1000; ++rows) ASSERT_FALSE(client.receive().empty());
  own.kill9();
  Payload last;
  for (auto packet = client.receive(); !packet.empty(); packet = client.receive(), ++rows) last = std::move(packet);
  EXPECT_LT(rows, 900U * 900U);
  EXPECT_TRUE(last.size() == 1003 || last.at(0) == 0xFF) << last.size();
  EXPECT_TRUE(proxy.empties());
  own.restart();
  EXPECT_EQ(proxy.connect().must("SELECT 1").value(), "1");
}

TEST_P(BrokenOff, by_a_client_whose_packets_are_no_protocol_as_the_server_does_it) {
  const auto framed = [](std::string_view sql, std::uint8_t sequence) {
    return protocol::frame(RawClient::query_payload(sql), sequence);
  };
  auto too_short = framed("SELECT 1", 0);
  too_short[0] = 3;
  auto too_long = framed("SELECT 1", 0);
  too_long[0] += 10;
  const auto next = framed("SELECT 2", 0);
  too_long.insert(too_long.end(), next.begin(), next.end());
  Payload continued = framed("SELECT 1", 0);
  const auto wrong = framed("SELECT 2", 7);
  continued.insert(continued.end(), wrong.begin(), wrong.end());
  for (auto bytes : {framed("SELECT 1", 5), too_short, too_long, continued}) {
    // So that it ends in any case, where it is understood.
    const auto quit = protocol::frame(Payload{0x01}, 0);
    for (int i = 0; i < 8; ++i) bytes.insert(bytes.end(), quit.begin(), quit.end());
    EXPECT_EQ(answers_to(proxy().proxy.port(), bytes), answers_to(server().port(), bytes))
        << testing::PrintToString(bytes);
  }
  EXPECT_TRUE(proxy().empties());
}

TEST_P(BrokenOff, not_by_a_client_that_speaks_before_the_greeting) {
  for (const auto port : {server().port(), proxy().proxy.port()}) {
    net::BlockingStream client;
    ASSERT_FALSE(client.connect({"127.0.0.1", port}, soon()));
    ASSERT_FALSE(client.write(conversation(), soon()));
    Payload heard(4096);
    std::size_t bytes = 0;
    while (true) {
      const auto got = client.read_some(std::span{heard}.subspan(bytes), soon());
      if (!got || *got == 0) break;
      bytes += *got;
    }
    EXPECT_THAT(std::string(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(bytes)),
                testing::HasSubstr("the first question"));
  }
}

}  // namespace
}  // namespace sluice::proxy
