#include "migrator/rollback/joint_decision.hpp"

#include <utility>

namespace sluice::migrator {

JointDecision::JointDecision(const std::vector<std::string>& members) {
  for (const std::string& member : members) heard_[member];
}

JointDecision::Said JointDecision::hear(const std::string& member, Said said, WallTime now) {
  if (const auto own = heard_.find(member); own != heard_.end()) own->second = {said, now};
  if (said.guards == RollbackFsm::Guards::firing) return said;
  for (const auto& [other, heard] : heard_) {
    if (other == member) continue;
    const bool has_said = heard.at && now - *heard.at <= kHeardWithin;
    if (has_said && heard.said.guards == RollbackFsm::Guards::firing) {
      return {RollbackFsm::Guards::firing, other + ": " + heard.said.why};
    }
    if (said.guards == RollbackFsm::Guards::unknown) continue;
    if (!has_said) said = {RollbackFsm::Guards::unknown, other + " has not said yet what its guards say"};
    if (has_said && heard.said.guards == RollbackFsm::Guards::unknown) {
      said = {RollbackFsm::Guards::unknown, other + ": " + heard.said.why};
    }
  }
  return said;
}

const JointDecision::Verdict& JointDecision::make(Verdict verdict) {
  if (!made_) made_ = std::move(verdict);
  return *made_;
}

}  // namespace sluice::migrator
