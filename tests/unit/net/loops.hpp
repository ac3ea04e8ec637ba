// Both event loops, for tests that are to hold on either.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/loop.hpp"

namespace sluice::net {

enum class LoopKind : std::uint8_t { epoll, io_uring };

// A loop that runs on a thread of its own, until it is let end.
class RunningLoop {
 public:
  explicit RunningLoop(LoopKind kind) {
    if (kind == LoopKind::io_uring) {
      loop_.emplace(background_.emplace());
    } else {
      loop_.emplace();
    }
  }
  ~RunningLoop() { end(); }

  void start() {
    thread_ = std::thread{[this] { loop_->run(); }};
  }
  // Once what was begun on it has come to its end.
  void end() {
    if (!thread_.joinable()) return;
    boost::asio::post(executor(), [this] { loop_->let_end(); });
    thread_.join();
    if (background_) background_->end();
  }

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return loop_->executor(); }
  [[nodiscard]] std::thread::id thread() const noexcept { return thread_.get_id(); }

 private:
  std::optional<Background> background_;
  std::optional<Loop> loop_;
  std::thread thread_;
};

inline std::string name_of(const testing::TestParamInfo<LoopKind>& info) {
  return info.param == LoopKind::io_uring ? "io_uring" : "epoll";
}

// Where the system refuses io_uring there is nothing to be tested of it.
inline std::vector<LoopKind> loops_here() {
  if (Loop::io_uring_refused()) return {LoopKind::epoll};
  return {LoopKind::epoll, LoopKind::io_uring};
}

}  // namespace sluice::net
