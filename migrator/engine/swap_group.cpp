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
