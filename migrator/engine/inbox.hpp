// Where the change stream's thread hands over to the engine's: pending keys, how far the stream has come, and what it
// met on the way that the migration can't live with. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/engine/observer.hpp"
#include "migrator/engine/pending_keys.hpp"
#include "migrator/sql/quoting.hpp"
#include "migrator/stream/change_consumer.hpp"
#include "proxy/gate/types.hpp"

namespace sluice::migrator {

class Inbox final : public ChangeConsumer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kPendingBytesMax = 64U << 20U;  // then the stream waits
  static constexpr std::size_t kBypassWritersMax = 100;        // shown; the transactions of all are counted
  // Between the hold's head and the RENAME nobody takes keys, and the stream must come as far as it all the same: more
  // than this is trouble.
  static constexpr std::size_t kStragglersBytesMax = 2 * kPendingBytesMax;
  // Keys written in the new table before the gate opens; of more than that nobody can tell any more which they were.
  static constexpr std::size_t kChangedSinceBytesMax = 32U << 20U;

  using Knows = std::function<bool(gate::ConnectionId)>;  // does the connection come through the gate?

  Inbox(Position from, TableRef source, Knows knows, MigrationObserver& observer);

  // ---- the engine's thread
  [[nodiscard]] std::vector<PendingKeys::Entry> take(std::size_t count);
  void done(const std::vector<PendingKeys::Entry>& entries);
  void again(std::vector<PendingKeys::Entry> entries);
  // How many of them were not pending already.
  std::size_t add_found(std::vector<KeyLiterals> keys);

  struct Progress {
    Position reached;             // everything before it has been read
    Position applied;             // everything before it is in the shadow, or will be copied; never behind trouble
    std::size_t pending = 0;      // keys
    std::size_t waiting = 0;      // of these nobody works on
    bool urgent = false;          // the set is more than half full
    bool has_found_keys = false;  // see PendingKeys
    std::uint64_t changed_in_shadow = 0;  // keys, by others than the engine
    std::optional<Problem> trouble;
    std::string link_error;           // empty: connected, as far as is known
    std::optional<Position> renamed;  // where the RENAME that was expected has come by: behind its event
  };
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] std::vector<BypassWriter> bypass_writers() const;

  // Blocks until the stream has read up to `position`; false at the deadline or when there is trouble.
  [[nodiscard]] bool wait_until_reached(const Position& position, TimePoint deadline);

  // ---- the swap: a DDL event that bears `tag` is the RENAME. Keys of the source before it are pending as ever; those
  // of the new table after it are only remembered.
  void expect_rename(std::string tag);
  // The second table of the stream's first list: rows that others change in it are pending, so that they are written
  // again. A definition of it that does not bear kOwnDefinition is trouble too, up to the RENAME.
  void watch_shadow(TableRef shadow);
  // The third, of a revert: the shadow under the name that it had before. Up to `taken` nobody cares for the other
  // name.
  void watch_shadow_before(TableRef name, Position taken) {
    shadow_before_ = std::move(name);
    shadow_taken_ = std::move(taken);
  }
  // DDL that has one of these in its text is the engine's own, and no trouble.
  void expect_definitions(std::vector<std::string> parts);
  // False too where the stream has ended, which is trouble: nobody will tell any more.
  [[nodiscard]] bool wait_for_rename(TimePoint deadline);
  [[nodiscard]] bool has_ended() const;
  // What was in the way already when the RENAME came by: the table that was swapped away is not the one that was
  // copied.
  [[nodiscard]] std::optional<Problem> trouble_before_rename() const;
  // True of all keys once there were too many of them.
  [[nodiscard]] bool changed_since_rename(const KeyLiterals& key) const;

  // ---- ChangeConsumer, on the stream's thread
  void on_rows(RowsChanged change, std::stop_token stop) override;
  void on_unfollowable(Unfollowable statement, std::stop_token stop) override;
  void on_shape_changed(ShapeChanged change, std::stop_token stop) override;
  void on_definition(Definition definition, std::stop_token stop) override;
  void on_advanced(Advanced advanced, std::stop_token stop) override;
  void on_link_lost(const StreamError& error, std::stop_token stop) override;
  void on_ended(const StreamError& error) override;

 private:
  void add_pending(RowsChanged change);
  void add_changed_since(std::vector<RowKey> keys);
  void note_writer(const Place& place);
  // `at`: where the stream must begin again to meet it once more.
  void trouble(std::string code, std::string message, const Position& at);

  TableRef source_;
  Knows knows_;
  MigrationObserver& observer_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  PendingKeys pending_;
  Position reached_;
  std::optional<Problem> trouble_;
  Position trouble_at_;
  std::optional<Problem> trouble_before_rename_;
  bool ended_ = false;  // the stream
  std::string link_error_;
  std::map<std::uint64_t, BypassWriter> bypass_;
  Position last_bypass_transaction_;
  std::string rename_tag_;
  std::optional<TableRef> shadow_;  // both are set before the stream begins
  std::optional<TableRef> shadow_before_;
  Position shadow_taken_;
  std::vector<std::string> expected_;
  std::optional<Position> renamed_;
  std::uint64_t changed_in_shadow_ = 0;
  bool waits_for_rename_ = false;
  std::set<KeyLiterals> changed_since_;
  std::size_t changed_since_bytes_ = 0;
};

}  // namespace sluice::migrator
