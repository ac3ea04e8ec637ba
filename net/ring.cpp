#include "net/ring.hpp"

#include <liburing.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::net {
namespace {

// Asked for between two calls to the kernel; more than that makes a call of its own.
constexpr unsigned ENTRIES = 1024;
// Of what the kernel has done, looked at between two calls to it.
constexpr unsigned COMPLETIONS_AT_ONCE = 256;
// The operation that waits to be woken is always under way.
constexpr std::size_t WAKING = 1;

__kernel_timespec timespec_of(std::chrono::nanoseconds time) noexcept {
  constexpr std::int64_t SECOND = 1'000'000'000;
  const auto ns = std::max<std::int64_t>(time.count(), 0);
  return {.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

void tell(io_uring_sqe& entry, Ring::Waiter& waiter) noexcept {
  ::io_uring_sqe_set_data(&entry, &waiter);
}

[[noreturn]] void broken(const char* what, int error) {
  std::fprintf(stderr, "io_uring: %s: %s\n", what, std::strerror(error));
  std::abort();
}

}  // namespace

void Ring::Close::operator()(io_uring* ring) const noexcept {
  ::io_uring_queue_exit(ring);
  delete ring;
}

// Stays, and waits again each time.
class Ring::Woken final : public Waiter {
 public:
  explicit Woken(Ring& ring) : ring_(ring) {}
  void resume(Completion) override { ring_.wait_to_be_woken(); }

 private:
  Ring& ring_;
};

class Ring::Alarm final : public Waiter {
 public:
  explicit Alarm(Ring& ring) : ring_(ring) {}
  void resume(Completion) override { ring_.call_due(); }

  __kernel_timespec time{};  // until the kernel has been told

 private:
  Ring& ring_;
};

// Of operations whose end says nothing.
class Ring::Nobody final : public Waiter {
 public:
  void resume(Completion) override {}
};

result<std::unique_ptr<Ring>> Ring::open(boost::asio::io_context& background) {
  auto made = std::make_unique<io_uring>();
  io_uring_params parameters{};
  // Made on one thread and used on another: it is switched on there.
  parameters.flags =
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
  parameters.cq_entries = 8 * ENTRIES;
  if (const int error = ::io_uring_queue_init_params(ENTRIES, made.get(), &parameters); error != 0) {
    return system_error(-error);
  }
  std::unique_ptr<io_uring, Close> ring{made.release()};
  const int wake_event = ::eventfd(0, EFD_CLOEXEC);
  if (wake_event < 0) return system_error(errno);
  return std::unique_ptr<Ring>{new Ring{background, std::move(ring), wake_event}};
}

Ring::Ring(boost::asio::io_context& background, std::unique_ptr<io_uring, Close> ring, int wake_event)
    : background_(background),
      ring_(std::move(ring)),
      woken_(std::make_unique<Woken>(*this)),
      alarm_(std::make_unique<Alarm>(*this)),
      nobody_(std::make_unique<Nobody>()),
      wake_event_(wake_event) {}

Ring::~Ring() {
  // What was never run may post once more as it goes.
  while (!tasks_.empty()) std::exchange(tasks_, {}).clear();
  ring_.reset();
  ::close(wake_event_);
}

error_code Ring::try_out() {
  boost::asio::io_context nobodys;
  const auto made = open(nobodys);
  if (!made) return made.error();
  Ring& ring = **made;
  if (const auto error = ring.switch_on()) return error;
  io_uring_sqe& entry = ring.next_entry();
  ::io_uring_prep_nop(&entry);
  tell(entry, *ring.nobody_);
  const int submitted = ::io_uring_submit_and_wait(ring.ring_.get(), 1);
  return submitted < 0 ? system_error(-submitted) : error_code{};
}

error_code Ring::switch_on() noexcept {
  // liburing's function for it is in the header of 2.3, but not in the library.
  if (::syscall(__NR_io_uring_register, ring_->ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0) {
    return system_error(errno);
  }
  return {};
}

boost::asio::any_io_executor Ring::executor() {
  return Executor{*this};
}

Ring* Ring::behind(const boost::asio::any_io_executor& executor) noexcept {
  const auto* found = executor.target<Executor>();
  return found == nullptr ? nullptr : found->ring_;
}

void Ring::run() {
  thread_ = std::this_thread::get_id();
  if (const auto error = switch_on()) broken("can't be switched on", error.value());
  (void)::io_uring_register_ring_fd(ring_.get());  // makes each call a little cheaper
  wait_to_be_woken();
  while (true) {
    run_tasks();
    if (work_.load(std::memory_order_acquire) == 0 && in_flight_ == WAKING + (alarm_at_ ? 1 : 0)) {
      const std::scoped_lock lock{mutex_};
      if (tasks_.empty()) return;
    }
    complete_some();
  }
}

void Ring::run_tasks() {
  {
    const std::scoped_lock lock{mutex_};
    running_.swap(tasks_);
  }
  for (auto& task : running_) std::exchange(task, nullptr)->run();
  running_.clear();
}

void Ring::complete_some() {
  bool may_wait = false;
  {
    const std::scoped_lock lock{mutex_};
    may_wait = tasks_.empty();
  }
  const int submitted =
      may_wait ? ::io_uring_submit_and_wait(ring_.get(), 1) : ::io_uring_submit_and_get_events(ring_.get());
  if (submitted < 0 && submitted != -EINTR && submitted != -EBUSY && submitted != -EAGAIN) {
    broken("can't wait", -submitted);
  }
  resume_some();
}

void Ring::resume_some() {
  // Copied out before anything is resumed, which may ask for more.
  struct Done {
    Waiter* waiter;
    Completion completion;
  };
  std::array<io_uring_cqe*, COMPLETIONS_AT_ONCE> entries;
  std::array<Done, COMPLETIONS_AT_ONCE> done;
  const unsigned count = ::io_uring_peek_batch_cqe(ring_.get(), entries.data(), COMPLETIONS_AT_ONCE);
  for (unsigned i = 0; i < count; ++i) {
    const auto& entry = *entries[i];
    done[i] = {static_cast<Waiter*>(::io_uring_cqe_get_data(&entry)), {entry.res, entry.flags}};
  }
  ::io_uring_cq_advance(ring_.get(), count);
  for (unsigned i = 0; i < count; ++i) {
    --in_flight_;
    done[i].waiter->resume(done[i].completion);
  }
}

void Ring::flush() noexcept {
  while (::io_uring_sq_ready(ring_.get()) != 0) {
    const int submitted = ::io_uring_submit(ring_.get());
    if (submitted == -EBUSY || submitted == -EAGAIN) ::io_uring_get_events(ring_.get());
    if (submitted < 0 && submitted != -EBUSY && submitted != -EAGAIN && submitted != -EINTR) {
      broken("can't submit", -submitted);
    }
  }
}

io_uring_sqe& Ring::next_entry() noexcept {
  io_uring_sqe* entry = ::io_uring_get_sqe(ring_.get());
  if (entry == nullptr) {
    flush();
    entry = ::io_uring_get_sqe(ring_.get());
  }
  ++in_flight_;
  return *entry;
}

awaitable<Ring::Completion> Ring::receive(int socket, Room into, Expect expect) {
  return suspend<Completion>([this, socket, into, expect](std::unique_ptr<Waiter> waiter) {
    auto& entry = next_entry();
    ::io_uring_prep_recv(&entry, socket, into.data(), into.size(), 0);
    if (expect == Expect::nothing_yet) entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
    tell(entry, *waiter.release());
  });
}

awaitable<Ring::Completion> Ring::send(int socket, Bytes bytes) {
  return suspend<Completion>([this, socket, bytes](std::unique_ptr<Waiter> waiter) {  //
    begin_send(socket, bytes, *waiter.release());
  });
}

void Ring::begin_send(int socket, Bytes bytes, Waiter& sent) {
  auto& entry = next_entry();
  ::io_uring_prep_send(&entry, socket, bytes.data(), bytes.size(), MSG_WAITALL | MSG_NOSIGNAL);
  tell(entry, sent);
}

awaitable<Ring::Completion> Ring::poll(int socket, short events) {
  return suspend<Completion>([this, socket, events](std::unique_ptr<Waiter> waiter) {
    auto& entry = next_entry();
    ::io_uring_prep_poll_add(&entry, socket, static_cast<unsigned>(events));
    tell(entry, *waiter.release());
  });
}

awaitable<Ring::Completion> Ring::connect(int socket, Bytes address, std::chrono::nanoseconds limit) {
  auto time = timespec_of(limit);  // the kernel reads it before this is resumed
  co_return co_await suspend<Completion>([this, socket, address, &time](std::unique_ptr<Waiter> waiter) {
    if (::io_uring_sq_space_left(ring_.get()) < 2) flush();  // for the two belong together
    auto& entry = next_entry();
    ::io_uring_prep_connect(&entry, socket, reinterpret_cast<const sockaddr*>(address.data()),
                            static_cast<socklen_t>(address.size()));
    entry.flags |= IOSQE_IO_LINK;
    tell(entry, *waiter.release());
    auto& until = next_entry();
    ::io_uring_prep_link_timeout(&until, &time, 0);
    tell(until, *nobody_);
  });
}

TimerQueue::Id Ring::call_at(TimerQueue::TimePoint at, std::function<void()> then) {
  const auto id = timers_.add(at, std::move(then));
  set_alarm();
  return id;
}

// An alarm that comes too early, for a timer that was forgotten, does no harm.
void Ring::set_alarm() {
  const auto earliest = timers_.earliest();
  if (!earliest || (alarm_at_ && *alarm_at_ <= *earliest)) return;
  auto& entry = next_entry();
  alarm_->time = timespec_of(earliest->time_since_epoch());
  if (alarm_at_) {
    // If it has gone off meanwhile, this fails, and call_due() sets it anew.
    ::io_uring_prep_timeout_update(
        &entry, &alarm_->time, reinterpret_cast<std::uint64_t>(static_cast<Waiter*>(alarm_.get())), IORING_TIMEOUT_ABS);
    tell(entry, *nobody_);
  } else {
    ::io_uring_prep_timeout(&entry, &alarm_->time, 0, IORING_TIMEOUT_ABS);
    tell(entry, *alarm_);
  }
  alarm_at_ = earliest;
}

void Ring::call_due() {
  alarm_at_.reset();
  const auto now = std::chrono::steady_clock::now();
  while (const auto then = timers_.take_due(now)) then();
  set_alarm();
}

Ring::Expect Ring::after(const Completion& received) noexcept {
  return (received.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0 ? Expect::more : Expect::nothing_yet;
}

void Ring::post(std::unique_ptr<Task> task) {
  bool must_wake = false;
  {
    const std::scoped_lock lock{mutex_};
    tasks_.push_back(std::move(task));
    must_wake = thread_.load(std::memory_order_relaxed) != std::this_thread::get_id() && !is_waking_;
    if (must_wake) is_waking_ = true;
  }
  if (must_wake) wake();
}

void Ring::wake() noexcept {
  const std::uint64_t one = 1;
  while (::write(wake_event_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Ring::wait_to_be_woken() noexcept {
  {
    const std::scoped_lock lock{mutex_};
    is_waking_ = false;
  }
  auto& entry = next_entry();
  ::io_uring_prep_read(&entry, wake_event_, &wake_count_, sizeof wake_count_, 0);
  tell(entry, *woken_);
}

void Ring::work_finished() noexcept {
  if (work_.fetch_sub(1, std::memory_order_acq_rel) == 1) wake();
}

}  // namespace sluice::net
