#include "control/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "tests/unit/control/fake_migrations.hpp"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

// A connection on which bytes are said and heard as they are; each wait ends after half a minute.
class Wire {
 public:
  explicit Wire(std::uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  void say(const std::string& text) {
    boost::system::error_code ignored;  // a server that has hung up is seen when reading
    asio::write(socket_, asio::buffer(text), ignored);
  }
  std::string hear_until(const std::string& end) {
    boost::system::error_code error;
    const auto size = asio::read_until(socket_, asio::dynamic_buffer(heard_), end, error);
    auto text = heard_.substr(0, size);
    heard_.erase(0, size);
    return text;
  }
  std::string hear_all() {
    boost::system::error_code error;
    asio::read(socket_, asio::dynamic_buffer(heard_), error);
    return std::exchange(heard_, {});
  }

 private:
  asio::io_context io_;
  tcp::socket socket_{io_};
  std::string heard_;
};

class HttpServer : public testing::Test {
 protected:
  HttpServer() { migrations.put(a_status("m1")); }

  Server& start(ServerConfig config = {}) {
    server = std::make_unique<Server>(std::move(config), migrations, [] { return "metrics"; }, [] { return true; });
    server->start();
    return *server;
  }
  std::string ask(const std::string& request) {
    Wire wire{server->port()};
    wire.say(request);
    return wire.hear_all();
  }
  static std::string get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n";
  }
  static std::string post(const std::string& body) {
    return "POST /migrate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static constexpr auto GOOD_BODY = R"({"database":"d","table":"t","alter":"ADD x INT"})";

  FakeMigrations migrations;
  std::unique_ptr<Server> server;
};

TEST_F(HttpServer, AnswersOverOneConnectionSeveralTimes) {
  start();
  Wire wire{server->port()};
  for (int i = 0; i < 3; ++i) {
    wire.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(wire.hear_until("\"ok\"}"), StartsWith("HTTP/1.1 200 OK"));
  }
}

TEST_F(HttpServer, StartsAMigration) {
  start();
  EXPECT_THAT(ask(post(GOOD_BODY)), StartsWith("HTTP/1.1 202"));
  EXPECT_EQ(migrations.last_tables.at(0).alter, "ADD x INT");
}

TEST_F(HttpServer, ToHeadTheHeaderIsTheAnswer) {
  start();
  const auto answer = ask("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 15\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, ProbesAnswerWhilePreflightsRun) {
  start();
  migrations.block();
  constexpr int more_than_there_are_threads = 8;
  std::vector<std::unique_ptr<Wire>> waiting;
  for (int i = 0; i < more_than_there_are_threads; ++i) {
    waiting.push_back(std::make_unique<Wire>(server->port()));
    waiting.back()->say(post(GOOD_BODY));
  }
  migrations.await_create();
  EXPECT_THAT(ask(get("/healthz")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(get("/metrics")), HasSubstr("metrics"));
  EXPECT_THAT(ask(get("/migrate/m1")), HasSubstr("copying"));
  EXPECT_THAT(ask("POST /migrate/m1/panic HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 202"));
  migrations.unblock();
  for (auto& wire : waiting) EXPECT_THAT(wire->hear_all(), StartsWith("HTTP/1.1 202"));
}

TEST_F(HttpServer, ABodyThatIsTooLongIsRefusedBeforeItIsRead) {
  ServerConfig config;
  config.limits.body_bytes_max = 100;
  start(config);
  EXPECT_THAT(ask(post(std::string(50'000, 'x'))), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("POST /migrate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" +
                  std::string(0x80, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServer, ABodyIsAskedForWhereTheClientWaitsForThat) {
  start();
  Wire wire{server->port()};
  wire.say(
      "POST /migrate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: " +
      std::to_string(std::string_view{GOOD_BODY}.size()) + "\r\n\r\n");
  EXPECT_THAT(wire.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  wire.say(GOOD_BODY);
  EXPECT_THAT(wire.hear_all(), StartsWith("HTTP/1.1 202"));
}

TEST_F(HttpServer, WhatIsNotHttpGetsAnAnswerToo) {
  start();
  EXPECT_THAT(ask("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(get("/", "X: " + std::string(20'000, 'x') + "\r\n")), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(ask(get("/healthz")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, TheNextConnectionWaitsUntilOneHasGone) {
  ServerConfig config;
  config.limits.connections_max = 1;
  start(config);
  auto first = std::make_unique<Wire>(server->port());
  first->say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(first->hear_until("\"ok\"}"), StartsWith("HTTP/1.1 200"));
  Wire second{server->port()};
  second.say(get("/healthz"));
  first.reset();
  EXPECT_THAT(second.hear_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, AConnectionThatSaysNothingIsClosed) {
  ServerConfig config;
  config.limits.idle_deadline = std::chrono::milliseconds{50};
  start(config);
  EXPECT_EQ(ask(""), "");
}

TEST_F(HttpServer, EventsEndWithTheMigration) {
  ServerConfig config;
  config.limits.events_interval = std::chrono::milliseconds{5};
  start(config);
  Wire wire{server->port()};
  wire.say(get("/migrate/m1/events"));
  const auto begin = wire.hear_until("\"state\":\"copying\"");
  EXPECT_THAT(begin, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(begin, HasSubstr("event: progress"));
  migrations.write({1, "2026-01-01T00:00:00Z", "cut_over.held", "{}"});
  EXPECT_THAT(wire.hear_until("cut_over.held"), HasSubstr("id: 1\n"));
  migrations.put(a_status("m1", migrator::State::completed));
  EXPECT_THAT(wire.hear_all(), HasSubstr("event: end"));
}

TEST_F(HttpServer, SubscribersAreCounted) {
  ServerConfig config;
  config.limits.subscribers_max = 1;
  start(config);
  Wire first{server->port()};
  first.say(get("/migrate/m1/events"));
  EXPECT_THAT(first.hear_until("event: progress"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(get("/migrate/m1/events")), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServer, AllMigrationsAndTheClientsLatencyAreToldAsTheyChange) {
  ServerConfig config;
  config.limits.events_interval = std::chrono::milliseconds{5};
  server = std::make_unique<Server>(
      std::move(config), migrations, [] { return "metrics"; }, [] { return true; },
      [] { return std::chrono::milliseconds{7}; });
  server->start();
  Wire wire{server->port()};
  wire.say(get("/events"));
  EXPECT_THAT(wire.hear_until("\"state\":\"copying\""), HasSubstr("event: service"));
  migrations.put(a_status("m2", migrator::State::ready));
  EXPECT_THAT(wire.hear_until("\"id\":\"m2\""), HasSubstr("event: progress"));
  EXPECT_THAT(wire.hear_until("\"p99_ms\":7E0"), HasSubstr("event: clients"));
  EXPECT_THAT(ask(get("/clients")), HasSubstr("\"p99_ms\":7E0"));
}

TEST_F(HttpServer, ThePageMayLoadNothingButItsOwnFiles) {
  start();
  const auto page = ask(get("/"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'self'; script-src 'self';"));
  EXPECT_THAT(page, testing::Not(HasSubstr("unsafe")));
}

TEST_F(HttpServer, ATokenIsAskedFor) {
  ServerConfig config;
  config.token = "secret";
  start(config);
  EXPECT_THAT(ask(get("/migrate")), HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(ask(get("/migrate", "Authorization: Bearer secret\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, WithoutATokenOnlyLoopbackIsBound) {
  EXPECT_THAT([&] { start({.host = "0.0.0.0"}); }, testing::ThrowsMessage<std::runtime_error>(HasSubstr("token")));
}

TEST_F(HttpServer, RefusesToStartOnAPortThatIsTakenOrFilesThatAreNotThere) {
  FakeMigrations others;
  Server first{{}, others, [] { return ""; }, [] { return true; }};
  first.start();
  EXPECT_THAT([&] { start({.port = first.port()}); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("can't listen")));
  EXPECT_THAT([&] { start({.tls = TlsFiles{"/nonexistent/cert.pem", "/nonexistent/key.pem"}}); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("/nonexistent/cert.pem")));
}

TEST_F(HttpServer, StopsWhileClientsAreConnected) {
  start();
  Wire idle{server->port()};
  Wire subscribed{server->port()};
  subscribed.say(get("/migrate/m1/events"));
  EXPECT_NE(subscribed.hear_until("event: progress"), "");
  server->stop();
  server->stop();
  server.reset();
  EXPECT_EQ(idle.hear_all(), "");
}

}  // namespace
}  // namespace sluice::control
