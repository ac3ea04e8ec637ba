// The options of one migration, by the names of the contract. Plain values; what they mean is in docs/options.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "migrator/options/backup_kind.hpp"
#include "migrator/options/compatibility_query.hpp"
#include "migrator/options/cut_over_window.hpp"
#include "migrator/options/guard.hpp"
#include "migrator/options/webhook.hpp"
#include "net/address.hpp"

namespace sluice::migrator {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

enum class Fence : std::uint8_t { automatic, gate, gate_and_lock };  // "auto", "gate", "gate+lock"
enum class Verify : std::uint8_t { full, off };
enum class OnBlocker : std::uint8_t { wait, kill, abort };

struct Options {
  std::uint64_t chunk_size = 1000;  // rows of the first chunk; then steered by chunk_time_ms
  Millis chunk_time_ms{10};
  std::size_t copy_threads = 2;                        // connections that move rows side by side
  std::map<std::string, std::uint64_t> max_load;       // status variable -> the value that throttles
  std::map<std::string, std::uint64_t> critical_load;  // status variable -> the value that stops the migration
  Millis max_lag_millis{1500};                         // of the replicas below
  std::vector<net::Address> throttle_control_replicas;
  std::string throttle_query;  // throttles while it returns a number above 0
  std::string throttle_http;   // a URL: throttles unless it answers 200; empty: none
  std::string throttle_flag_file;
  bool defer_secondary_indexes = false;  // build them once the rows are copied
  bool attempt_instant_ddl = false;      // what the server can alter in an instant is altered so, in the hold
  double nice_ratio = 0;                 // sleeps this many times as long as it worked
  Millis max_client_latency_ms{0};       // of the clients' p99; 0: it is not looked at
  std::string panic_flag_file;
  bool postpone_cut_over = false;
  std::string postpone_cut_over_flag_file;
  CutOverWindow cut_over_window;
  Millis hold_timeout_ms{3000};   // the longest that clients may be held once the table is drained
  Millis drain_timeout_ms{3000};  // the longest that new work waits for open transactions to end
  OnBlocker on_blocker = OnBlocker::wait;
  Fence fence = Fence::automatic;
  Verify verify = Verify::full;
  bool discard_foreign_keys = false;                 // the new table is without the source's
  bool include_triggers = false;                     // the source's go to the new table
  std::vector<std::string> approve_renamed_columns;  // "old=new"
  bool allow_zero_in_date = false;
  bool initially_drop_ghost_table = false;
  bool initially_drop_old_table = false;
  bool ok_to_drop_table = false;                          // drop the old table when its retention ends
  Seconds old_table_retention{3600};                      // counted from the cut-over; for so long it can be reverted
  BackupKind backup = BackupKind::none;                   // of what is dropped: the shadow of a rollback, the old table
  std::vector<CompatibilityQuery> compatibility_queries;  // must work with the new table before the cut-over
  std::vector<Guard> guards = default_guards();
  std::vector<Webhook> webhooks;  // beside those of all migrations
};

}  // namespace sluice::migrator
