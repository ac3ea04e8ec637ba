// Clients that leave when nobody expects it: in the midst of a login, or with a statement under way.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using test::TestClient;
using test::wait_until;
using namespace std::chrono_literals;

constexpr const char* GIGABYTES =
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT REPEAT(a.i, 1000) FROM n "
    "a, n b";

// A client that leaves in ways of its own.
class Leaver {
 public:
  Leaver(std::uint16_t port, const std::vector<std::uint8_t>& login) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    (void)receive();
    send(login);
    while (receive().front() != 0x00) send({});
  }
  void ask(std::string_view sql) {
    packets_.begin_command();
    send(RawClient::query_payload(sql));
  }
  // As `nc -N` does.
  void say_no_more() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  // Lines that it was asked for, until nobody has taken any for a second.
  void send_lines_until_they_are_stuck() {
    const std::string line(1023, 'x');
    std::string text;
    for (int i = 0; i < 64; ++i) text += line + '\n';
    const auto packet = protocol::frame(RawClient::Payload{text.begin(), text.end()}, packets_.next_sequence());
    socket_.non_blocking(true);
    auto since = std::chrono::steady_clock::now();
    for (std::size_t at = 0; std::chrono::steady_clock::now() - since < 1s;) {
      boost::system::error_code full;
      const auto sent = socket_.write_some(boost::asio::buffer(packet.data() + at, packet.size() - at), full);
      at = (at + sent) % packet.size();
      if (sent == 0) {
        std::this_thread::sleep_for(test::poll_interval);
      } else {
        since = std::chrono::steady_clock::now();
      }
    }
  }
  // As a client that crashed, whose machine says so.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger{true, 0});
    socket_.close();
  }
  // Empty: the other side has closed.
  RawClient::Payload receive() {
    return packets_.receive([this](std::span<std::uint8_t> some) {
      boost::system::error_code error;
      return socket_.read_some(boost::asio::buffer(some.data(), some.size()), error);
    });
  }

 private:
  void send(const RawClient::Payload& payload) {
    boost::asio::write(socket_, boost::asio::buffer(packets_.frame(payload)));
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  test::PacketReader packets_;
};

class Leaving : public ThroughProxy {
 protected:
  static net::BlockingStream::TimePoint soon() { return std::chrono::steady_clock::now() + 10s; }

  // A client that has read the greeting, and will be gone.
  static void read_greeting(net::BlockingStream& client, std::uint16_t port) {
    ASSERT_FALSE(client.connect({"127.0.0.1", port}, soon()));
    std::array<std::uint8_t, 4096> greeting{};
    ASSERT_TRUE(client.read_some(greeting, soon()).has_value());
  }
  static std::vector<std::uint8_t> login_of(std::string_view user) {
    std::vector<std::uint8_t> login;
    namespace capability = protocol::capability;
    protocol::Writer writer{login};
    writer.u32(capability::LONG_PASSWORD | capability::PROTOCOL_41 | capability::SECURE_CONNECTION |
               capability::PLUGIN_AUTH | capability::LOCAL_FILES);
    writer.u32(1 << 24);
    writer.u8(45);
    writer.zeros(23);
    writer.zero_terminated(user);
    writer.u8(0);
    writer.zero_terminated("a_plugin_that_nobody_has");
    return login;
  }
  // How often a server that tells everything has told this.
  static std::size_t told(const test::TestServer& server, const std::string& what) {
    std::ifstream log{server.log()};
    std::size_t count = 0;
    for (std::string line; std::getline(log, line);) count += line.find(what) != std::string::npos ? 1 : 0;
    return count;
  }
  // The proxy's killer, by hand; must outlive the proxy. Kills one connection at a time, as one that is asked for again
  // may have been killed meanwhile.
  class ByHand {
   public:
    explicit ByHand(std::uint16_t port) : port_(port) {}
    [[nodiscard]] Killer killer() {
      return [this](const Abandoned& abandoned, std::function<void()> is_gone) {
        const std::scoped_lock lock{mutex_};
        threads_.emplace_back([this, abandoned, is_gone = std::move(is_gone)] { kill(abandoned, is_gone); });
      };
    }

   private:
    void kill(const Abandoned& abandoned, const std::function<void()>& is_gone) {
      const std::scoped_lock lock{one_at_a_time_};
      const auto id = std::to_string(static_cast<std::uint64_t>(abandoned.connection));
      try {
        TestClient client{{.port = port_}};
        const auto found = client.must("SELECT host FROM information_schema.processlist WHERE id = " + id);
        const bool is_same =
            !found.rows().empty() && abandoned.port && found.value().ends_with(":" + std::to_string(*abandoned.port));
        if (!is_same) return is_gone();
        if (!client.query("KILL " + id).ok()) is_gone();
      } catch (const std::exception& server_is_gone) {
        ADD_FAILURE() << server_is_gone.what();
      }
    }

