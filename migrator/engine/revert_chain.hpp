// Who has undone whom among the migrations. Pure.
#pragma once

#include <optional>
#include <vector>

#include "migrator/api.hpp"

namespace sluice::migrator {

struct RevertLink {
  MigrationId id;
  std::optional<MigrationId> reverts;
  State state = State::preparing;  // its own
};

struct Undone {
  State state = State::preparing;  // reverting, reverted, or its own
  MigrationId by;                  // empty: neither of the first two
};

// `all` in the order in which they were asked for; `id` is one of them. What was undone by a revert that was itself
// undone stands again.
[[nodiscard]] Undone undone(const std::vector<RevertLink>& all, const MigrationId& id);

// The one whose swap a revert of `id` has to undo: itself, or the last of the reverts that were completed since.
[[nodiscard]] MigrationId last_swap(const std::vector<RevertLink>& all, const MigrationId& id);

}  // namespace sluice::migrator
