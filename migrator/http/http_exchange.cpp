#include "migrator/http/http_exchange.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <span>

#include "net/tls.hpp"

namespace sluice::migrator {
namespace {

namespace http = boost::beast::http;
using TimePoint = net::BlockingStream::TimePoint;
using boost::system::error_code;

error_code connect(net::BlockingStream& stream, const HttpUrl& url, const net::ClientTls* tls, TimePoint deadline) {
  const auto error = stream.connect(url.address, deadline);
  return error || tls == nullptr ? error : stream.upgrade(*tls, url.address.host, deadline);
}

// The status of the answer, of which no more than the header is read.
boost::system::result<unsigned> exchange(net::BlockingStream& stream, const std::string& request, TimePoint deadline) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(request.data());
  if (const auto error = stream.write({bytes, request.size()}, deadline)) return error;
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  constexpr std::size_t kHeaderBytesMax = 16 * 1024;
  std::array<std::uint8_t, kHeaderBytesMax> buffer{};
  std::size_t filled = 0;
  while (!parser.is_header_done()) {
    if (filled == buffer.size()) return http::make_error_code(http::error::header_limit);
    const auto got = stream.read_some(std::span(buffer).subspan(filled), deadline);
    if (!got) return got.error();
    if (*got == 0) return http::make_error_code(http::error::end_of_stream);
    filled += *got;
    // From the start each time: what it has not understood to the end it does not keep.
    error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(buffer.data(), filled), error);
    if (error && error != http::error::need_more) return error;
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(used), buffer.begin() + static_cast<std::ptrdiff_t>(filled),
              buffer.begin());
    filled -= used;
  }
  return parser.get().result_int();
}

}  // namespace

std::string request_head(const HttpUrl& url, std::string_view method) {
  return std::string(method) + " " + url.target + " HTTP/1.1\r\nHost: " + url.host +
         "\r\nUser-Agent: sluice\r\nAccept: */*\r\nConnection: close\r\n";
}

boost::system::result<unsigned> http_exchange(net::BlockingStream& stream, const HttpUrl& url,
                                              const net::ClientTls* tls, const std::string& request,
                                              TimePoint deadline) {
  if (const auto error = connect(stream, url, tls, deadline)) return error;
  return exchange(stream, request, deadline);
}

}  // namespace sluice::migrator
