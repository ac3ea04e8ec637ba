// Asks again and again how full a file system is, on a thread of its own: one that does not answer (a server of NFS
// that is gone, say) keeps nobody waiting.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "migrator/guards/guard_fsm.hpp"
#include "migrator/guards/machine.hpp"

namespace sluice::migrator {

class DiskWatch {
 public:
  using TimePoint = GuardFsm::TimePoint;
  static constexpr std::chrono::milliseconds kEvery{1000};
  static constexpr std::chrono::seconds kAnswersWithin{5};
  using Probe = std::function<Reading(const std::string& path)>;

  // `probe` may block for as long as it likes, and outlive this object then.
  explicit DiskWatch(std::string path, Probe probe = Machine::disk_percent);
  // Never blocks. The thread ends when its question is answered.
  ~DiskWatch();
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

  // Of the last answer; NotApplicable before the first, Unevaluable while the next one is overdue. Never blocks.
  [[nodiscard]] Reading reading(TimePoint now) const;

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // with the thread
};

}  // namespace sluice::migrator