    std::uint16_t port_;
    std::mutex mutex_;
    std::mutex one_at_a_time_;
    std::vector<std::jthread> threads_;  // under mutex_
  };
  [[nodiscard]] Killer killer() {
    if (!by_hand_) by_hand_.emplace(server().port());
    return by_hand_->killer();
  }
  // Sends the statement and goes, once it runs.
  void abandon(const RunningProxy& proxy, const std::string& sql) {
    RawClient client{proxy.proxy.port()};
    client.query(sql);
    ASSERT_TRUE(wait_until([&] { return running(sql) == "1"; })) << sql;
  }
  // At the server, past the proxy.
  void end(const std::string& sql) {
    auto direct = server().connect();
    const auto id = direct.must("SELECT id FROM information_schema.processlist WHERE info = '" + sql + "'").value();
    direct.must("KILL " + id);
  }

 private:
  std::optional<ByHand> by_hand_;
};
SLUICE_ON_BOTH_SERVERS(Leaving);

TEST_P(Leaving, in_the_midst_of_the_login_is_no_broken_handshake_at_the_server) {
  const auto own =
      test::TestServer::start(GetParam(), {.arguments = {is_mysql() ? "--log-error-verbosity=3" : "--log-warnings=4"}});
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  constexpr std::size_t TIMES = 3;
  for (std::size_t i = 0; i < TIMES; ++i) {
    {
      net::BlockingStream at_once;
      ASSERT_FALSE(at_once.connect({"127.0.0.1", proxy.proxy.port()}, soon()));
    }
    {
      net::BlockingStream after_greeting;
      read_greeting(after_greeting, proxy.proxy.port());
    }
    {
      net::BlockingStream after_request;
      read_greeting(after_request, proxy.proxy.port());
      ASSERT_FALSE(after_request.write(protocol::frame(login_of("root"), 1), soon()));
      std::array<std::uint8_t, 4096> asked{};
      ASSERT_TRUE(after_request.read_some(asked, soon()).has_value());
    }
    {
      net::BlockingStream nonsense;
      read_greeting(nonsense, proxy.proxy.port());
      ASSERT_FALSE(nonsense.write(std::vector<std::uint8_t>{'G', 'E', 'T', ' ', '/', '\r', '\n'}, soon()));
    }
  }
  EXPECT_TRUE(proxy.empties());
  EXPECT_EQ(proxy.connect().must("SELECT 1").value(), "1");
  // A denied login each, which does not count towards max_connect_errors.
  EXPECT_EQ(told(own, "Access denied for user 'sluice-client-left'"), 3 * TIMES);
  EXPECT_EQ(told(own, "Access denied for user 'root'"), is_mysql() ? TIMES : 0U);  // MariaDB lets it in, and it goes
  if (is_mysql()) return;  // it does not tell of broken handshakes
  EXPECT_EQ(told(own, "Got an error reading communication packets"), 0U);
  {
    net::BlockingStream direct;
    read_greeting(direct, own.port());
  }
  EXPECT_TRUE(wait_until([&] { return told(own, "This connection closed normally without authentication") == 1; }));
  EXPECT_EQ(told(own, "This connection closed normally without authentication"), 1U);
}

// What an account's plugin is asked in vain counts against nobody: not the proxy's address, and the account only where
// the server has no other way.
TEST_P(Leaving, behind_the_first_answer_counts_as_little_as_can_be) {
  const auto own =
      is_mysql() ? test::TestServer::start(GetParam())
                 : test::TestServer::start(GetParam(), {.arguments = {"--log-warnings=4", "--max-password-errors=1",
                                                                      "--plugin-load-add=auth_ed25519"}});
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  auto root = own.connect();
  root.must("CREATE USER left_early@'%' IDENTIFIED BY 'pass word'");
  root.must("CREATE USER without_password@'%' IDENTIFIED BY ''");
  if (!is_mysql()) root.must("CREATE USER signs@'%' IDENTIFIED VIA ed25519 USING PASSWORD('pass word')");
  const auto leave = [&](std::string_view user) {
    net::BlockingStream client;
    read_greeting(client, proxy.proxy.port());
    ASSERT_FALSE(client.write(protocol::frame(login_of(user), 1), soon()));
    std::array<std::uint8_t, 4096> asked{};
    ASSERT_TRUE(client.read_some(asked, soon()).has_value());
  };
  leave("left_early");
  leave("without_password");
  if (!is_mysql()) leave("signs");
  EXPECT_TRUE(proxy.empties());
  const auto log_in = [&](const std::string& user, const std::string& password) {
    return TestClient{{.port = proxy.proxy.port(), .user = user, .password = password}}.must("SELECT 1").value();
  };
  EXPECT_EQ(log_in("left_early", "pass word"), "1");
  EXPECT_EQ(log_in("without_password", ""), "1");
  if (is_mysql()) return;
  EXPECT_EQ(told(own, "Access denied for user 'signs'"), 1U);
  EXPECT_EQ(told(own, "Got an error reading communication packets"), 0U);
  EXPECT_EQ(told(own, "Aborted connection"), 0U);
}

