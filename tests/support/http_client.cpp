#include "tests/support/http_client.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace sluice::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds http_limit{30};
constexpr std::uint64_t body_limit_bytes = 64ULL << 20U;
constexpr unsigned http_version = 11;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

http::request<http::string_body> message_of(const HttpRequest& request) {
  http::request<http::string_body> message{http::string_to_verb(request.method), request.path, http_version};
  if (message.method() == http::verb::unknown) message.method_string(request.method);
  message.set(http::field::host, "127.0.0.1:" + std::to_string(request.port));
  message.set(http::field::connection, "close");
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

asio::awaitable<HttpResponse> converse(HttpRequest request) {
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  stream.expires_after(http_limit);
  const asio::ip::tcp::endpoint endpoint{asio::ip::address_v4::loopback(), request.port};
  co_await stream.async_connect(endpoint, asio::use_awaitable);
  const auto message = message_of(request);
  co_await http::async_write(stream, message, asio::use_awaitable);

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(body_limit_bytes);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  HttpResponse response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) response.headers[lower(field.name_string())] = field.value();
  response.body = std::move(parser.get().body());
  co_return response;
}

}  // namespace

HttpResponse exchange(const HttpRequest& request) {
  asio::io_context context{1};
  auto answer = asio::co_spawn(context, converse(request), asio::use_future);
  context.run();
  return answer.get();
}

HttpResponse request(const std::string& method, std::uint16_t port, const std::string& path, const std::string& body) {
  return exchange({.method = method, .port = port, .path = path, .body = body, .headers = {}});
}

}  // namespace sluice::test
