// Brings pending keys into the shadow, batch by batch, over several connections at once if need be. Blocks;
// thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "migrator/engine/inbox.hpp"
#include "migrator/rows/copy_frontier.hpp"
#include "migrator/rows/duplicate.hpp"
#include "migrator/rows/resync.hpp"

namespace sluice::migrator {

class Applier {
 public:
  // A duplicate, or a row that doesn't become equal, may be because of a change that is still on its way.
  static constexpr unsigned kAttemptsMax = 5;
  // Of a duplicate: for how long it is tried again. Where the source itself has both rows, only for whoever is just
  // giving one of them another value;
  static constexpr std::chrono::milliseconds kRealConflictPatience{500};
  // where that can't be told, for a change to come;
  static constexpr std::chrono::milliseconds kConflictPatience{5'000};
  // and for as long as the source says that what is in the way has changed there: the stream is far behind.
  static constexpr std::chrono::minutes kPassingConflictMax{30};
  // Whoever has waited for longer has waited for a table: for rows nobody waits so long, and MariaDB's error is the
  // same.
  static constexpr std::chrono::milliseconds kRowsWaitedForMax{3'000};

  Applier(Inbox& inbox, MigrationObserver& observer) : inbox_(inbox), observer_(observer) {}

  enum class Status : std::uint8_t {
    progress,
    stuck,   // nothing could be done now: rows are locked, or collide
    lost,    // the connection is gone
    failed,  // `problem`
  };
  struct Result {
    Status status = Status::progress;
    std::optional<Problem> problem;
    bool has_waited = false;   // for a row that was locked: one a batch, as others have to go on
    bool is_shut_out = false;  // somebody has locked a table: the rest of the batch would wait as long
  };

  struct Manner {
    ResyncMode mode = ResyncMode::no_wait;
    RowCheck check = RowCheck::compared;
    CopyFrontier frontier = {};  // rows ahead of it are left to the copy, once it would see their change
  };
  // One batch of the oldest keys, at most max_keys_per_batch.
  [[nodiscard]] Result apply_some(Connection& connection, const RowSql& sql, const Manner& manner);

  [[nodiscard]] std::uint64_t applied() const noexcept { return applied_.load(); }
  [[nodiscard]] std::uint64_t mismatches() const noexcept { return mismatches_.load(); }

 private:
  using Entries = std::vector<PendingKeys::Entry>;
  // What is done about the keys of a batch: one of the functions of rows/resync.hpp.
  using Way = std::function<ResyncResult(Keys keys, ResyncMode mode)>;
  struct Worker {
    Connection& connection;
    const RowSql& sql;
  };
  void run(const Worker& worker, const Way& way, Entries entries, ResyncMode mode, Result& result);
  void halve(const Worker& worker, const Way& way, Entries entries, ResyncMode mode, Result& result);
  void after_conflict(const Worker& worker, Entries entry, ResyncMode mode, const SqlError& error, Result& result);
  void after_mismatch(Entries entries, Result& result);
  void finish(const Entries& entries, Result& result);

  Inbox& inbox_;
  MigrationObserver& observer_;
  std::mutex mutex_;                                                        // guards:
  std::map<KeyLiterals, std::chrono::steady_clock::time_point> conflicts_;  // since when
  std::atomic<std::uint64_t> applied_{0};
  std::atomic<std::uint64_t> mismatches_{0};
};

// Whether a duplicate of that kind that has been in the way for so long will stay there.
[[nodiscard]] bool is_to_stay(Duplicate::Kind kind, std::chrono::steady_clock::duration in_the_way);

// The end of a migration whose row of that key, as it is described, can't be written.
[[nodiscard]] Problem refused_row(const std::string& key, const SqlError& error);
[[nodiscard]] Problem duplicate_key(const Duplicate& duplicate, const KeyLiterals& key, const SqlError& error);

}  // namespace sluice::migrator
