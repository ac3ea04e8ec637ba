// Wakes the one coroutine that waits on it. One thread; a notify() without a waiter is forgotten, so wait in a loop
// around the condition.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/continuation.hpp"

namespace sluice::proxy {

class Signal {
 public:
  explicit Signal(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  [[nodiscard]] boost::asio::awaitable<void> wait() {
    (void)co_await net::suspend<Notice>([this](std::unique_ptr<net::Continuation<Notice>> waiter) {  //
      waiter_ = std::move(waiter);
    });
  }
  // The waiter goes on once the caller has come to its end.
  void notify() {
    if (!waiter_) return;
    boost::asio::post(executor_, [waiter = std::move(waiter_)]() mutable { waiter.release()->resume({}); });
  }

 private:
  struct Notice {};

  boost::asio::any_io_executor executor_;
  std::unique_ptr<net::Continuation<Notice>> waiter_;
};

}  // namespace sluice::proxy
