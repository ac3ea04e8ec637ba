#include "control/server.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "control/access.hpp"
#include "control/event_feed.hpp"
#include "control/json_text.hpp"
#include "control/messages.hpp"
#include "control/overview_feed.hpp"
#include "control/routes.hpp"
#include "control/tls_context.hpp"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t QUICK_THREADS = 2;
constexpr std::size_t ASKING_THREADS = 4;
constexpr std::chrono::milliseconds ACCEPT_RETRY{100};  // after an error, as when file descriptors run out
// What a refused client is still sending is read for so long, or the answer would be lost with the connection.
constexpr std::chrono::milliseconds LINGER{1'000};
constexpr std::size_t LINGER_BYTES_MAX = 8UL * 1024 * 1024;
constexpr std::size_t LINGER_CHUNK_BYTES = 16UL * 1024;

constexpr auto WITH_ERROR = asio::as_tuple(asio::use_awaitable);

enum class After : std::uint8_t { keep, close };  // what becomes of the connection

asio::awaitable<void> say_goodbye(Plain& stream) {
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream.expires_after(LINGER);
  std::array<char, LINGER_CHUNK_BYTES> scrap{};
  for (std::size_t total = 0; total < LINGER_BYTES_MAX;) {
    const auto [error, count] = co_await stream.async_read_some(asio::buffer(scrap), WITH_ERROR);
    if (error) co_return;
    total += count;
  }
}

asio::awaitable<void> say_goodbye(Tls& stream) {
  beast::get_lowest_layer(stream).expires_after(LINGER);
  co_await stream.async_shutdown(WITH_ERROR);
}

}  // namespace

// Everything but what the pools run is used on one thread. Frames of coroutines live in the io_context: it goes first.
struct Server::Impl {
  ServerConfig config;
  Services services;
  ClientLatency client_latency;
  std::mutex history_mutex;
  LatencyHistory history;  // under history_mutex
  TlsContext tls;          // none: it speaks none
  std::size_t connections = 0;
  std::size_t subscribers = 0;
  std::atomic<std::uint16_t> port{0};
  std::atomic<bool> stopping{false};
  asio::thread_pool quick{QUICK_THREADS};
  asio::thread_pool asking{ASKING_THREADS};
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer room{io};  // cancelled when a connection has gone
  std::thread thread;

  void listen();
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket);
  asio::awaitable<void> shake_hands_and_converse(tcp::socket socket);
  template <class Stream>
  asio::awaitable<void> converse(Stream& stream);
  template <class Stream>
  asio::awaitable<error_code> read(Stream& stream, beast::flat_buffer& buffer, Parser& parser);
  template <class Stream>
  asio::awaitable<error_code> write(Stream& stream, Response response, http::verb method, After after);
  template <class Stream>
  asio::awaitable<void> feed(Stream& stream, std::function<EventFeed::Step()> next);

  asio::awaitable<Answer> answer(Request request);
  asio::awaitable<Answer> answer_here(Request request);
  asio::awaitable<void> sample_latency();
  // To be called from a pool, one call at a time: what a subscriber is to be told next.
  std::function<EventFeed::Step()> feed_of(Subscription subscription);
  std::function<EventFeed::Step()> feed_of(Overview overview);
  LatencyHistory::Part latency_after(std::uint64_t seen);
};

void Server::Impl::listen() {
  error_code error;
  tcp::resolver resolver{io};
  const auto found = resolver.resolve(config.host, std::to_string(config.port), tcp::resolver::passive, error);
  const auto where = config.host + ":" + std::to_string(config.port);
  if (error || found.empty())
    throw std::runtime_error{"can't resolve the HTTP address " + where + ": " + error.message()};
  const tcp::endpoint endpoint = found.begin()->endpoint();
  if (config.token.empty() && !endpoint.address().is_loopback()) {
    throw std::runtime_error{"the HTTP address " + where +
                             " is not loopback: that needs a token (--token-file), or whoever reaches it could change "
                             "tables"};
  }
  tls = tls_context(config.tls);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) throw std::runtime_error{"can't listen on the HTTP address " + where + ": " + error.message()};
  port = acceptor.local_endpoint().port();
}

