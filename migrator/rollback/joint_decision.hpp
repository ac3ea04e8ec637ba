// The one decision of deferred rollbacks whose tables swap together: all go on, or all turn back. A latch: what the
// first of them decides stands. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "migrator/rollback/rollback_fsm.hpp"

namespace sluice::migrator {

class JointDecision {
 public:
  // What a member said longer ago does not count: its thread waits for something.
  static constexpr std::chrono::seconds kHeardWithin{30};

  struct Said {
    RollbackFsm::Guards guards = RollbackFsm::Guards::unknown;
    std::string why;  // in words
  };
  struct Verdict {
    RollbackPhase phase{};  // went_on, withdrawn, or running: they turn back
    std::string why;
  };

  // `members`: all whose guards are asked, by their migrations' ids.
  explicit JointDecision(const std::vector<std::string>& members);

  // What the member's own guards say; the answer is what all say together: one that fires is enough.
  [[nodiscard]] Said hear(const std::string& member, Said said, WallTime now);
  // The member takes no part any more.
  void leave(const std::string& member) { heard_.erase(member); }

  [[nodiscard]] const std::optional<Verdict>& made() const noexcept { return made_; }
  // The verdict that stands, which may be an earlier one.
  const Verdict& make(Verdict verdict);

 private:
  struct Heard {
    Said said;
    std::optional<WallTime> at;  // nothing: not yet
  };
  std::map<std::string, Heard> heard_;
  std::optional<Verdict> made_;
};

}  // namespace sluice::migrator
