// Calls back once, on the thread of its executor: by Asio's reactor, or by the ring behind the executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "net/timer_queue.hpp"

namespace sluice::net {

class Ring;

// That thread alone. What it was set to is not called once it was cancelled, set anew or destroyed.
class Timer {
 public:
  using TimePoint = TimerQueue::TimePoint;

  explicit Timer(const boost::asio::any_io_executor& executor);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void set(TimePoint at, std::function<void()> then);
  void cancel() noexcept;

 private:
  Ring* ring_;
  std::optional<TimerQueue::Id> id_;  // with a ring
  struct AsioTimer;
  std::shared_ptr<AsioTimer> asio_;  // without
};

}  // namespace sluice::net
