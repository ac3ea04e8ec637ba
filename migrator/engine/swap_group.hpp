// Migrations whose tables swap together, in one RENAME or not at all; a single migration is a group of one. Each member
// copies on its own thread and meets the others for the cut-over, which one of them drives for all.
// Thread-safe; made by the engine, shared by the members.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/engine/cut_over.hpp"
#include "migrator/rollback/joint_decision.hpp"
#include "migrator/sql/quoting.hpp"
#include "proxy/gate/types.hpp"

namespace sluice::migrator {

class SwapGroup {
 public:
  struct Member {
    MigrationId id;
    TableRef source;
  };
  // In the order in which they were asked for; the first gives the group its names. Not empty.
  explicit SwapGroup(std::vector<Member> members);

  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
  // All members' tables are armed as one gate, under the first one's name: whoever is in a transaction that touches
  // some of them is waited for by none before the other.
  [[nodiscard]] gate::TableName gate_of() const;
  // What the RENAME is known by.
  [[nodiscard]] std::string tag() const { return rename_tag(members_.front().id); }
  // And the ALTERs of the hand-over.
  [[nodiscard]] std::string hand_over_tag() const { return migrator::hand_over_tag(members_.front().id); }

  // ---- before the cut-over
  // Whether a member would begin it now, if the others would.
  void tell_willing(const MigrationId& id, bool willing);
  [[nodiscard]] bool others_are_willing(const MigrationId& id) const;

  // ---- the cut-over
  // What a member brings to it. Its thread waits in meet() until the cut-over is over; the driver may call these on its
  // own thread meanwhile.
  struct Party {
    CutOver::Table table;
    std::function<bool(const Position& caught_up)> record;
    std::function<void(std::string_view event, std::string details)> journal;
    std::function<bool()> panicked;
  };
  struct Swapped {
    CutOverFsm::Result result = CutOverFsm::Result::pending;
    CutOverStatus status;
    bool drove = false;  // by this member: exactly one of them counts it
  };
  using Drive = std::function<Swapped(const std::vector<Party*>& parties)>;
  // Blocks until all who take part have come, and one of them has driven the cut-over, or until `deadline` before it
  // was begun (nothing was done then).
  [[nodiscard]] std::optional<Swapped> meet(Party party, const Drive& drive,
                                            std::chrono::steady_clock::time_point deadline);
  // How many meet() waits for, where it is not all members: those whose cut-over a crash interrupted.
  void expect(std::size_t parties);
  // One of those will not come.
  void stay_away();

  // ---- a deferred rollback, which all begin or none
  // `members` decide it together, from before they know of it; `decided`: what some of them had before a restart. Takes
  // the place of an earlier one. A request is known by when it was made.
  void defer_rollback(std::string requested_at, const std::vector<MigrationId>& members,
                      std::optional<JointDecision::Verdict> decided);
  // It was not accepted by the member.
  void leave_rollback(const std::string& requested_at, const MigrationId& id);
  // See JointDecision. Of a request whose place another has taken each decides alone.
  [[nodiscard]] JointDecision::Said hear(const std::string& requested_at, const MigrationId& id,
                                         JointDecision::Said said);
  [[nodiscard]] std::optional<JointDecision::Verdict> agree(const std::string& requested_at,
                                                            std::optional<JointDecision::Verdict> mine);

  // ---- the end
  // A member that ends before the swap takes the others with it, unless they are asked to end themselves. The first
  // one's reason is kept.
  void fail(const Member& member, const Problem& problem);
  [[nodiscard]] std::optional<Problem> failure() const;
  // The member needs the gate no more. True for the last one: the gate may be disarmed.
  [[nodiscard]] bool leave(const MigrationId& id);

 private:
  struct DeferredRollback {
    std::string requested_at;
    JointDecision decision;
  };
  // With the mutex held. nullptr: not the one that was asked for last.
  [[nodiscard]] JointDecision* decision_of(const std::string& requested_at);
  [[nodiscard]] bool complete() const noexcept { return !driving_ && present_.size() >= expected_; }

  const std::vector<Member> members_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<MigrationId, bool> willing_;
  std::vector<MigrationId> left_;
  std::optional<Problem> failure_;
  std::optional<DeferredRollback> deferred_;
  std::vector<Party*> present_;
  std::size_t expected_;
  bool driving_ = false;
  std::uint64_t round_ = 0;
  Swapped last_;
};

}  // namespace sluice::migrator