asio::awaitable<void> Server::Impl::accept() {
  for (;;) {
    while (connections >= config.limits.connections_max) {
      room.expires_at(asio::steady_timer::time_point::max());
      co_await room.async_wait(WITH_ERROR);
    }
    auto [error, socket] = co_await acceptor.async_accept(WITH_ERROR);
    if (error) {
      room.expires_after(ACCEPT_RETRY);
      co_await room.async_wait(WITH_ERROR);
      continue;
    }
    ++connections;
    asio::co_spawn(io, serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> Server::Impl::serve(tcp::socket socket) {
  try {
    co_await shake_hands_and_converse(std::move(socket));
  } catch (const std::exception&) {
    // Out of memory, or of what the socket needs: this connection ends, the server goes on.
  }
  --connections;
  room.cancel();
}

asio::awaitable<void> Server::Impl::shake_hands_and_converse(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay{true}, ignored);
  const TlsContext context = tls;  // as of now: it may be another soon
  if (!context) {
    Plain stream{std::move(socket)};
    co_await converse(stream);
    co_return;
  }
  Tls stream{std::move(socket), *context};
  beast::get_lowest_layer(stream).expires_after(config.limits.idle_deadline);
  const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, WITH_ERROR);
  if (!error) co_await converse(stream);
}

template <class Stream>
asio::awaitable<void> Server::Impl::converse(Stream& stream) {
  beast::flat_buffer buffer;
  for (;;) {
    Parser parser;
    parser.header_limit(config.limits.header_bytes_max);
    parser.body_limit(config.limits.body_bytes_max);
    const auto error = co_await read(stream, buffer, parser);
    const auto method = parser.get().method();
    if (error) {
      auto response = complaint(error, config.limits);
      if (!response || co_await write(stream, std::move(*response), method, After::close)) co_return;
      break;
    }
    const auto after = parser.keep_alive() ? After::keep : After::close;
    auto answered = co_await answer(request_of(parser));
    if (!std::holds_alternative<Response>(answered)) {
      if (subscribers < config.limits.subscribers_max) {
        ++subscribers;
        const auto* one = std::get_if<Subscription>(&answered);
        co_await feed(stream, one != nullptr ? feed_of(*one) : feed_of(Overview{}));
        --subscribers;
        break;
      }
      answered = error_response(
          503, {"too_many_subscribers", "there are " + std::to_string(subscribers) + " subscribers of events already"});
    }
    if (co_await write(stream, std::move(std::get<Response>(answered)), method, after)) co_return;
    if (after == After::close) break;
  }
  co_await say_goodbye(stream);
}

template <class Stream>
asio::awaitable<error_code> Server::Impl::read(Stream& stream, beast::flat_buffer& buffer, Parser& parser) {
  beast::get_lowest_layer(stream).expires_after(config.limits.idle_deadline);
  const auto [header_error, header_bytes] = co_await http::async_read_header(stream, buffer, parser, WITH_ERROR);
  if (header_error || parser.is_done()) co_return header_error;
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on{http::status::continue_, HTTP_11};
    const auto [error, bytes] = co_await http::async_write(stream, go_on, WITH_ERROR);
    if (error) co_return error;
  }
  const auto [error, bytes] = co_await http::async_read(stream, buffer, parser, WITH_ERROR);
  co_return error;
}

template <class Stream>
asio::awaitable<error_code> Server::Impl::write(Stream& stream, Response response, http::verb method, After after) {
  auto message = message_of(std::move(response), method);
  message.keep_alive(after == After::keep);
  http::response_serializer<http::string_body> serializer{message};
  beast::get_lowest_layer(stream).expires_after(config.limits.idle_deadline);
  // To HEAD the header alone goes out, with the length that the body would have.
  const auto [error, bytes] = method == http::verb::head
                                  ? co_await http::async_write_header(stream, serializer, WITH_ERROR)
                                  : co_await http::async_write(stream, serializer, WITH_ERROR);
  co_return error;
}

asio::awaitable<EventFeed::Step> step_of(const std::function<EventFeed::Step()>& next) {
  co_return next();
}

