#include "net/ring_transport.hpp"

#include <openssl/crypto.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace sluice::net {
namespace {

namespace asio = boost::asio;

// What is taken by try_write() is copied, so that it can be sent together with what others send. For more than this a
// call of its own costs less.
constexpr std::size_t COPIED_BYTES_MAX = 4096;
constexpr auto POLL_PAUSE = std::chrono::milliseconds(10);

const error_code CLOSED = asio::error::operation_aborted;

}  // namespace

// Lives until the kernel is done with it, longer than its transport if need be.
class RingTransport::Sending final : public Ring::Waiter {
 public:
  Sending(RingTransport& owner, Bytes bytes) : owner_(&owner), ring_(owner.ring_), bytes_(bytes.begin(), bytes.end()) {
    ring_.begin_send(owner.socket_, bytes_, *this);
  }
  // They may be a password.
  ~Sending() override { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  void resume(Ring::Completion done) override {
    const std::unique_ptr<Sending> self{this};
    if (owner_ == nullptr) return;
    owner_->sending_ = nullptr;
    if (owner_->socket_ < 0) return owner_->sent(CLOSED);
    if (done.result < 0 && done.result != -EINTR) return owner_->sent(system_error(-done.result));
    const auto rest = Bytes{bytes_}.subspan(static_cast<std::size_t>(std::max(done.result, 0)));
    // The error by which it was cut short shows at the next try.
    if (rest.empty()) return owner_->sent({});
    owner_->sending_ = new Sending{*owner_, rest};
  }

  void forget_owner() noexcept { owner_ = nullptr; }

 private:
  RingTransport* owner_;
  Ring& ring_;
  std::vector<std::uint8_t> bytes_;
};

RingTransport::RingTransport(Ring& ring, int socket) : ring_(ring), socket_(socket) {
  int on = 0;  // for the kernel waits only where the socket would
  ::ioctl(socket_, FIONBIO, &on);
}

RingTransport::~RingTransport() {
  close();
  if (sending_ != nullptr) sending_->forget_owner();
}

void RingTransport::sent(error_code error) {
  if (error) failed_ = error;
  if (shuts_down_when_sent_ && socket_ >= 0) ::shutdown(socket_, SHUT_WR);
  for (auto& waiter : std::exchange(wait_for_sent_, {})) waiter.release()->resume({});
}

awaitable<result<std::size_t>> RingTransport::read_some(Room into) {
  Ring::Completion done{.result = -EINTR};
  while (done.result == -EINTR) {
    done = co_await ring_.receive(socket_, into, expect_);
    if (socket_ < 0) co_return CLOSED;
  }
  expect_ = Ring::after(done);
  if (done.result < 0) co_return system_error(-done.result);
  co_return static_cast<std::size_t>(done.result);
}

result<std::size_t> RingTransport::try_write(Bytes bytes) noexcept {
  if (failed_) return failed_;
  if (sending_ != nullptr) return std::size_t{0};
  if (socket_ < 0 || bytes.size() > COPIED_BYTES_MAX) return send_now(socket_, bytes);
  sending_ = new Sending{*this, bytes};
  return bytes.size();
}

awaitable<error_code> RingTransport::settle() {
  while (sending_ != nullptr) {
    (void)co_await suspend<Sent>([this](std::unique_ptr<Continuation<Sent>> waiter) {  //
      wait_for_sent_.push_back(std::move(waiter));
    });
  }
  co_return failed_;
}

awaitable<error_code> RingTransport::write(Bytes bytes) {
  if (const auto error = co_await settle()) co_return error;
  while (!bytes.empty()) {
    if (socket_ < 0) co_return CLOSED;
    const auto done = co_await ring_.send(socket_, bytes);
    if (done.result < 0 && done.result != -EINTR) co_return system_error(-done.result);
    bytes = bytes.subspan(static_cast<std::size_t>(std::max(done.result, 0)));
  }
  co_return error_code{};
}

awaitable<error_code> RingTransport::wait(Wants wants) {
  const auto wanted = static_cast<short>(wants == Wants::read ? POLLIN : POLLOUT);
  while (true) {
    const auto done = co_await ring_.poll(socket_, wanted);
    if (socket_ < 0) co_return CLOSED;
    if (done.result < 0 && done.result != -EINTR) co_return system_error(-done.result);
    if (wants == Wants::read || (done.result & (POLLOUT | POLLERR | POLLHUP)) != 0) co_return error_code{};
    // A peer that says no more makes every poll of a ring return, ready or not.
    co_await pause();
    if (socket_ < 0) co_return CLOSED;
  }
}

awaitable<void> RingTransport::pause() {
  (void)co_await suspend<Sent>([this](std::unique_ptr<Continuation<Sent>> waiter) {
    const auto until = std::chrono::steady_clock::now() + POLL_PAUSE;
    (void)ring_.call_at(until, [waiting = waiter.release()] { waiting->resume({}); });
  });
}

void RingTransport::shutdown_send() noexcept {
  ring_.flush();
  shuts_down_when_sent_ = true;
  if (sending_ == nullptr || !wait_for_sent_.empty()) ::shutdown(socket_, SHUT_WR);
}

void RingTransport::close() noexcept {
  if (socket_ < 0) return;
  // What was asked for so far names the descriptor, whose number may soon be another's. Operations that wait keep the
  // socket itself: they end by its shutdown.
  ring_.flush();
  ::shutdown(socket_, SHUT_RDWR);
  ::close(std::exchange(socket_, -1));
}

}  // namespace sluice::net
