#include "app/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace sluice::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Request = http::request<http::string_body>;

Request make_request(const Api& api, const std::string& method, const std::string& target, const std::string& body) {
  Request request{http::string_to_verb(method), target, 11};
  request.set(http::field::host, net::to_string(api.address));
  request.set(http::field::user_agent, "sluice");
  request.set(http::field::connection, "close");
  if (!api.token.empty()) request.set(http::field::authorization, "Bearer " + api.token);
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  return request;
}

// Throws boost::system::system_error.
asio::awaitable<HttpAnswer> exchange(net::Address address, Request request, std::chrono::seconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver{executor};
  beast::tcp_stream stream{executor};
  stream.expires_after(limit);
  const auto found = co_await resolver.async_resolve(address.host, std::to_string(address.port), asio::use_awaitable);
  co_await stream.async_connect(found, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(HTTP_ANSWER_BYTES_MAX);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  auto response = parser.release();
  co_return HttpAnswer{.status = response.result_int(), .body = std::move(response.body())};
}

}  // namespace

Reasoned<HttpAnswer> call(const Api& api, const std::string& method, const std::string& target, const std::string& body,
                          const Patience& patience) {
  constexpr std::chrono::milliseconds LOOK_INTERVAL{100};
  asio::io_context context{1};
  std::optional<HttpAnswer> answer;
  std::string reason;
  asio::co_spawn(context, exchange(api.address, make_request(api, method, target, body), patience.limit),
                 [&](const std::exception_ptr& failure, HttpAnswer given) {
                   if (!failure) {
                     answer = std::move(given);
                     return;
                   }
                   try {
                     std::rethrow_exception(failure);
                   } catch (const boost::system::system_error& error) {
                     reason = error.code().message();
                   }
                 });
  const auto began = std::chrono::steady_clock::now();
  while (!context.stopped()) {
    context.run_for(LOOK_INTERVAL);
    const bool may_end = patience.is_over && std::chrono::steady_clock::now() - began >= HTTP_CALL_LIMIT;
    if (may_end && patience.is_over())
      return Reason{"interrupted before " + net::to_string(api.address) + " answered; it may go on all the same"};
  }
  if (answer) return *std::move(answer);
  return Reason{"no answer from " + net::to_string(api.address) + ": " + reason};
}

}  // namespace sluice::app
