#include "migrator/engine/watchdog.hpp"

#include <string>

namespace sluice::migrator {

Watchdog::Watchdog(Connection& killer, std::uint64_t connection_id, std::chrono::milliseconds patience)
    : thread_([this, &killer, connection_id, patience] {
        std::unique_lock lock(mutex_);
        if (done_.wait_for(lock, patience, [&] { return over_; })) return;
        (void)killer.execute("KILL QUERY " + std::to_string(connection_id));
      }) {}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  done_.notify_all();
}

}  // namespace sluice::migrator
