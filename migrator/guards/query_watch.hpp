// Asks the primary a query again and again, on a thread and a connection of its own, and keeps the first value of the
// answer as a number.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "migrator/guards/guard_fsm.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

class QueryWatch {
 public:
  static constexpr std::chrono::milliseconds kEvery{1000};
  static constexpr std::chrono::seconds kAnswersWithin{10};  // then the server is to give the query up

  QueryWatch(ServerAddress primary, std::string query);
  // Blocks for a moment, or while a connection is being made.
  ~QueryWatch();
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;

  // Of the last answer; NotApplicable before the first. Errors by their numbers: their words repeat the query. Never
  // blocks.
  [[nodiscard]] Reading reading() const;

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Reading ask();

  ServerAddress primary_;
  std::string query_;
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  Reading reading_;
  std::optional<Connection> connection_;  // made and unmade under the mutex, used by the thread
  std::jthread thread_;
};

}  // namespace sluice::migrator
