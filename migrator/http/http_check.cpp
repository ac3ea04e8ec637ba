#include "migrator/http/http_check.hpp"

#include <optional>
#include <stdexcept>

#include "migrator/http/http_exchange.hpp"
#include "net/blocking_stream.hpp"
#include "net/tls.hpp"

namespace sluice::migrator {

HttpCheck::HttpCheck(std::string name, HttpUrl url)
    : name_(std::move(name)),
      url_(std::move(url)),
      answer_{.verdict = name_ + " has not answered yet"},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

HttpCheck::~HttpCheck() {
  thread_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (stream_) stream_->interrupt();
}

std::string HttpCheck::verdict() const {
  const std::scoped_lock lock(mutex_);
  return answer_.verdict;
}

HttpCheck::Answer HttpCheck::answer() const {
  const std::scoped_lock lock(mutex_);
  return answer_;
}

void HttpCheck::run(const std::stop_token& stop) {
  std::optional<net::ClientTls> tls;
  while (!stop.stop_requested()) {
    Answer answer;
    try {
      if (url_.scheme == HttpUrl::Scheme::https && !tls) tls = net::ClientTls::make(net::Verify::identity, "");
      answer = ask(tls ? &*tls : nullptr);
    } catch (const std::runtime_error& error) {
      answer = {.verdict = name_ + " can't be asked: " + error.what(), .state = State::silent};
    }
    std::shared_ptr<net::BlockingStream> done;  // its end may take long: see the destructor
    std::unique_lock lock(mutex_);
    answer_ = std::move(answer);
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

HttpCheck::Answer HttpCheck::ask(const net::ClientTls* tls) {
  constexpr unsigned kOk = 200;
  constexpr unsigned kMethodNotAllowed = 405;
  constexpr unsigned kNotImplemented = 501;
  while (true) {
    const auto deadline = std::chrono::steady_clock::now() + kAnswersWithin;
    const auto stream = next_stream();
    const auto status =
        http_exchange(*stream, url_, tls, request_head(url_, knows_head_ ? "HEAD" : "GET") + "\r\n", deadline);
    if (!status) return {.verdict = name_ + " does not answer: " + status.error().message(), .state = State::silent};
    if (*status == kOk) return {.state = State::passes};
    if (!knows_head_ || (*status != kMethodNotAllowed && *status != kNotImplemented))
      return {.verdict = name_ + " answers " + std::to_string(*status), .state = State::objects};
    knows_head_ = false;
  }
}

}  // namespace sluice::migrator
