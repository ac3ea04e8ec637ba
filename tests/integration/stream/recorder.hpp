// A consumer that keeps all it is told, and a stream on a test's server.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "migrator/stream/stream.hpp"
#include "tests/support/server.hpp"
#include "tests/support/wait.hpp"

namespace sluice::test {

using migrator::Position;

class Recorder : public migrator::ChangeConsumer {
 public:
  struct Told {
    std::vector<migrator::RowsChanged> rows;
    std::vector<migrator::Unfollowable> statements;
    std::vector<migrator::ShapeChanged> shapes;
    std::vector<migrator::Definition> definitions;
    std::vector<migrator::StreamError> losses;
    std::vector<migrator::StreamError> ends;
    Position reached;

    // Of all changes, in order, each time they were told.
    [[nodiscard]] std::vector<std::string> keys() const {
      std::vector<std::string> all;
      for (const auto& change : rows) {
        for (const auto& key : change.keys) all.push_back(key.text());
      }
      return all;
    }
    [[nodiscard]] std::vector<std::string> distinct_keys() const {
      auto all = keys();
      std::ranges::sort(all);
      all.erase(std::ranges::unique(all).begin(), all.end());
      return all;
    }
  };

  void on_rows(migrator::RowsChanged change, std::stop_token stop) override {
    std::unique_lock lock{mutex_};
    told_.rows.push_back(std::move(change));
    unblocked_.wait(lock, stop, [this] { return !blocked_; });
  }
  void on_unfollowable(migrator::Unfollowable statement, std::stop_token /*stop*/) override {
    const std::lock_guard lock{mutex_};
    told_.statements.push_back(std::move(statement));
  }
  void on_shape_changed(migrator::ShapeChanged change, std::stop_token /*stop*/) override {
    const std::lock_guard lock{mutex_};
    told_.shapes.push_back(std::move(change));
  }
  void on_definition(migrator::Definition definition, std::stop_token /*stop*/) override {
    const std::lock_guard lock{mutex_};
    told_.definitions.push_back(std::move(definition));
  }
  void on_advanced(migrator::Advanced advanced, std::stop_token /*stop*/) override {
    const std::lock_guard lock{mutex_};
    told_.reached = advanced.after;
  }
  void on_link_lost(const migrator::StreamError& error, std::stop_token /*stop*/) override {
    const std::lock_guard lock{mutex_};
    told_.losses.push_back(error);
  }
  void on_ended(const migrator::StreamError& error) override {
    const std::lock_guard lock{mutex_};
    told_.ends.push_back(error);
  }

  [[nodiscard]] Told told() const {
    const std::lock_guard lock{mutex_};
    return told_;
  }
  // From now on each change blocks the stream, until it is stopped.
  void block() {
    const std::lock_guard lock{mutex_};
    blocked_ = true;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any unblocked_;
  bool blocked_ = false;
  Told told_;
};

// Where the server's binlog ends now.
inline Position head_of(TestServer& server) {
  auto client = server.connect();
  const auto reply = client.must(server.kind() == Kind::mysql ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  const auto& row = reply.rows().at(0);
  return {row.at(0).value(), std::stoull(row.at(1).value())};
}

inline migrator::StreamLogin root_of(const TestServer& server) {
  return {.address = {"127.0.0.1", server.port()}, .user = "root"};
}

// A server ends a replica's dump when another comes with its id. gtest runs tests on one thread.
inline std::uint32_t unused_id() {
  static std::uint32_t last = 4242;
  return ++last;
}

// Follows from where the server is when it is made.
class Following {
 public:
  Following(TestServer& server, migrator::WatchList watched)
      : Following(server, std::move(watched), head_of(server), root_of(server)) {}
  Following(TestServer& server, migrator::WatchList watched, Position from, migrator::StreamLogin login)
      : server_(server),
        stream_(std::move(login), {.server_id = unused_id(), .heartbeat_ms = std::chrono::milliseconds{100}},
                std::move(from), std::move(watched), recorder_) {}

  // Waits until all that the server has written by now was told, and tells it.
  [[nodiscard]] Recorder::Told all() {
    const auto head = head_of(server_);
    const bool came = wait_until([&] {
      const auto told = recorder_.told();
      return told.reached >= head || !told.ends.empty();
    });
    auto told = recorder_.told();
    if (!came) throw std::runtime_error{"the stream is at " + to_string(told.reached) + ", not at " + to_string(head)};
    for (const auto& end : told.ends) throw std::runtime_error{"the stream has ended: " + end.text};
    return told;
  }

  [[nodiscard]] Recorder& recorder() { return recorder_; }
  [[nodiscard]] migrator::ChangeStream& stream() { return stream_; }

 private:
  TestServer& server_;
  Recorder recorder_;
  migrator::ChangeStream stream_;
};

// `orders`, whose key is the INT column that stands first.
inline migrator::WatchList orders_of(std::size_t columns, std::string table = "orders") {
  return {{.database = "test", .table = std::move(table), .keys = {{.ordinal = 0, .name = "id"}}, .columns = columns}};
}

}  // namespace sluice::test
