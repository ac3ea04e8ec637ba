// How far a migration has come: enough to go on after a crash, and what its status shows. Stored as JSON.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/rows/key_literals.hpp"
#include "migrator/stream/change_consumer.hpp"
#include "migrator/table/attachments.hpp"
#include "migrator/table/deferred_indexes.hpp"
#include "migrator/table/revert.hpp"

namespace sluice::migrator {

// What a migration undoes, where it is a revert.
struct Revert {
  MigrationId of;
  AlterDirection direction = AlterDirection::back;
  Position taken;  // since then at the latest the old table has the shadow's name; empty file: not known yet
};

struct Checkpoint {
  std::string server;                    // whose binlog the positions are in; empty: not known
  Position applied;                      // the stream starts again here; empty file: not known yet
  std::optional<Position> caught_up;     // written in the hold, before the RENAME: all before it is in the shadow
  std::optional<Position> renamed;       // behind the RENAME, from where a revert would follow the new table
  std::optional<Position> audit_from;    // reached some minutes ago: see AuditMarks
  std::optional<KeyLiterals> copied_to;  // the last chunk's upper bound
  bool copied = false;
  std::optional<KeyLiterals> verified_to;
  bool verified = false;
  std::string verified_at;                      // RFC 3339: the end of the last turn of comparing; empty: none yet
  std::vector<DeferredIndex> deferred_indexes;  // of the shadow, until they have been built
  std::string altered_from;  // the source's definition, where it is itself altered in the hold; empty: rows are copied
  bool cut_over_asked = false;  // by hand: it is not postponed any more
  std::uint64_t rows_copied = 0, rows_estimated = 0, changes_applied = 0, verified_rows = 0, mismatches = 0;
  Millis worked{};                      // copying and comparing so far, neither paused nor throttled
  std::uint64_t seconds_estimated = 0;  // of such time, to the end of the comparison; 0: not known yet
  CutOverStatus cut_over;
  Attachments attachments;                  // known from the start
  bool drops_shadow_after_failure = false;  // as well
  std::optional<Revert> revert;
};

[[nodiscard]] std::string to_json(const Checkpoint& checkpoint);
// Unknown members are passed over; a missing one keeps its default.
[[nodiscard]] boost::system::result<Checkpoint> checkpoint_from_json(std::string_view text);

}  // namespace sluice::migrator
