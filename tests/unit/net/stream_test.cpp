// Both faces of a connection against each other: the coroutines' side serves, the blocking side asks.
#include "net/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <numeric>
#include <thread>
#include <vector>

#include "net/blocking_stream.hpp"
#include "tests/unit/net/loops.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

BlockingStream::TimePoint soon() {
  return std::chrono::steady_clock::now() + 10s;
}

// 'T' upgrades to TLS, 'E' ends the stream; everything else comes back. What came behind a 'T' belongs to the
// handshake.
awaitable<void> serve(Stream stream, ServerTls tls) {
  std::array<std::uint8_t, 40'000> buffer{};
  while (true) {
    const auto got = co_await stream.read_some(buffer);
    if (!got || *got == 0 || buffer[0] == 'E') break;
    if (buffer[0] == 'T' && !stream.is_tls()) {
      if (co_await stream.accept_tls(tls, Bytes{buffer}.subspan(1, *got - 1))) break;
      continue;
    }
    const Bytes answer = Bytes{buffer}.first(*got);
    const auto at_once = stream.try_write(answer);
    if (!at_once || co_await stream.write(answer.subspan(*at_once))) break;
  }
  stream.close();
}

awaitable<void> accept(tcp::acceptor& acceptor, ServerTls tls) {
  while (true) {
    auto [closed, client] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (closed) co_return;
    asio::co_spawn(acceptor.get_executor(), serve(Stream{Stream::Socket{std::move(client)}}, tls), asio::detached);
  }
}

class Connection : public testing::TestWithParam<LoopKind> {
 protected:
  Connection() : loop_(GetParam()), acceptor_(loop_.executor(), tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
    asio::co_spawn(loop_.executor(), accept(acceptor_, ServerTls::self_signed()), asio::detached);
    loop_.start();
    EXPECT_FALSE(stream->connect({"127.0.0.1", port()}, soon()));
  }
  ~Connection() override {
    stream.reset();
    asio::post(loop_.executor(), [this] { acceptor_.close(); });
    loop_.end();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  void say(std::vector<std::uint8_t> bytes) { EXPECT_FALSE(stream->write(bytes, soon())); }

  void expect_echo(std::size_t size) {
    std::vector<std::uint8_t> sent(size);
    std::iota(sent.begin(), sent.end(), std::uint8_t{0});
    sent.front() = 'x';
    std::vector<std::uint8_t> got;
    for (std::size_t at = 0; at < size; at += 10'000) {
      const auto piece = std::span{sent}.subspan(at, std::min<std::size_t>(10'000, size - at));
      if (piece.front() == 'E' || piece.front() == 'T') piece.front() = 'x';
      ASSERT_FALSE(stream->write(piece, soon()));
      std::vector<std::uint8_t> back(piece.size());
      ASSERT_FALSE(stream->read(back, soon()));
      got.insert(got.end(), back.begin(), back.end());
    }
    EXPECT_EQ(got, sent);
  }

  RunningLoop loop_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::optional<BlockingStream> stream{std::in_place};
};
INSTANTIATE_TEST_SUITE_P(On, Connection, testing::ValuesIn(loops_here()), name_of);

TEST_P(Connection, carries_bytes_both_ways) {
  expect_echo(300'000);
  EXPECT_FALSE(stream->is_secure());
}

TEST_P(Connection, upgrades_to_tls_in_place) {
  expect_echo(10);
  say({'T'});
  ASSERT_FALSE(stream->upgrade(ClientTls::make(Verify::nothing, ""), "127.0.0.1", soon()));
  EXPECT_TRUE(stream->is_secure());
  expect_echo(300'000);
}

TEST_P(Connection, close_of_tls_says_so) {
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> client{context, tls};
  client.next_layer().connect({asio::ip::address_v4::loopback(), port()});
  asio::write(client.next_layer(), asio::buffer("T", 1));
  client.handshake(asio::ssl::stream_base::client);
  asio::write(client, asio::buffer("E", 1));
  std::array<char, 8> into{};
  error_code end;
  EXPECT_EQ(client.read_some(asio::buffer(into), end), 0U);
  EXPECT_EQ(end, asio::error::eof);  // and not asio::ssl::error::stream_truncated
}

TEST(TlsConnection, end_without_close_notify_is_a_read_of_nothing) {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  std::promise<result<std::size_t>> read;
  asio::co_spawn(
      context,
      [&]() -> awaitable<void> {
        Stream server{Stream::Socket{co_await acceptor.async_accept(asio::use_awaitable)}};
        EXPECT_FALSE(co_await server.accept_tls(ServerTls::self_signed(), Bytes{}));
        std::array<std::uint8_t, 8> into{};
        read.set_value(co_await server.read_some(into));
      },
      asio::detached);
  std::thread thread{[&] { context.run(); }};
  {
    asio::io_context its_own;
    asio::ssl::context tls{asio::ssl::context::tls_client};
    asio::ssl::stream<tcp::socket> client{its_own, tls};
    client.next_layer().connect({asio::ip::address_v4::loopback(), acceptor.local_endpoint().port()});
    client.handshake(asio::ssl::stream_base::client);
    client.next_layer().shutdown(tcp::socket::shutdown_send);
    const auto got = read.get_future().get();
    EXPECT_FALSE(got.has_error()) << got.error();
    EXPECT_EQ(got ? *got : 1U, 0U);
  }
  thread.join();
}

TEST_P(Connection, certificate_nobody_signed_is_refused_where_it_is_verified) {
  for (const auto verify : {Verify::ca, Verify::identity}) {
    BlockingStream checked;
    ASSERT_FALSE(checked.connect({"127.0.0.1", port()}, soon()));
    const std::array<std::uint8_t, 1> ask{'T'};
    ASSERT_FALSE(checked.write(ask, soon()));
    EXPECT_EQ(checked.upgrade(ClientTls::make(verify, ""), "127.0.0.1", soon()), Errc::certificate_refused);
  }
}

TEST_P(Connection, end_of_stream_is_a_read_of_nothing) {
  say({'E'});
  std::array<std::uint8_t, 8> into{};
  const auto got = stream->read_some(into, soon());
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 0U);
}

TEST_P(Connection, silence_ends_at_the_deadline) {
  std::array<std::uint8_t, 8> into{};
  const auto got = stream->read_some(into, std::chrono::steady_clock::now() + 20ms);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), Errc::deadline_passed);
}

TEST_P(Connection, interrupt_ends_a_read_and_all_that_follow) {
  std::array<std::uint8_t, 8> into{};
  auto reading = std::async(std::launch::async, [&] { return stream->read_some(into, soon()); });
  stream->interrupt();
  EXPECT_EQ(reading.get().error(), Errc::interrupted);
  EXPECT_EQ(stream->write(into, soon()), Errc::interrupted);
}

TEST(ConnectionAttempt, nobody_listening_is_the_systems_error) {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  const auto port = acceptor.local_endpoint().port();
  acceptor.close();
  BlockingStream stream;
  EXPECT_EQ(stream.connect({"127.0.0.1", port}, soon()), boost::system::errc::connection_refused);
  BlockingStream by_path;
  EXPECT_EQ(by_path.connect({"/nonexistent.sock", 0}, soon()), boost::system::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace sluice::net