TEST_P(Leaving, in_the_midst_of_the_login_because_the_proxy_stops_is_no_broken_handshake_either) {
  const auto own =
      test::TestServer::start(GetParam(), {.arguments = {is_mysql() ? "--log-error-verbosity=3" : "--log-warnings=4"}});
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  net::BlockingStream client;
  read_greeting(client, proxy.proxy.port());
  const auto begun = std::chrono::steady_clock::now();
  proxy.proxy.stop(begun + 20s);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(told(own, "Access denied for user 'sluice-client-left'"), 1U);
}

TEST_P(Leaving, ends_what_its_session_was_doing_whatever_it_was) {
  RunningProxy proxy{config(), killer()};
  auto direct = server().connect();
  direct.must("CREATE TABLE IF NOT EXISTS abandoned (id INT PRIMARY KEY, v INT)");
  direct.must("REPLACE INTO abandoned VALUES (1, 1)");
  auto locks = server().connect();
  const auto expect_gone = [&](const std::string& sql) {
    abandon(proxy, sql);
    EXPECT_TRUE(wait_until([&] { return running(sql) == "0"; }, 8s)) << sql;
    EXPECT_TRUE(proxy.empties()) << sql;
  };
  expect_gone("SELECT SLEEP(100)");
  expect_gone(
      "SELECT COUNT(*) FROM (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT "
      "a.i FROM n a, n b, n c, n d) x");
  locks.must("BEGIN");
  locks.must("UPDATE abandoned SET v = 2 WHERE id = 1");
  expect_gone("UPDATE abandoned SET v = 3 WHERE id = 1");
  expect_gone("ALTER TABLE abandoned ADD COLUMN w INT");
  locks.must("COMMIT");
  locks.must("LOCK TABLES abandoned WRITE");
  expect_gone("SELECT v FROM abandoned");
  locks.must("UNLOCK TABLES");
  EXPECT_EQ(direct.must("SELECT v FROM abandoned").value(), "2");
  direct.must("SET lock_wait_timeout = 1");
  direct.must("DROP TABLE abandoned");  // nobody holds its metadata any more
}

TEST_P(Leaving, with_commands_sent_ahead_of_an_answer_ends_it) {
  RunningProxy proxy{config(), killer()};
  const gate::TableName other{"test", "not_spoken_of"};
  proxy.gate.arm(other, {gate::Target{other, gate::Target::Kind::table}}, "m1");
  {
    RawClient client{proxy.proxy.port()};
    client.commands({RawClient::query_payload("SELECT SLEEP(103)"), RawClient::query_payload("SELECT 'ahead'")});
    ASSERT_TRUE(wait_until([&] { return running("SELECT SLEEP(103)") == "1"; }));
  }
  EXPECT_TRUE(wait_until([&] { return running("SELECT SLEEP(103)") == "0"; }, 8s));
  EXPECT_TRUE(proxy.empties());
  proxy.gate.disarm(other);
}

TEST_P(Leaving, while_the_server_takes_no_more_of_its_file_ends_it) {
  RunningProxy proxy{config(), killer()};
  auto locks = server().connect();
  locks.must("SET GLOBAL local_infile = 1");
  locks.must("CREATE TABLE IF NOT EXISTS unloaded (line VARCHAR(1100) PRIMARY KEY) CHARACTER SET latin1");
  locks.must("DELETE FROM unloaded");
  locks.must("BEGIN");
  locks.must("INSERT INTO unloaded VALUES (REPEAT('x', 1023))");
  Leaver client{proxy.proxy.port(), login_of("root")};
  client.ask("LOAD DATA LOCAL INFILE 'x' INTO TABLE test.unloaded");
  ASSERT_EQ(client.receive().at(0), 0xFB);
  client.send_lines_until_they_are_stuck();
  EXPECT_EQ(running("LOAD DATA%"), "1");
  client.reset();
  EXPECT_TRUE(wait_until([&] { return running("LOAD DATA%") == "0"; }, 8s));
  EXPECT_TRUE(proxy.empties());
  locks.must("ROLLBACK");
  EXPECT_EQ(locks.must("SELECT COUNT(*) FROM unloaded").value(), "0");
}

