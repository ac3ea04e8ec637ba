#include "proxy/session/worker.hpp"

#include <boost/asio/post.hpp>
#include <vector>

#include "proxy/session/armed_names.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {

void Worker::start() {
  thread_ = std::thread{[this] { loop_->run(); }};
}

void Worker::drain() {
  boost::asio::post(executor(), [this] {
    stage_ = Stage::draining;
    const std::vector<std::shared_ptr<Session>> all{sessions_.begin(), sessions_.end()};
    for (const auto& session : all) session->drain();
  });
}

void Worker::change_limits() {
  boost::asio::post(executor(), [this] {
    for (const auto& session : sessions_) session->change_limits();
  });
}

void Worker::cut_off() {
  boost::asio::post(executor(), [this] {
    stage_ = Stage::cutting_off;
    loop_->let_end();
    const std::vector<std::shared_ptr<Session>> all{sessions_.begin(), sessions_.end()};
    for (const auto& session : all) session->cut_off();
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::adopt(net::Stream client) {
  if (stage_ != Stage::serving) {
    --shared_.connections;
    return;
  }
  auto session = std::make_shared<Session>(shared_from_this(), std::move(client));
  sessions_.insert(session);
  shared_.observer.connection_opened();
  Session::start(std::move(session));
}

void Worker::forget(const std::shared_ptr<Session>& session) {
  sessions_.erase(session);
  --shared_.connections;
  shared_.observer.connection_closed();
}

ArmedIndex& Worker::armed() {
  if (!armed_ || armed_->set->epoch != shared_.gate.armed_epoch()) {
    auto set = shared_.gate.armed();
    auto index = target_index_of(*set);
    armed_.emplace(ArmedIndex{.set = std::move(set), .index = std::move(index)});
  }
  return *armed_;
}

}  // namespace sluice::proxy
