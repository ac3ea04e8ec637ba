#include "migrator/engine/swap_group.hpp"

#include <algorithm>
#include <utility>

namespace sluice::migrator {

SwapGroup::SwapGroup(std::vector<Member> members) : members_(std::move(members)), expected_(members_.size()) {}

gate::TableName SwapGroup::gate_of() const {
  return {members_.front().source.database, members_.front().source.table};
}

void SwapGroup::tell_willing(const MigrationId& id, bool willing) {
  const std::scoped_lock lock(mutex_);
  willing_[id] = willing;
}

bool SwapGroup::others_are_willing(const MigrationId& id) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::all_of(members_, [&](const Member& member) {
    const auto entry = willing_.find(member.id);
    return member.id == id || (entry != willing_.end() && entry->second);
  });
}

std::optional<SwapGroup::Swapped> SwapGroup::meet(Party party, const Drive& drive,
                                                  std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const std::uint64_t round = round_;
  present_.push_back(&party);
  changed_.notify_all();
  while (round_ == round) {
    if (complete()) {
      driving_ = true;
      lock.unlock();
      // The others are parked, and nobody else comes: present_ does not change.
      Swapped swapped = drive(present_);
      lock.lock();
      last_ = swapped;
      present_.clear();
      expected_ = members_.size();
      driving_ = false;
      ++round_;
      changed_.notify_all();
      swapped.drove = true;
      return swapped;
    }
    if (driving_) {
      changed_.wait(lock);
    } else if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && round_ == round && !driving_ &&
               !complete()) {
      std::erase(present_, &party);
      return std::nullopt;
    }
  }
  return last_;
}

void SwapGroup::expect(std::size_t parties) {
  const std::scoped_lock lock(mutex_);
  expected_ = parties;
}

void SwapGroup::stay_away() {
  {
    const std::scoped_lock lock(mutex_);
    if (expected_ > 0) --expected_;
  }
  changed_.notify_all();
}

void SwapGroup::defer_rollback(std::string requested_at, const std::vector<MigrationId>& members,
                               std::optional<JointDecision::Verdict> decided) {
  const std::scoped_lock lock(mutex_);
  deferred_.emplace(std::move(requested_at), JointDecision(members));
  if (decided) deferred_->decision.make(std::move(*decided));
}

void SwapGroup::leave_rollback(const std::string& requested_at, const MigrationId& id) {
  const std::scoped_lock lock(mutex_);
  if (JointDecision* decision = decision_of(requested_at)) decision->leave(id);
}

JointDecision::Said SwapGroup::hear(const std::string& requested_at, const MigrationId& id, JointDecision::Said said) {
  const std::scoped_lock lock(mutex_);
  JointDecision* decision = decision_of(requested_at);
  return decision == nullptr ? said : decision->hear(id, std::move(said), std::chrono::system_clock::now());
}

std::optional<JointDecision::Verdict> SwapGroup::agree(const std::string& requested_at,
                                                       std::optional<JointDecision::Verdict> mine) {
  const std::scoped_lock lock(mutex_);
  JointDecision* decision = decision_of(requested_at);
  if (decision == nullptr) return mine;
  return mine ? decision->make(std::move(*mine)) : decision->made();
}

JointDecision* SwapGroup::decision_of(const std::string& requested_at) {
  return deferred_ && deferred_->requested_at == requested_at ? &deferred_->decision : nullptr;
}

void SwapGroup::fail(const Member& member, const Problem& problem) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return;
  const std::string what =
      "the tables swap together or not at all, and " + member.source.table + " (" + member.id + ") failed: ";
  failure_ = Problem{.code = "group_failed",
                     .message = what + problem.message,
                     .logged = problem.logged.empty() ? "" : what + problem.logged};
}

std::optional<Problem> SwapGroup::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

bool SwapGroup::leave(const MigrationId& id) {
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(left_, id) == left_.end()) left_.push_back(id);
  return left_.size() == members_.size();
}

}  // namespace sluice::migrator
