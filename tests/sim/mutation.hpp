// Bugs planted on purpose in the glue around the state machines: the walk must find each of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::sim {

enum class Mutation : std::uint8_t {
  none,
  ignore_open_transactions_when_draining,
  read_head_before_drain,
  skip_catch_up,
  open_before_rename,
  retry_unknown_rename,
  look_while_rename_may_run,
  plain_reads_in_resync,
  checkpoint_past_pending,
  ignore_stragglers,
  stragglers_overwrite,
  admit_old_snapshot,
  forget_snapshots_in_flight,
  rename_without_gate,
  execute_for_the_departed,
  release_without_order,
  ignore_suspects,
  unlock_after_opening,
  never_open_after_failure,
  open_before_reconcile_after_crash,
  reads_pass_while_held,
  forget_to_hand_over,
  hand_over_before_stragglers,
};

inline constexpr std::array<std::string_view, 23> kMutationNames = {
    "none",
    "ignore_open_transactions_when_draining",
    "read_head_before_drain",
    "skip_catch_up",
    "open_before_rename",
    "retry_unknown_rename",
    "look_while_rename_may_run",
    "plain_reads_in_resync",
    "checkpoint_past_pending",
    "ignore_stragglers",
    "stragglers_overwrite",
    "admit_old_snapshot",
    "forget_snapshots_in_flight",
    "rename_without_gate",
    "execute_for_the_departed",
    "release_without_order",
    "ignore_suspects",
    "unlock_after_opening",
    "never_open_after_failure",
    "open_before_reconcile_after_crash",
    "reads_pass_while_held",
    "forget_to_hand_over",
    "hand_over_before_stragglers",
};

}  // namespace sluice::sim