TEST_P(Leaving, with_a_result_half_read_ends_it) {
  RunningProxy proxy{config(), killer()};
  {
    RawClient client{proxy.proxy.port()};
    client.query(GIGABYTES);
    ASSERT_FALSE(client.receive().empty());
  }
  EXPECT_TRUE(wait_until([&] { return running("%REPEAT(a.i, 1000)%") == "0"; }, 8s));
  EXPECT_TRUE(proxy.empties());
}

TEST_P(Leaving, by_halves_with_a_result_that_it_does_not_read_ends_it) {
  RunningProxy proxy{config(), killer()};
  Leaver client{proxy.proxy.port(), login_of("root")};
  client.ask(GIGABYTES);
  client.say_no_more();
  EXPECT_TRUE(proxy.empties());
  // The server may show it for a moment more: it closes the connection first.
  EXPECT_TRUE(wait_until([this] { return running("%REPEAT(a.i, 1000)%") == "0"; }));
}

TEST_P(Leaving, in_the_midst_of_a_large_result_is_under_way_until_the_server_has_done_what_stands_behind_it) {
  RunningProxy proxy{config()};
  const gate::TableName table{"test", "abandoned_late"};
  auto direct = server().connect();
  direct.must("CREATE TABLE IF NOT EXISTS abandoned_late (id INT PRIMARY KEY)");
  direct.must("DELETE FROM abandoned_late");
  {
    RawClient client{proxy.proxy.port(), protocol::capability::MULTI_STATEMENTS | protocol::capability::MULTI_RESULTS};
    client.query(
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT REPEAT('x', 1000000) "
        "FROM n; DO SLEEP(2); INSERT INTO abandoned_late VALUES (1)");
    ASSERT_FALSE(client.receive().empty());
  }
  ASSERT_TRUE(wait_until([&] { return running("%DO SLEEP(2)%") == "1"; }));
  proxy.gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m1");
  EXPECT_EQ(proxy.gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 20s), gate::CloseResult::held);
  EXPECT_EQ(direct.must("SELECT COUNT(*) FROM abandoned_late").value(), "1") << "held before it was over";
  proxy.gate.disarm(table);
  EXPECT_TRUE(proxy.empties());
}

TEST_P(Leaving, ends_its_session_too_where_the_server_knows_the_connection_no_more) {
  std::atomic<int> asked{0};
  RunningProxy proxy{config(), [&](const Abandoned&, const std::function<void()>& is_gone) {
                       ++asked;
                       is_gone();
                     }};
  abandon(proxy, "SELECT SLEEP(102)");
  EXPECT_TRUE(proxy.empties());
  EXPECT_EQ(asked, 1);
  end("SELECT SLEEP(102)");
}

TEST_P(Leaving, is_counted_once_however_often_a_kill_is_tried) {
  std::atomic<int> asked{0};
  RunningProxy proxy{config(), [&](const Abandoned&, const std::function<void()>&) { ++asked; }};
  abandon(proxy, "SELECT SLEEP(104)");
  ASSERT_TRUE(wait_until([&] { return asked == 1; }));
  proxy.proxy.stop(std::chrono::steady_clock::now());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(proxy.observer.abandoned, 1);
  end("SELECT SLEEP(104)");
}

TEST_P(Leaving, politely_kills_nothing) {
  RunningProxy proxy{config(), killer()};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(proxy.connect().must("SELECT 1").value(), "1");
  EXPECT_TRUE(proxy.empties());
  EXPECT_EQ(proxy.observer.abandoned, 0);
}

TEST_P(Leaving, stop_that_cuts_a_statement_off_kills_it) {
  RunningProxy proxy{config(), killer()};
  RawClient client{proxy.proxy.port()};
  client.query("SELECT SLEEP(101)");
  ASSERT_TRUE(wait_until([&] { return running("SELECT SLEEP(101)") == "1"; }));
  proxy.proxy.stop(std::chrono::steady_clock::now());
  EXPECT_TRUE(wait_until([&] { return running("SELECT SLEEP(101)") == "0"; }, 3s));
}

}  // namespace
}  // namespace sluice::proxy
