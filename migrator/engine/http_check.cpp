#include "migrator/engine/http_check.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <span>
#include <stdexcept>

#include "net/blocking_stream.hpp"
#include "net/tls.hpp"

namespace sluice::migrator {
namespace {

namespace http = boost::beast::http;
using TimePoint = net::BlockingStream::TimePoint;
using boost::system::error_code;

std::string request_text(const HttpUrl& url, std::string_view method) {
  return std::string(method) + " " + url.target + " HTTP/1.1\r\nHost: " + url.host +
         "\r\nUser-Agent: sluice\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

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

HttpCheck::HttpCheck(HttpUrl url) : url_(std::move(url)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

HttpCheck::~HttpCheck() {
  thread_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (stream_) stream_->interrupt();
}

std::string HttpCheck::verdict() const {
  const std::scoped_lock lock(mutex_);
  return verdict_;
}

void HttpCheck::run(const std::stop_token& stop) {
  std::optional<net::ClientTls> tls;
  while (!stop.stop_requested()) {
    std::string verdict;
    try {
      if (url_.scheme == HttpUrl::Scheme::https && !tls) tls = net::ClientTls::make(net::Verify::identity, "");
      verdict = ask(tls ? &*tls : nullptr);
    } catch (const std::runtime_error& error) {
      verdict = std::string("throttle_http can't be asked: ") + error.what();
    }
    std::shared_ptr<net::BlockingStream> done;  // its end may take long: see the destructor
    std::unique_lock lock(mutex_);
    verdict_ = std::move(verdict);
    done = std::move(stream_);
    lock.unlock();
    done.reset();
    lock.lock();
    (void)stopped_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

std::shared_ptr<net::BlockingStream> HttpCheck::next_stream() {
  auto stream = std::make_shared<net::BlockingStream>();
  const std::scoped_lock lock(mutex_);
  stream_ = stream;
  return stream;
}

std::string HttpCheck::ask(const net::ClientTls* tls) {
  constexpr unsigned kOk = 200;
  constexpr unsigned kMethodNotAllowed = 405;
  constexpr unsigned kNotImplemented = 501;
  while (true) {
    const auto deadline = std::chrono::steady_clock::now() + kAnswersWithin;
    const auto stream = next_stream();
    if (const auto error = connect(*stream, url_, tls, deadline))
      return "throttle_http does not answer: " + error.message();
    const auto status = exchange(*stream, request_text(url_, knows_head_ ? "HEAD" : "GET"), deadline);
    if (!status) return "throttle_http does not answer: " + status.error().message();
    if (*status == kOk) return {};
    if (!knows_head_ || (*status != kMethodNotAllowed && *status != kNotImplemented))
      return "throttle_http answers " + std::to_string(*status);
    knows_head_ = false;
  }
}

}  // namespace sluice::migrator