template <class Stream>
asio::awaitable<void> Server::Impl::feed(Stream& stream, std::function<EventFeed::Step()> next) {
  http::response<http::empty_body> header{http::status::ok, HTTP_11};
  set_common_fields(header);
  header.set(http::field::content_type, "text/event-stream");
  header.keep_alive(false);  // the end of the stream is the end of the connection
  beast::get_lowest_layer(stream).expires_after(config.limits.idle_deadline);
  http::response_serializer<http::empty_body> serializer{header};
  const auto [header_error, header_bytes] = co_await http::async_write_header(stream, serializer, WITH_ERROR);
  if (header_error) co_return;

  asio::steady_timer pause{io};
  for (;;) {
    const auto step = co_await asio::co_spawn(quick, step_of(next), asio::use_awaitable);
    if (!step.text.empty()) {
      beast::get_lowest_layer(stream).expires_after(config.limits.idle_deadline);
      const auto [error, bytes] = co_await asio::async_write(stream, asio::buffer(step.text), WITH_ERROR);
      if (error) co_return;
    }
    if (step.next == EventFeed::Next::end) co_return;
    pause.expires_after(config.limits.events_interval);
    co_await pause.async_wait(WITH_ERROR);
  }
}

asio::awaitable<Answer> Server::Impl::answer(Request request) {
  if (auto no = refusal(request, config.token)) co_return std::move(*no);
  switch (cost_of(request)) {
    case Cost::none:
      co_return co_await answer_here(std::move(request));
    case Cost::quick:
      co_return co_await asio::co_spawn(quick, answer_here(std::move(request)), asio::use_awaitable);
    case Cost::asking:
      co_return co_await asio::co_spawn(asking, answer_here(std::move(request)), asio::use_awaitable);
  }
  co_return Response{};
}

asio::awaitable<Answer> Server::Impl::answer_here(Request request) {
  if (stopping) co_return error_response(503, {"stopping", "Sluice is stopping"});
  try {
    co_return route(request, services);
  } catch (const std::exception&) {
    co_return error_response(500, {"internal", "Sluice failed at this request; its log may say more"});
  }
}

std::function<EventFeed::Step()> Server::Impl::feed_of(Subscription subscription) {
  EventFeed feed{subscription.after, config.limits.heartbeat_interval};
  return [this, id = std::move(subscription.id), feed]() mutable {
    EventFeed::Look look;
    if (!stopping) {
      look.status = services.migrations.status(id);
      look.entries = services.migrations.journal(id, feed.after());
    }
    return feed.next(look, Clock::now());
  };
}

std::function<EventFeed::Step()> Server::Impl::feed_of(Overview /*overview*/) {
  return [this, feed = OverviewFeed{config.limits.heartbeat_interval}]() mutable {
    if (stopping) return EventFeed::Step{.text = "", .next = EventFeed::Next::end};
    const OverviewFeed::Look look{.migrations = services.migrations.list(),
                                  .ready = services.ready(),
                                  .latency = latency_after(feed.latency_seen())};
    return EventFeed::Step{.text = feed.next(look, Clock::now())};
  };
}

LatencyHistory::Part Server::Impl::latency_after(std::uint64_t seen) {
  const std::scoped_lock lock{history_mutex};
  return history.after(seen);
}

asio::awaitable<void> Server::Impl::sample_latency() {
  asio::steady_timer tick{io};
  for (;;) {
    tick.expires_after(LatencyHistory::INTERVAL);
    co_await tick.async_wait(WITH_ERROR);
    const LatencySample sample{std::chrono::system_clock::now(), client_latency()};
    const std::scoped_lock lock{history_mutex};
    history.add(sample);
  }
}

Server::Server(ServerConfig config, migrator::Migrations& migrations, std::function<std::string()> metrics_text,
               std::function<bool()> ready, ClientLatency client_latency)
    : impl_(std::make_unique<Impl>(std::move(config),
                                   Services{migrations, std::move(metrics_text), std::move(ready),
                                            [this](std::uint64_t seen) { return impl_->latency_after(seen); }},
                                   std::move(client_latency))) {}

Server::~Server() {
  stop();
}

void Server::start() {
  impl_->listen();
  asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
  if (impl_->client_latency) asio::co_spawn(impl_->io, impl_->sample_latency(), asio::detached);
  impl_->thread = std::thread{[impl = impl_.get()] { impl->io.run(); }};
}

std::uint16_t Server::port() const noexcept {
  return impl_->port;
}

void Server::set_token(std::string token) {
  asio::post(impl_->io,
             [impl = impl_.get(), token = std::move(token)]() mutable { impl->config.token = std::move(token); });
}

void Server::reload_certificate() {
  if (!impl_->config.tls) return;
  asio::post(impl_->io,
             [impl = impl_.get(), made = tls_context(impl_->config.tls)]() mutable { impl->tls.swap(made); });
}

void Server::stop() {
  impl_->stopping = true;
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->quick.join();
  impl_->asking.join();
}

}  // namespace sluice::control
