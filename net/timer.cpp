#include "net/timer.hpp"

#include <boost/asio/steady_timer.hpp>

#include "net/ring.hpp"

namespace sluice::net {

// A handler that is queued already can't be called back any more: it looks whether it is still meant.
struct Timer::AsioTimer {
  explicit AsioTimer(const boost::asio::any_io_executor& executor) : timer(executor) {}

  boost::asio::steady_timer timer;
  std::function<void()> then;
  std::uint64_t times_set = 0;
};

Timer::Timer(const boost::asio::any_io_executor& executor) : ring_(Ring::behind(executor)) {
  if (ring_ == nullptr) asio_ = std::make_shared<AsioTimer>(executor);
}

Timer::~Timer() {
  cancel();
}

void Timer::set(TimePoint at, std::function<void()> then) {
  cancel();
  if (ring_ != nullptr) {
    id_ = ring_->call_at(at, std::move(then));
    return;
  }
  asio_->then = std::move(then);
  asio_->timer.expires_at(at);
  asio_->timer.async_wait([weak = std::weak_ptr{asio_}, time = asio_->times_set](error_code cancelled) {
    const auto timer = weak.lock();
    if (cancelled || !timer || timer->times_set != time) return;
    std::exchange(timer->then, {})();
  });
}

void Timer::cancel() noexcept {
  if (ring_ != nullptr) {
    if (const auto id = std::exchange(id_, std::nullopt)) ring_->forget(*id);
    return;
  }
  ++asio_->times_set;
  asio_->then = {};
  asio_->timer.cancel();
}

}  // namespace sluice::net
