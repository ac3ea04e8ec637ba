#include "net/loop.hpp"

#include "net/ring.hpp"

namespace sluice::net {

Background::Background() : keep_running_(context_.get_executor()), thread_([this] { context_.run(); }) {}

Background::~Background() {
  end();
}

void Background::end() {
  keep_running_.reset();
  if (thread_.joinable()) thread_.join();
}

Loop::Loop()
    : context_(std::make_unique<boost::asio::io_context>(1)),
      executor_(context_->get_executor()),
      keep_running_(executor_) {}

Loop::Loop(Background& background)
    : ring_(Ring::open(background.context()).value()), executor_(ring_->executor()), keep_running_(executor_) {}

Loop::~Loop() = default;

error_code Loop::io_uring_refused() {
  return Ring::try_out();
}

void Loop::run() {
  if (ring_) {
    ring_->run();
  } else {
    context_->run();
  }
}

}  // namespace sluice::net
