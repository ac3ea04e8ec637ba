// Kills connections at the primary whose clients are gone, on a thread of its own with a connection of its own, which
// it makes when there is somebody to kill.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

#include "app/log.hpp"
#include "migrator/sql/server_address.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::app {

class Killer {
 public:
  // More that wait for it are forgotten: the proxy asks again.
  static constexpr std::size_t WAITING_MAX = 4096;

  // `log` must outlive it.
  Killer(migrator::ServerAddress primary, Log& log);
  // Kills those that wait for it, as far as the primary answers.
  ~Killer();
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  // From any thread; does not block.
  void kill(gate::ConnectionId connection);

 private:
  void run(const std::stop_token& stop);
  void kill_all(const std::deque<gate::ConnectionId>& connections);
  void complain(const std::string& reason);

  const migrator::ServerAddress primary_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::deque<gate::ConnectionId> waiting_;  // under mutex_
  std::string last_complaint_;              // of its own thread
  std::jthread thread_;
};

}  // namespace sluice::app
