// The course of one rollback as a plain state machine: when a deferred one is decided, and which step comes next.
// No clock, no SQL: facts and `now` come in, what to do comes out; RollbackDriver does it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "migrator/options/backup_kind.hpp"
#include "migrator/options/cut_over_window.hpp"
#include "migrator/rollback/report.hpp"

namespace sluice::migrator {

using WallTime = std::chrono::system_clock::time_point;

class RollbackFsm {
 public:
  // What can't be told by the guards when the time has come is waited for so long, and then counts as firing.
  static constexpr std::chrono::seconds kGuardsToldWithin{120};

  enum class Todo : std::uint8_t { wait, go_on, begin, step, end };

  // Of all guards, those that only warn as well.
  enum class Guards : std::uint8_t {
    unknown,  // not watched for long enough yet, or one can't be evaluated
    quiet,
    firing
  };

  struct Due {
    std::optional<WallTime> at;  // nothing: within the window
    CutOverWindow window;
  };

  struct Facts {
    Guards guards = Guards::unknown;
    bool resumed = false;    // somebody let the migration go on
    bool has_ended = false;  // in another way, while the rollback was deferred or stopping it
  };

  // `phase` and `step`: where it is taken up.
  RollbackFsm(RollbackPhase phase, RollbackStep step, Due due, BackupKind backup)
      : phase_(phase), step_(step), due_(std::move(due)), backup_(backup) {}

  [[nodiscard]] RollbackPhase phase() const noexcept { return phase_; }
  [[nodiscard]] RollbackStep step() const noexcept { return step_; }

  // `go_on`, `begin` and `end` are told once: the phase is another one by then.
  [[nodiscard]] Todo next(const Facts& facts, WallTime now);

  // Of a deferred one: as those that swap together with it have decided, whatever it would wait for.
  [[nodiscard]] Todo follow(RollbackPhase decided);
  void step_done();
  void failed();
  // Whatever it was at: the migration has come to another end.
  void overtaken();

 private:
  [[nodiscard]] bool is_due(WallTime now) const;
  [[nodiscard]] Todo decide(const Facts& facts, WallTime now);

  RollbackPhase phase_;
  RollbackStep step_;
  Due due_;
  BackupKind backup_;
  std::optional<WallTime> due_since_;
};

}  // namespace sluice::migrator
