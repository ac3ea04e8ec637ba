#include "tests/support/http_stub.hpp"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <string_view>
#include <thread>

#include "net/stream.hpp"

namespace sluice::test {
namespace asio = boost::asio;
namespace {

constexpr std::string_view END_OF_HEAD = "\r\n\r\n";

bool is_whole(const std::string& request) {
  const std::string length_of = "Content-Length: ";
  const auto end = request.find(END_OF_HEAD);
  if (end == std::string::npos) return false;
  const auto length = request.find(length_of);
  const auto body = length < end ? std::stoul(request.substr(length + length_of.size())) : 0;
  return request.size() >= end + END_OF_HEAD.size() + body;
}

}  // namespace

struct HttpStub::State {
  explicit State(std::optional<net::ServerTls> given) : tls(std::move(given)) {}

  net::awaitable<void> accept_all();
  net::awaitable<void> serve(std::shared_ptr<net::Stream> stream);

  std::optional<net::ServerTls> tls;
  asio::io_context context{1};
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<unsigned> status = 200, head_status = 200, heads = 0, gets = 0;
  std::mutex mutex;
  std::vector<Post> posts;  // under the mutex
  std::jthread thread;
};

net::awaitable<void> HttpStub::State::accept_all() {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    asio::generic::stream_protocol::socket plain{std::move(socket)};
    asio::co_spawn(context, serve(std::make_shared<net::Stream>(std::move(plain))), asio::detached);
  }
}

net::awaitable<void> HttpStub::State::serve(std::shared_ptr<net::Stream> stream) {
  if (tls && co_await stream->accept_tls(*tls, {})) co_return;
  std::string request;
  std::array<std::uint8_t, 4096> buffer{};
  while (!is_whole(request)) {
    const auto got = co_await stream->read_some(buffer);
    if (!got || *got == 0) co_return;
    request.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  const bool head = request.starts_with("HEAD ");
  ++(head ? heads : gets);
  if (request.starts_with("POST ")) {
    const auto end = request.find(END_OF_HEAD);
    const std::scoped_lock lock{mutex};
    posts.push_back({request.substr(0, end), request.substr(end + END_OF_HEAD.size())});
  }
  const unsigned code = head ? head_status : status;
  if (code != 0) {
    const auto answer = "HTTP/1.1 " + std::to_string(code) + " So\r\nContent-Length: 0\r\n\r\n";
    (void)co_await stream->write({reinterpret_cast<const std::uint8_t*>(answer.data()), answer.size()});
  }
  (void)co_await stream->read_some(buffer);  // until the client goes away
}

HttpStub::HttpStub(std::optional<net::ServerTls> tls) : state_(std::make_unique<State>(std::move(tls))) {
  asio::co_spawn(state_->context, state_->accept_all(), asio::detached);
  state_->thread = std::jthread{[state = state_.get()] { state->context.run(); }};
}

HttpStub::~HttpStub() {
  state_->context.stop();
  state_->thread.join();
}

std::uint16_t HttpStub::port() const {
  return state_->acceptor.local_endpoint().port();
}

std::string HttpStub::url(const std::string& target) const {
  return std::string{state_->tls ? "https" : "http"} + "://127.0.0.1:" + std::to_string(port()) + target;
}

void HttpStub::answer(unsigned status) {
  state_->status = status;
  state_->head_status = status;
}
void HttpStub::answer_head(unsigned status) {
  state_->head_status = status;
}
unsigned HttpStub::heads() const {
  return state_->heads;
}
std::vector<HttpStub::Post> HttpStub::posts() const {
  const std::scoped_lock lock{state_->mutex};
  return state_->posts;
}
unsigned HttpStub::gets() const {
  return state_->gets;
}

}  // namespace sluice::test
