// One thread's io_uring: whatever its sockets are to do, and to wait for, is told to the kernel by one system call for
// all of them. For Loop and net's own .cpp files. Costs an Asio translation unit.
//
// Coroutines run on its executor(). What it has no operation for (names, accepting) is Asio's: the objects for it are
// made with the executor and live in `background`, whose thread hands results back to this one. Nobody accepts by a
// ring: what a process that is killed leaves in one keeps its sockets open for a moment, and the next process could not
// listen there.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "net/continuation.hpp"
#include "net/stream.hpp"
#include "net/timer_queue.hpp"

struct io_uring;
struct io_uring_sqe;

namespace sluice::net {

class Ring {
 public:
  class Executor;

  // As in the kernel's io_uring_cqe: a count of bytes, or a negated errno.
  struct Completion {
    int result = 0;
    unsigned flags = 0;
  };
  using Waiter = Continuation<Completion>;

  // Whether more is to be read at once: then the kernel tries first, else it waits first.
  enum class Expect : std::uint8_t { nothing_yet, more };

  // `background` must outlive it. The error of the system where it has no io_uring, an old one (before Linux 6.1), or
  // does not allow it, as container runtimes do by default.
  [[nodiscard]] static result<std::unique_ptr<Ring>> open(boost::asio::io_context& background);
  // Opens one for a moment and has it do something. The error as above.
  [[nodiscard]] static error_code try_out();
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] boost::asio::any_io_executor executor();
  // Whose executor it is; none: not a ring's.
  [[nodiscard]] static Ring* behind(const boost::asio::any_io_executor& executor) noexcept;

  // Blocks until no work is left (coroutines, operations, guards of the executor), as io_context::run().
  void run();

  // ---- on the thread that runs. Sockets must block: for one that does not, the kernel does not wait. Buffers belong
  // to the kernel until the operation is complete; a shutdown() of the socket completes it.
  [[nodiscard]] awaitable<Completion> receive(int socket, Room into, Expect expect);
  [[nodiscard]] awaitable<Completion> send(int socket, Bytes bytes);
  [[nodiscard]] awaitable<Completion> poll(int socket, short events);
  // `address` as for ::connect(). -ECANCELED or -EINTR: it took longer than `limit`.
  [[nodiscard]] awaitable<Completion> connect(int socket, Bytes address, std::chrono::nanoseconds limit);
  void begin_send(int socket, Bytes bytes, Waiter& sent);
  // Whether the receive that completed so left something to be read.
  [[nodiscard]] static Expect after(const Completion& received) noexcept;
  // Calls `then` on this thread, not before `at`, unless it is forgotten first.
  [[nodiscard]] TimerQueue::Id call_at(TimerQueue::TimePoint at, std::function<void()> then);
  void forget(const TimerQueue::Id& timer) noexcept { timers_.remove(timer); }
  // Tells the kernel what has been asked for so far: before a socket of it is closed.
  void flush() noexcept;

 private:
  class Task {
   public:
    virtual ~Task() = default;
    virtual void run() = 0;
  };
  template <class Function>
  class TaskOf;
  class Woken;
  class Alarm;
  class Nobody;
  struct Close {
    void operator()(io_uring* ring) const noexcept;
  };

  Ring(boost::asio::io_context& background, std::unique_ptr<io_uring, Close> ring, int wake_event);
  [[nodiscard]] error_code switch_on() noexcept;
  [[nodiscard]] io_uring_sqe& next_entry() noexcept;
  void post(std::unique_ptr<Task> task);
  void wake() noexcept;
  void wait_to_be_woken() noexcept;
  void set_alarm();
  void call_due();
  void run_tasks();
  void complete_some();
  void resume_some();
  void work_started() noexcept { work_.fetch_add(1, std::memory_order_relaxed); }
  void work_finished() noexcept;

  boost::asio::io_context& background_;
  std::unique_ptr<io_uring, Close> ring_;
  std::size_t in_flight_ = 0;  // operations
  TimerQueue timers_;
  std::optional<TimerQueue::TimePoint> alarm_at_;  // the one operation that waits for the earliest of them
  std::unique_ptr<Woken> woken_;
  std::unique_ptr<Alarm> alarm_;
  std::unique_ptr<Nobody> nobody_;
  int wake_event_;
  std::uint64_t wake_count_ = 0;
  std::atomic<std::thread::id> thread_;
  std::atomic<std::int64_t> work_{0};
  std::vector<std::unique_ptr<Task>> running_;  // the thread's own

  std::mutex mutex_;
  std::vector<std::unique_ptr<Task>> tasks_;  // under the mutex
  bool is_waking_ = false;                    // the same
};

template <class Function>
class Ring::TaskOf final : public Task {
 public:
  explicit TaskOf(Function function) : function_(std::move(function)) {}
  void run() override { std::move(function_)(); }

 private:
  Function function_;
};

// Queues what is executed, from any thread; never runs it within the call.
class Ring::Executor {
 public:
  explicit Executor(Ring& ring) noexcept : ring_(&ring) {}
  Executor(const Executor& other) noexcept : ring_(other.ring_), tracked_(other.tracked_) {
    if (tracked_) ring_->work_started();
  }
  Executor(Executor&& other) noexcept : ring_(other.ring_), tracked_(std::exchange(other.tracked_, false)) {}
  Executor& operator=(const Executor&) = delete;
  ~Executor() {
    if (tracked_) ring_->work_finished();
  }

  template <class Function>
  void execute(Function function) const {
    ring_->post(std::make_unique<TaskOf<Function>>(std::move(function)));
  }

  [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return ring_->background_;
  }
  [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  [[nodiscard]] boost::asio::execution::outstanding_work_t query(
      boost::asio::execution::outstanding_work_t) const noexcept {
    if (tracked_) return boost::asio::execution::outstanding_work.tracked;
    return boost::asio::execution::outstanding_work.untracked;
  }
  [[nodiscard]] Executor require(boost::asio::execution::blocking_t::never_t) const noexcept { return *this; }
  [[nodiscard]] Executor require(boost::asio::execution::outstanding_work_t::tracked_t) const noexcept {
    Executor made{*ring_};
    made.tracked_ = true;
    ring_->work_started();
    return made;
  }
  [[nodiscard]] Executor require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept {
    return Executor{*ring_};
  }

  friend bool operator==(const Executor& one, const Executor& other) noexcept {
    return one.ring_ == other.ring_ && one.tracked_ == other.tracked_;
  }
  friend bool operator!=(const Executor& one, const Executor& other) noexcept { return !(one == other); }

 private:
  friend class Ring;
  Ring* ring_;
  bool tracked_ = false;
};

}  // namespace sluice::net
