// A thread's event loop, on io_uring or on Asio's epoll. Costs an Asio translation unit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <thread>

namespace sluice::net {

class Ring;

// What loops on io_uring leave to Asio, on a thread of its own: accepting, and names.
class Background {
 public:
  Background();
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  // Blocks until its thread has ended. Behind the loops' run(), before they are destroyed: until then it may be about
  // to wake one.
  void end();

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
  std::thread thread_;
};

class Loop {
 public:
  Loop();                                 // on epoll
  explicit Loop(Background& background);  // on io_uring; throws boost::system::system_error, see Ring::open()
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Whether the system lets a program have io_uring as it is needed here; the reason why not.
  [[nodiscard]] static boost::system::error_code io_uring_refused();

  // May be used from any thread; what it executes runs on the loop's.
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  // Blocks until no work is left and let_end() was called.
  void run();
  // On its thread.
  void let_end() noexcept { keep_running_.reset(); }

 private:
  std::unique_ptr<boost::asio::io_context> context_;  // this one
  std::unique_ptr<Ring> ring_;                        // or that
  boost::asio::any_io_executor executor_;
  boost::asio::executor_work_guard<boost::asio::any_io_executor> keep_running_;
};

}  // namespace sluice::net
