// One attempt at the cut-over, as a plain state machine: which step comes next, and which way out is taken.
// The driver (cut_over.cpp) does step(), tells how it went with done(), until step() is Step::end.
//
// Each way out is *unlock, then open*; nothing is renamed after the gate was lost; a RENAME whose outcome is unknown is
// never repeated, but looked at. Triggers are handed over under the fence, or after the stragglers: they never fire for
// what the engine itself writes, nor miss what a client writes once the gate is open.
#pragma once

#include <cstdint>

namespace sluice::migrator {

class CutOverFsm {
 public:
  enum class Step : std::uint8_t {
    close_gate,     // drain, then hold            -> ok | expired
    fence,          // LOCK TABLES both WRITE      -> ok | failed
    pin,            // or nobody else's DDL gets at the sources until the RENAME is next -> ok | failed
    catch_up,       // read the head, resync and compare up to it -> ok | failed | unequal
    record,         // write down how far, durably -> ok | failed
    extend_gate,    // time enough for the rename? -> ok | gate_lost
    rename,         // -> ok | failed (a definite error) | unknown
    look_at_names,  // once the RENAME can no longer be running -> swapped | original | strange | unknown (ask again)
    hand_over,      // foreign keys and triggers go to the new table -> ok | unknown (ask again, without the fence)
    mark_swapped,   // older snapshots must not read the new table -> ok
    unfence,        // UNLOCK TABLES, or drop the connection; let go of the pin -> ok
    reconcile,      // follow to the RENAME's event, bring the stragglers over -> ok | unknown (ask again)
    open_gate,      // -> ok
    end,
  };

  enum class Outcome : std::uint8_t {
    ok,
    expired,
    failed,
    unequal,
    gate_lost,
    unknown,
    swapped,
    original,
    strange,
    panic
  };

  enum class Result : std::uint8_t {
    pending,
    completed,
    again,    // nothing was swapped; worth another attempt later
    failed,   // nothing was swapped; another attempt would not help
    strange,  // the names are neither as before nor as after: nobody may guess
    panicked,
  };

  enum class Fencing : std::uint8_t { none, pin, lock_tables };

  explicit CutOverFsm(Fencing fencing) noexcept : fencing_(fencing) {}

  // For a restart after a crash in the hold: begins with the look at the names, the gate being closed.
  [[nodiscard]] static CutOverFsm after_crash() noexcept;

  // With the gate held, and with nothing renamed.
  [[nodiscard]] static bool is_before_rename(Step step) noexcept;

  [[nodiscard]] Step step() const noexcept { return step_; }
  void done(Outcome outcome);

  [[nodiscard]] Result result() const noexcept { return result_; }
  [[nodiscard]] bool swapped() const noexcept { return swapped_; }

 private:
  void back_out(Result why);
  void after_close(Outcome outcome);
  void after_rename(Outcome outcome);
  void after_look(Outcome outcome);
  void after_hand_over(Outcome outcome);

  Fencing fencing_;
  Step step_ = Step::close_gate;
  Result result_ = Result::pending;
  bool fenced_ = false;
  bool pinned_ = false;
  bool swapped_ = false;
  bool handed_over_ = false;
};

}  // namespace sluice::migrator
