// Posts to URLs, each with a line of its own, on threads of its own: retried, signed, never waited for. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "migrator/notify/delivery_queue.hpp"
#include "migrator/notify/notice.hpp"
#include "migrator/options/http_url.hpp"

namespace sluice::net {
class BlockingStream;
class ClientTls;
}  // namespace sluice::net

namespace sluice::migrator {

class Webhooks {
 public:
  static constexpr std::chrono::seconds kAnswersWithin{5};
  // URLs that are posted to at the same time: so many may be silent without anybody else waiting for that.
  static constexpr std::size_t kAtOnceMax = 8;
  // Called on a thread of them, but for `dropped`: who that was for (a URL's host, without its path), and why it
  // failed.
  using Report = std::function<void(NoticeOutcome outcome, const std::string& to, const std::string& why)>;

  // `secret`: each body is signed with it; empty: none is.
  Webhooks(std::string secret, Report report);
  // Gives up what has not been delivered. Blocks for at most kAnswersWithin, or as long as a name is being looked up.
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // Never blocks.
  void post(Delivery delivery);

 private:
  using Stream = std::shared_ptr<net::BlockingStream>;
  void run(const std::stop_token& stop, std::size_t number);
  // Why it failed; empty: it did not.
  [[nodiscard]] std::string deliver(const Delivery& delivery, net::BlockingStream& stream) const;
  [[nodiscard]] std::string request_of(const Delivery& delivery, const HttpUrl& url) const;

  std::string secret_;
  Report report_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  DeliveryQueue queue_;
  std::array<Stream, kAtOnceMax> streams_;  // of the requests under way
  std::vector<std::jthread> threads_;       // as many as there have ever been URLs at once
};

}  // namespace sluice::migrator
