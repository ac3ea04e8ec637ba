// The published loss: the end of a migration as gh-ost does it, re-enacted on a real MySQL.
#pragma once

#include <chrono>

#include "tests/support/server.hpp"

namespace sluice::test {

// One migration of the laboratory's table after the other, each with the steps of gh-ost's atomic cut-over (v1.1.x,
// `--cut-over=atomic`, its default), in their order:
//
//   go/logic/migrator.go  atomicCutOver              what comes when
//   go/logic/applier.go   AtomicCutOverMagicLock     session A: sentry table, LOCK TABLES; later DROP, UNLOCK TABLES
//   go/logic/migrator.go  waitForEventsUpToLock      every change from before the lock is applied to the ghost table
//   go/logic/applier.go   AtomicCutoverRename        session B: RENAME, which waits
//   go/logic/applier.go   ExpectProcess              B is seen to wait for *a* metadata lock
//   go/logic/applier.go   ExpectUsedLock             A is still there
//
// What is meant to keep writers out between A's UNLOCK and B's rename is that B waits for the table already. But a
// RENAME takes its locks in the order of the names: `_tb_del`, `_tb_gho`, `tb`. Seen waiting for the sentry `_tb_del`,
// it goes on to wait for `_tb_gho` if somebody reads that, and holds nothing of `tb` when A unlocks it. What is
// inserted then goes with `tb` to `_tb_del`. On a busy machine nobody needs to read `_tb_gho` for that: the UNLOCK
// overtakes B on its way from one lock to the next. Releases that also look for B's pending lock in
// performance_schema.metadata_locks (ExpectMetadataLock) narrow this down on servers that have the instrument on; that
// look is not re-enacted.
class GhOst {
 public:
  explicit GhOst(const TestServer& server);

  // From the LOCK TABLES until the RENAME is done. Blocks; throws std::runtime_error if a step fails.
  [[nodiscard]] std::chrono::duration<double, std::milli> migrate();

 private:
  void copy_rows();
  void lock_original();
  void apply_events_up_to_lock();
  void expect_rename_waiting(std::uint64_t session);
  void expect_lock_held();
  void drop_sentry_and_unlock();

  TestClient applier_;
  TestClient locking_;   // session A
  TestClient renaming_;  // session B
};

}  // namespace sluice::test
