// Wakes the coroutines that wait on it. One thread; a notify() without a waiter is forgotten, so wait in a loop around
// the condition.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "net/continuation.hpp"

namespace sluice::proxy {

class Signal {
 public:
  explicit Signal(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  [[nodiscard]] boost::asio::awaitable<void> wait() {
    (void)co_await net::suspend<Notice>([this](std::unique_ptr<net::Continuation<Notice>> waiter) {  //
      waiters_.push_back(std::move(waiter));
    });
  }
  // In the order in which they came, once the caller has come to its end.
  void notify() {
    for (auto& waiter : std::exchange(waiters_, {})) {
      boost::asio::post(executor_, [waiter = std::move(waiter)]() mutable { waiter.release()->resume({}); });
    }
  }

 private:
  struct Notice {};

  boost::asio::any_io_executor executor_;
  std::vector<std::unique_ptr<net::Continuation<Notice>>> waiters_;
};

}  // namespace sluice::proxy
