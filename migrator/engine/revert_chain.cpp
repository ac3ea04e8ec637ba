#include "migrator/engine/revert_chain.hpp"

#include <algorithm>

namespace sluice::migrator {
namespace {

// The latest that undoes it, or has; those that were given up count for nothing.
const RevertLink* revert_of(const std::vector<RevertLink>& all, const MigrationId& id) {
  const RevertLink* found = nullptr;
  for (const RevertLink& link : all) {
    const bool counts = link.state == State::completed || !has_ended(link.state);
    if (link.reverts == id && counts) found = &link;
  }
  return found;
}

}  // namespace

Undone undone(const std::vector<RevertLink>& all, const MigrationId& id) {
  const auto own = std::ranges::find(all, id, &RevertLink::id);
  const RevertLink* revert = revert_of(all, id);
  if (revert == nullptr) return {own->state, {}};
  if (!has_ended(revert->state)) return {State::reverting, revert->id};
  if (undone(all, revert->id).state == State::reverted) return {own->state, {}};
  return {State::reverted, revert->id};
}

MigrationId last_swap(const std::vector<RevertLink>& all, const MigrationId& id) {
  const RevertLink* revert = revert_of(all, id);
  return revert == nullptr || revert->state != State::completed ? id : last_swap(all, revert->id);
}

}  // namespace sluice::migrator
