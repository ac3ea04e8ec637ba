// A peer that is gone without a word (its machine, or the way to it): both legs end, whatever the session was at.
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

// Longer than the kernel looks for an answer: a minute, and six times ten seconds.
constexpr auto GIVEN_UP_BY = 140s;

// Hands one connection on, until it falls silent: then what comes from the proxy is neither taken nor acknowledged.
class Wire {
 public:
  enum class ProxyIs : std::uint8_t { who_connects, who_is_connected_to };
  Wire(ProxyIs proxy, std::uint16_t target) : proxy_(proxy) {
    thread_ = std::jthread{[this, target] {
      boost::system::error_code over;
      acceptor_.accept(in_, over);
      if (over) return;
      out_.connect({boost::asio::ip::address_v4::loopback(), target}, over);
      std::jthread back{[this] { copy(out_, in_); }};
      copy(in_, out_);
    }};
  }
  ~Wire() {
    for (const int socket : {acceptor_.native_handle(), in_.native_handle(), out_.native_handle()}) {
      ::shutdown(socket, SHUT_RDWR);
    }
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void fall_silent() {
    sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
    const sock_fprog program{.len = 1, .filter = &nothing};
    auto& to_proxy = proxy_ == ProxyIs::who_connects ? in_ : out_;
    // What is not acknowledged yet would be sent again and again, as a sign of life.
    EXPECT_TRUE(test::wait_until([&] {
      int outstanding = -1;
      return ::ioctl(to_proxy.native_handle(), SIOCOUTQ, &outstanding) == 0 && outstanding == 0;
    }));
    ASSERT_EQ(::setsockopt(to_proxy.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  }

 private:
  static void copy(tcp::socket& from, tcp::socket& to) {
    std::array<std::uint8_t, 4096> some{};
    boost::system::error_code over;
    while (!over) {
      const auto got = from.read_some(boost::asio::buffer(some), over);
      if (!over) boost::asio::write(to, boost::asio::buffer(some.data(), got), over);
    }
    to.shutdown(tcp::socket::shutdown_both, over);
  }

  const ProxyIs proxy_;
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  tcp::socket in_{context_}, out_{context_};
  std::jthread thread_;
};

const gate::TableName HELD{"test", "held"};

// A server, and sessions of which one side falls silent in the midst of what they do.
class Scene {
 public:
  explicit Scene(test::Kind kind) : server_(test::TestServer::start(kind)) {
    auto direct = server_.connect();
    direct.must("CREATE TABLE touched (id INT PRIMARY KEY)");
    direct.must("CREATE TABLE held (id INT PRIMARY KEY)");
    proxy_.gate.arm(HELD, {gate::Target{HELD, gate::Target::Kind::table}}, "m1");
    idle();
    in_a_transaction();
    at_work();
    at_the_gate();
    behind_a_server_that_is_gone();
    for (const auto& wire : wires_) wire->fall_silent();
  }
  // Of the clients' sessions nothing is left; that of the server that is gone only the proxy can know.
  [[nodiscard]] bool is_over() {
    return proxy_.observer.connections == 0 && proxy_of_silence_.observer.connections == 0 && sessions() == "1";
  }
  [[nodiscard]] std::size_t waiting() const { return proxy_.gate.status(HELD).waiting; }
  // What a session that is still there would keep others from doing.
  [[nodiscard]] bool is_free() {
    auto direct = server_.connect();
    return direct.must("SELECT COUNT(*) FROM held").value() == "0" &&
           direct.query("ALTER TABLE touched ADD COLUMN more INT").ok();
  }

 private:
  RawClient& client() {
    wires_.push_back(std::make_unique<Wire>(Wire::ProxyIs::who_is_connected_to, proxy_.proxy.port()));
    clients_.push_back(std::make_unique<RawClient>(wires_.back()->port()));
    return *clients_.back();
  }
  void idle() { (void)client(); }
  void in_a_transaction() {
    auto& one = client();
    for (const char* sql : {"BEGIN", "INSERT INTO touched VALUES (1)"}) {
      one.query(sql);
      EXPECT_EQ(one.receive().at(0), 0x00);
    }
  }
  void at_work() {
    client().query("SELECT SLEEP(600)");
    auto direct = server_.connect();
    EXPECT_TRUE(test::wait_until([&] {
      return direct.must("SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(600)'")
                 .value() == "1";
    }));
  }
  void at_the_gate() {
    EXPECT_EQ(proxy_.gate.close(HELD, gate::Clock::now() + 10s, gate::Clock::now() + 10min), gate::CloseResult::held);
    client().query("INSERT INTO held VALUES (1)");
    EXPECT_TRUE(test::wait_until([this] { return waiting() == 1; }));
  }
  void behind_a_server_that_is_gone() {
    clients_.push_back(std::make_unique<RawClient>(proxy_of_silence_.proxy.port()));
  }

  [[nodiscard]] std::string sessions() const {
    return server_.connect()
        .must("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID()")
        .value();
  }
  static ProxyConfig in_front_of(std::uint16_t port) {
    ProxyConfig config;
    config.primary = {"127.0.0.1", port};
    return config;
  }
  std::uint16_t port_of_silence() {
    wires_.push_back(std::make_unique<Wire>(Wire::ProxyIs::who_connects, server_.port()));
    return wires_.back()->port();
  }

  test::TestServer server_;
  std::vector<std::unique_ptr<Wire>> wires_;
  RunningProxy proxy_{in_front_of(server_.port())};
  RunningProxy proxy_of_silence_{in_front_of(port_of_silence())};
  std::vector<std::unique_ptr<RawClient>> clients_;
};

// Both servers at once, as it takes its time.
TEST(HalfOpen, connections_end_on_both_sides_whatever_their_session_was_at) {
  Scene mysql{test::Kind::mysql};
  Scene mariadb{test::Kind::mariadb};
  EXPECT_TRUE(test::wait_until([&] { return mysql.is_over() && mariadb.is_over(); }, GIVEN_UP_BY));
  for (Scene* scene : {&mysql, &mariadb}) {
    EXPECT_EQ(scene->waiting(), 0U);
    EXPECT_TRUE(scene->is_free());
  }
}

}  // namespace
}  // namespace sluice::proxy
