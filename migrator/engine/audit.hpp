// The audit after a swap: an independent look at each key that was changed in the source during the last minutes before
// it. Its row must be in the new table as the old table has it (or be in neither), or have been changed in the new
// table since. Reads the binlog again, with a stream of its own; takes no locks and holds nobody up. Blocks; one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/engine/inbox.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/stream/stream.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

class Audit {
 public:
  // Longer, and it is given up: the primary writes faster than its binlog can be read.
  static constexpr std::chrono::minutes kAuditMax{30};
  // Keys that differ between the tables and may have been changed since the swap: more, and it is given up.
  static constexpr std::size_t kSuspectsMax = 500'000;
  static constexpr std::size_t kExamplesMax = 10;
  static constexpr Millis kLookAgain{100};
  static constexpr Millis kReconnectAfter{500};

  struct Parts {
    ServerAddress primary;
    StreamLogin login;
    StreamOptions stream;
    MigrationObserver& observer;  // outlives the audit
    Position from;                // where the last minutes before the swap begin; between two transactions
    std::string rename_tag;       // what the RENAME is known by
    // Of the source's name, before and after the RENAME.
    WatchedTable before, after;
    CopyPlan plan;                      // from the old table to the new one, by their present names
    std::set<std::string> known;        // keys, as describe() says them, that are known to be in the old table only
    std::vector<std::string> expected;  // see Inbox::expect_definitions(): what followed the RENAME
    std::function<void(Millis)> rest;   // sleeps, or is woken
    std::function<bool()> shutting_down;
  };

  struct Report {
    enum class Verdict : std::uint8_t {
      passed,
      failed,
      impossible,   // `why`: nobody can tell
      interrupted,  // shutting down: nothing was found out
    };
    Verdict verdict = Verdict::interrupted;
    std::string why;
    std::uint64_t keys = 0;             // looked at
    std::uint64_t missing = 0;          // in the old table, not in the new one
    std::uint64_t different = 0;        // in both, with other contents
    std::uint64_t returned = 0;         // deleted from the source, and in the new table all the same
    std::vector<KeyLiterals> examples;  // of all three, at most kExamplesMax
  };

  explicit Audit(Parts parts);

  [[nodiscard]] Report run();

 private:
  // Nothing: go on. Else it is over.
  using Stop = std::optional<Report>;
  using Batch = std::vector<KeyLiterals>;
  using Handle = std::function<SqlResult<void>(const Batch&)>;

  [[nodiscard]] Stop connect();
  [[nodiscard]] Stop find_suspects();
  [[nodiscard]] Stop clear_the_changed();
  [[nodiscard]] Stop judge();
  // Hands over the keys that come in, batch by batch, until the stream has come to the RENAME or to the binlog's end.
  [[nodiscard]] Stop follow(Inbox& inbox, const Handle& handle);
  // Again after a lost connection; any other error ends the audit.
  [[nodiscard]] Stop repeat(const std::function<SqlResult<void>()>& statements);
  [[nodiscard]] SqlResult<std::set<KeyLiterals>> keys_in(Side side, const Batch& keys);
  [[nodiscard]] Report impossible(std::string why) const;

  Parts parts_;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<Connection> connection_;
  std::optional<RowSql> sql_;
  Position renamed_at_;
  std::set<KeyLiterals> suspects_;  // as the server spells them
  Report report_;
};

}  // namespace sluice::migrator
