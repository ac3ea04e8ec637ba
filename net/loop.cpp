#include "net/loop.hpp"

#include "net/ring.hpp"

namespace sluice::net {

Background::Background() : keep_running_(context_.get_executor()), thread_([this] { context_.run(); }) {}

Background::~Background() {
  keep_running_.reset();
  thread_.join();
}

Loop::Loop()
    : context_(std::make_unique<boost::asio::io_context>(1)),
      executor_(context_->get_executor()),
      keep_running_(executor_) {}

Loop::Loop(Background& background)
    : ring_(Ring::open(background.context()).value()), executor_(ring_->executor()), keep_running_(executor_) {}

Loop::~Loop() = default;

error_code Loop::io_uring_refused() {
  boost::asio::io_context nobodys;
  const auto ring = Ring::open(nobodys);
  return ring ? error_code{} : ring.error();
}

void Loop::run() {
  if (ring_) {
    ring_->run();
  } else {
    context_->run();
  }
}

}  // namespace sluice::net
