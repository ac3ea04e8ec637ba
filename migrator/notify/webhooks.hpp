// Posts to URLs, on a thread of its own: retried, signed, never waited for. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

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
  // Called on the thread, but for `dropped`: who that was for (a URL's host, without its path), and why it failed.
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
  void run(const std::stop_token& stop);
  [[nodiscard]] std::string deliver(const Delivery& delivery);  // why it failed; empty: it did not
  [[nodiscard]] std::string request_of(const Delivery& delivery, const HttpUrl& url) const;

  std::string secret_;
  Report report_;
  std::mutex mutex_;  // guards what follows, up to the thread
  std::condition_variable_any changed_;
  DeliveryQueue queue_;
  std::shared_ptr<net::BlockingStream> stream_;  // of the request under way
  std::jthread thread_;
};

}  // namespace sluice::migrator
