// What Sluice remembers in the primary, schema _sluice: each migration's specification, state and checkpoint, and the
// journal. Blocks; belongs to one thread at a time, with a connection of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/engine/checkpoint.hpp"
#include "migrator/sql/steady_connection.hpp"

namespace sluice::migrator {

struct StoredMigration {
  MigrationId id;
  Specification specification;
  std::string swap_group;  // the same for those whose tables swap together
  State state = State::preparing;
  bool paused = false;
  std::string started_at, ended_at;
  std::optional<Problem> error;
  Checkpoint checkpoint;
  std::string unreadable_options;  // why: another version has stored them; paused then, as nobody knows what was asked
};

// How many ended migrations are read back at the start.
inline constexpr unsigned kEndedMigrationsListedMax = 200;

class Store {
 public:
  explicit Store(ServerAddress address) : connection_(std::move(address)) {}

  // Creates the schema and its tables where they are missing.
  [[nodiscard]] SqlResult<void> prepare();
  [[nodiscard]] SqlResult<std::vector<StoredMigration>> load();

  struct Added {
    Specification specification;
    Checkpoint checkpoint;  // to begin with
  };
  // All or none; in the order of `tables`, whose swap group they become. Not empty.
  [[nodiscard]] SqlResult<std::vector<StoredMigration>> add(const std::vector<Added>& tables);
  [[nodiscard]] SqlResult<void> save(const MigrationId& id, State state, bool paused, const Checkpoint& checkpoint,
                                     const std::optional<Problem>& error);
  [[nodiscard]] SqlResult<void> save_options(const MigrationId& id, const Options& options);
  [[nodiscard]] SqlResult<void> append(const MigrationId& id, const JournalEntry& entry);
  [[nodiscard]] SqlResult<std::vector<JournalEntry>> journal(const MigrationId& id);
  // Whether no later migration has worked on the same table. Reverts that were given up left it as it was.
  [[nodiscard]] SqlResult<bool> is_latest(const MigrationId& id);
  // One small committed transaction in the binlog: the migration's next heartbeat. Its number, which grows.
  [[nodiscard]] SqlResult<std::uint64_t> beat(const MigrationId& id);

  [[nodiscard]] SqlResult<Affected> forget_beats(const MigrationId& id);

  // Gives the connection back. What is said later opens another.
  void disconnect() { connection_.disconnect(); }

 private:
  SteadyConnection connection_;  // everything said here may be said twice
};

// How many heartbeats of a migration a server has: what to ask it, and what its answer says. 0: none.
[[nodiscard]] std::string beats_query(const MigrationId& id);
[[nodiscard]] std::uint64_t beats_of(const Rows& rows);

}  // namespace sluice::migrator
