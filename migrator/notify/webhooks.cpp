#include "migrator/notify/webhooks.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "migrator/http/http_exchange.hpp"
#include "net/tls.hpp"

namespace sluice::migrator {
namespace {

using Clock = std::chrono::steady_clock;

// Without path and query, which may hold a token.
std::string host_of(const std::string& url) {
  const auto parsed = http_url_from(url);
  return parsed ? parsed->host : "";
}

}  // namespace

Webhooks::Webhooks(std::string secret, Report report) : secret_(std::move(secret)), report_(std::move(report)) {}

Webhooks::~Webhooks() {
  for (std::jthread& thread : threads_) thread.request_stop();
  const std::scoped_lock lock(mutex_);
  for (const Stream& stream : streams_) {
    if (stream) stream->interrupt();
  }
}

void Webhooks::post(Delivery delivery) {
  const std::string to = host_of(delivery.url);
  bool queued = false;
  {
    const std::scoped_lock lock(mutex_);
    queued = queue_.push(std::move(delivery));
    if (threads_.size() < std::min(queue_.targets(), kAtOnceMax)) {
      threads_.emplace_back([this, number = threads_.size()](const std::stop_token& stop) { run(stop, number); });
    }
  }
  changed_.notify_all();
  if (!queued) report_(NoticeOutcome::dropped, to, "too many wait already");
}

void Webhooks::run(const std::stop_token& stop, std::size_t number) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto delivery = queue_.next(Clock::now());
    if (!delivery) {
      const auto due = queue_.due();
      const auto is_news = [&] { return queue_.due() != due; };
      if (due) {
        (void)changed_.wait_until(lock, stop, *due, is_news);
      } else {
        (void)changed_.wait(lock, stop, is_news);
      }
      continue;
    }
    const auto stream = std::make_shared<net::BlockingStream>();
    streams_.at(number) = stream;
    lock.unlock();
    const std::string why = deliver(*delivery, *stream);
    lock.lock();
    if (stop.stop_requested()) return;
    streams_.at(number).reset();
    auto outcome = NoticeOutcome::delivered;
    if (why.empty()) {
      queue_.done(delivery->url);
    } else {
      outcome = queue_.failed(delivery->url, Clock::now()) ? NoticeOutcome::given_up : NoticeOutcome::retried;
    }
    lock.unlock();
    report_(outcome, host_of(delivery->url), why);
    lock.lock();
  }
}

std::string Webhooks::request_of(const Delivery& delivery, const HttpUrl& url) const {
  std::string request = request_head(url, "POST") +
                        "Content-Type: application/json\r\nContent-Length: " + std::to_string(delivery.body.size()) +
                        "\r\nX-Sluice-Event: " + delivery.kind + "\r\nX-Sluice-Delivery: " + delivery.id + "\r\n";
  if (!secret_.empty()) request += "X-Sluice-Signature: " + signature_of(delivery.body, secret_) + "\r\n";
  return request + "\r\n" + delivery.body;
}

std::string Webhooks::deliver(const Delivery& delivery, net::BlockingStream& stream) const {
  constexpr unsigned kSuccesses = 200;
  constexpr unsigned kRedirections = 300;
  const auto url = http_url_from(delivery.url);
  if (!url) return "it is no URL";
  try {
    std::optional<net::ClientTls> tls;
    if (url->scheme == HttpUrl::Scheme::https) tls = net::ClientTls::make(net::Verify::identity, "");
    const auto status =
        http_exchange(stream, *url, tls ? &*tls : nullptr, request_of(delivery, *url), Clock::now() + kAnswersWithin);
    if (!status) return "it does not answer: " + status.error().message();
    if (*status >= kSuccesses && *status < kRedirections) return {};
    return "it answers " + std::to_string(*status);
  } catch (const std::runtime_error& error) {
    return std::string("it can't be asked: ") + error.what();
  }
}

}  // namespace sluice::migrator
