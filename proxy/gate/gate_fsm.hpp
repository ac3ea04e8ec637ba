// The gate of one table, as a plain state machine: who touches the table, who waits, and when a hold is complete.
// No clock, no threads: time comes in as `now`, sessions to wake come out. Gate drives it under its mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "proxy/gate/gate.hpp"
#include "proxy/gate/types.hpp"

namespace sluice::gate {

class GateFsm {
 public:
  // How many released statements run at once, so that a release does not stampede the server.
  static constexpr std::size_t kReleaseConcurrencyMax = 64;
  // If none of them is done for so long, the next ones go as well: all may wait for a lock of one who is behind them.
  static constexpr Millis kReleaseStallMax{100};

  enum class Decision : std::uint8_t { pass, wait, refuse_snapshot };
  // A single read outside a transaction is over by itself: new ones may begin as long as writers are waited for.
  enum class Work : std::uint8_t { any, single_read };
  // What a finished statement leaves behind: nothing; earlier or later statements of the same pipeline still at the
  // server; an open transaction.
  enum class Ending : std::uint8_t { free, pending, keeps_table };

  struct Busy {
    bool running = false;  // a statement is at the server
    bool touched = false;  // an open transaction (or LOCK TABLES) has touched the table, or may have
    bool only_reads = false;
    TimePoint since{};
  };

  // `suspects`: sessions that were in a command or a transaction when the table was armed. What they did before was not
  // scanned, so they count as having touched it until their transaction ends.
  GateFsm(const std::vector<SessionId>& suspects, TimePoint now) { suspect(suspects, now); }
  void suspect(const std::vector<SessionId>& sessions, TimePoint now);

  // What would happen to a statement of this session; changes nothing.
  [[nodiscard]] Decision judge(SessionId session, Work work) const;
  // Follows a judge() of the same instant: pass.
  void start(SessionId session, Work work, TimePoint now);
  // Follows a judge() of the same instant: wait. A session that was released and must wait again keeps its place.
  void enqueue(SessionId session);

  // Each returns the sessions to wake; they judge again.
  [[nodiscard]] std::vector<SessionId> finish(SessionId session, Ending ending, TimePoint now);
  // Waits no more here: interrupted, or waits elsewhere.
  [[nodiscard]] std::vector<SessionId> withdraw(SessionId session, TimePoint now);
  [[nodiscard]] std::vector<SessionId> leave(SessionId session, TimePoint now);  // gone
  [[nodiscard]] std::vector<SessionId> open(TimePoint now);
  [[nodiscard]] std::vector<SessionId> tick(TimePoint now);

  // `in_transaction`: sessions with an open transaction at this instant. They may still touch the table while it
  // drains: one of them may hold row locks that a transaction being waited for needs.
  void close(TimePoint now, TimePoint drain_deadline, TimePoint hold_deadline,
             const std::vector<SessionId>& in_transaction);
  [[nodiscard]] bool extend(TimePoint hold_deadline);  // false: not held
  // `may_hold_snapshot`: also those with a statement at the server, which may have opened one just before the swap.
  void swapped(const std::vector<SessionId>& may_hold_snapshot);
  // The session has answers to all it sent, and its transaction has done no more than begin.
  void has_no_snapshot(SessionId session) { stale_.erase(session); }

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] TimePoint deadline() const noexcept;  // when tick() has something to do; max() where it has not
  [[nodiscard]] const std::map<SessionId, Busy>& busy() const noexcept { return busy_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return queue_.size(); }
  [[nodiscard]] std::size_t stale() const noexcept { return stale_.size(); }
  [[nodiscard]] bool waits(SessionId session) const {
    return tickets_.contains(session) && !released_.contains(session);
  }
  [[nodiscard]] bool lists(SessionId session) const;
  [[nodiscard]] std::uint64_t held_statements() const noexcept { return held_statements_; }
  [[nodiscard]] TimePoint closed_at() const noexcept { return closed_at_; }

 private:
  void settle();                                                // draining becomes held when nobody is busy
  [[nodiscard]] std::vector<SessionId> release(TimePoint now);  // as many as may run now
  [[nodiscard]] bool closed() const noexcept { return phase_ == Phase::draining || phase_ == Phase::held; }

  Phase phase_ = Phase::armed;
  std::map<SessionId, Busy> busy_;
  std::map<std::uint64_t, SessionId> queue_;    // by ticket: arrival order
  std::map<SessionId, std::uint64_t> tickets_;  // of the waiting and of the released that have not finished yet
  std::set<SessionId> released_;                // woken, and not finished yet
  std::set<SessionId> slots_;                   // the released that count
  std::uint64_t paced_until_ = 0;               // the tickets of those who came before the gate opened
  std::set<SessionId> passing_;                 // may still touch the table while it drains
  std::set<SessionId> stale_;                   // hold a snapshot older than the swap
  std::uint64_t next_ticket_ = 0;
  std::uint64_t held_statements_ = 0;
  bool reads_wait_ = false;  // no writer was left at some instant of this drain: reads may not put it off any further
  TimePoint progress_at_{};  // the last time that somebody was released, or a released one was done
  TimePoint closed_at_{};
  TimePoint drain_deadline_{};
  TimePoint hold_deadline_{};
};

}  // namespace sluice::gate
