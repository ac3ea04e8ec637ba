// The life of one migration as a plain state machine: its state, what a person may ask of it, and what to do next.
// No clock, no SQL: facts and `now` come in, the next piece of work comes out; the runner (migration.cpp) does it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "migrator/api.hpp"
#include "migrator/engine/cut_over_fsm.hpp"

namespace sluice::migrator {

using TimePoint = std::chrono::steady_clock::time_point;

class MigrationFsm {
 public:
  static constexpr Millis kRetryFirst{500};
  static constexpr Millis kRetryMax{30'000};
  static constexpr Millis kLagForCutOverMax{1'000};
  // What is left is resynced under the hold: few keys, or little time at the rate they were applied last.
  static constexpr std::size_t kPendingForCutOverMax = 500;
  static constexpr Millis kBacklogForCutOverMax{200};

  enum class Work : std::uint8_t {
    prepare,    // shadow table, stream, position
    apply,      // one batch of pending keys
    copy,       // chunks
    index,      // what indexes were put off until the copy was done
    verify,     // chunks compared
    cut_over,   // one attempt
    wait,       // nothing to do now
    clean_up,   // a normal stop: the shadow table is dropped
    roll_back,  // a piece of a rollback, which has steps of its own
    end,
  };

  // Why a migration that is ready does not cut over now.
  enum class Wait : std::uint8_t {
    nothing,
    incompatible,
    postponed,
    outside_window,
    behind,
    blocked,
    back_off,
    others
  };

  struct Facts {
    bool copied = false;
    bool indexed = true;
    bool index_alone = false;  // while indexes are built nothing is applied; the stream waits where too much is pending
    bool verified = false;
    bool catching_up = false;  // a revert: what had changed when it began is still to be written
    bool throttled = false;
    bool resting = false;         // after a round: nothing is copied or compared for a while, but changes are applied
    bool incompatible = false;    // some statement of the application does not work with the new table
    bool postponed = false;       // option or flag file, and nobody asked for the cut-over by hand (see cut_over_asked)
    bool outside_window = false;  // of the times at which it may happen; false as well when asked for by hand
    bool blocked = false;         // somebody would make the hold wait: better wait with the gate open
    bool others_ready = true;     // of those whose tables swap together with this one
    std::size_t pending = 0;
    bool pending_is_urgent = false;  // the set is more than half full
    Millis backlog = Millis::max();  // how long it would take to apply them; max(): not known
    Millis lag{};
  };

  explicit MigrationFsm(State state = State::preparing) noexcept : state_(state) {}

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  [[nodiscard]] bool ended() const noexcept { return has_ended(state_); }

  // Nothing: done, or taken note of. A problem: not possible in this state, in words.
  [[nodiscard]] std::optional<Problem> act(Action action);
  // From now on there is no other work than the rollback's; only a panic goes before it. It has not ended yet.
  void roll_back();
  // To be written down before it counts as a fact: a wish that was accepted must outlive a crash.
  [[nodiscard]] bool cut_over_asked() const noexcept { return cut_over_asked_; }
  [[nodiscard]] bool end_asked() const noexcept { return wish_ != Wish::none; }
  [[nodiscard]] bool panic_asked() const noexcept { return wish_ == Wish::panic; }
  // A cut-over under way is to be backed out of, as far as that is possible.
  [[nodiscard]] bool abort_asked() const noexcept { return wish_ == Wish::panic || wish_ == Wish::rollback; }
  [[nodiscard]] bool rollback_asked() const noexcept { return wish_ == Wish::rollback; }

  // Also moves copying <-> ready as the facts say.
  [[nodiscard]] Work next(const Facts& facts, TimePoint now);

  // As of the last next().
  [[nodiscard]] Wait wait() const noexcept { return wait_; }
  // Nothing of its own keeps it from the cut-over.
  [[nodiscard]] bool willing() const noexcept {
    return state_ == State::cutting_over || (state_ == State::ready && wait_ == Wait::others);
  }
  [[nodiscard]] TimePoint next_attempt() const noexcept { return next_attempt_; }

  void prepared();
  void start_over();  // what prepare() found is not so
  void cut_over_ended(CutOverFsm::Result result, TimePoint now);
  void cleaned_up();
  void failed();

 private:
  [[nodiscard]] Work work_between(const Facts& facts, Work turn);
  [[nodiscard]] Wait wait_for(const Facts& facts, TimePoint now) const;

  enum class Wish : std::uint8_t { none, stop, rollback, panic };

  State state_;
  Wish wish_ = Wish::none;
  bool paused_ = false;
  bool cut_over_asked_ = false;
  Work last_ = Work::wait;
  Wait wait_ = Wait::nothing;
  Millis retry_{kRetryFirst};
  TimePoint next_attempt_{};
};

}  // namespace sluice::migrator
