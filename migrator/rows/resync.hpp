// The one primitive: makes the shadow's rows of these keys equal to the source's, whatever they are now, and, unless
// told not to, compares them under the same lock before the commit. Blocks; on the thread that owns the connection.
#pragma once

#include <cstdint>
#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

enum class ResyncMode : std::uint8_t {
  no_wait,       // a locked row answers busy at once
  wait,          // waits for locked rows (innodb_lock_wait_timeout); a single key of a clustered key only, else no_wait
  tables_locked  // the session holds LOCK TABLES on both and autocommit is off: no locking reads, no START TRANSACTION
};

enum class ResyncStatus : std::uint8_t {
  done,
  busy,      // a row is locked: halve the batch, or come again later
  conflict,  // a duplicate in the shadow: evict() the keys, resync what may hold the value, try again; else it is real
  mismatch,  // written but not equal: `keys` names them; a client's insert in between may do this once, so try again
  failed,    // the server refuses a row (strict): `error`; halve the batch to find the key
  lost       // the connection is gone, the outcome unknown: resync again from a new one
};

struct ResyncResult {
  ResyncStatus status = ResyncStatus::done;
  std::uint64_t rows = 0;         // written
  std::vector<KeyLiterals> keys;  // of mismatch
  SqlError error;                 // of busy, conflict, failed, lost
};

enum class RowCheck : std::uint8_t {
  compared,  // before the commit
  left,      // to a comparison of the whole table that is still to begin
};

// Nothing is changed unless done. 1 to max_keys_per_batch keys.
[[nodiscard]] ResyncResult resync(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode,
                                  RowCheck check);

// For rows that the copy will come to: done once what the change stream has told of them can be read by everybody.
// What the shadow has of them is deleted, so that the unique values they hold are free. Of a clustered key only: by
// another, InnoDB would not see who has the row itself. As resync() otherwise; not under LOCK TABLES.
[[nodiscard]] ResyncResult leave_to_copy(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode);

// Deletes the keys from the shadow and commits, so that the unique values they hold become free. They must stay
// pending.
[[nodiscard]] ResyncResult evict(Connection& connection, const RowSql& sql, Keys keys, ResyncMode mode);

// What an error of a row statement means here.
[[nodiscard]] ResyncStatus classify(const SqlError& error) noexcept;

}  // namespace sluice::migrator
