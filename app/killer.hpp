// Kills connections at the primary whose clients are gone, as long as they are still the same ones, on a thread of its
// own with a connection of its own, which it makes when there is somebody to kill.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "app/log.hpp"
#include "migrator/sql/server_address.hpp"
#include "proxy/proxy.hpp"

namespace sluice::migrator {
class Connection;
}

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

  // From any thread; does not block. `is_gone` is called on the killer's thread where the primary has no such
  // connection any more.
  void kill(proxy::Abandoned abandoned, std::function<void()> is_gone);

 private:
  struct Victim {
    proxy::Abandoned abandoned;
    std::function<void()> is_gone;
  };
  enum class Seen : std::uint8_t { there, gone, unknown };
  struct Shown {
    std::string_view user;
    std::string_view host;
  };

  void run(const std::stop_token& stop);
  void kill_all(const std::deque<Victim>& victims);
  void kill_one(const Victim& victim, migrator::Connection& connection);
  [[nodiscard]] Seen look_for(const proxy::Abandoned& abandoned, migrator::Connection& connection);
  [[nodiscard]] Seen recognise(const proxy::Abandoned& abandoned, Shown shown, migrator::Connection& connection);
  [[nodiscard]] Seen missing(migrator::Connection& connection);
  void complain(const std::string& reason);

  const migrator::ServerAddress primary_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::deque<Victim> waiting_;  // under mutex_
  std::string last_complaint_;  // of its own thread
  std::jthread thread_;
};

}  // namespace sluice::app
