#include "migrator/engine/inbox.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/table/shadow.hpp"
#include "protocol/sql/scan.hpp"

namespace sluice::migrator {
namespace {

// Whether a statement changes the definition of the table, or empties it.
bool defines(const Definition& definition, const TableRef& table) {
  const protocol::TargetIndex index({{{.database = table.database, .name = table.table}}},
                                    protocol::RoutinesKnown::all);
  const protocol::ScanContext context{.database = definition.database, .charset = protocol::ClientCharset::utf8};
  const protocol::ScanResult result = protocol::scan(definition.text, context, index);
  for (const auto& touch : result.touches) {
    if (touch.access == protocol::TableAccess::definition) return true;
  }
  return false;
}

}  // namespace

Inbox::Inbox(Position from, TableRef source, Knows knows, MigrationObserver& observer)
    : source_(std::move(source)), knows_(std::move(knows)), observer_(observer), reached_(std::move(from)) {}

// ---- the engine's thread

std::vector<PendingKeys::Entry> Inbox::take(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  return pending_.take(count);
}

void Inbox::done(const std::vector<PendingKeys::Entry>& entries) {
  {
    const std::scoped_lock lock(mutex_);
    pending_.done(entries);
  }
  changed_.notify_all();  // the stream may go on
}

void Inbox::again(std::vector<PendingKeys::Entry> entries) {
  const std::scoped_lock lock(mutex_);
  pending_.again(std::move(entries));
}

std::size_t Inbox::add_found(std::vector<KeyLiterals> keys) {
  const std::scoped_lock lock(mutex_);
  const std::size_t before = pending_.size();
  for (KeyLiterals& key : keys) pending_.add(std::move(key), std::nullopt);
  return pending_.size() - before;
}

Inbox::Progress Inbox::progress() const {
  const std::scoped_lock lock(mutex_);
  const Position applied = pending_.oldest().value_or(reached_);
  return {.reached = reached_,
          .applied = trouble_ ? std::min(applied, trouble_at_) : applied,
          .pending = pending_.size(),
          .waiting = pending_.waiting(),
          .urgent = pending_.bytes() > kPendingBytesMax / 2,
          .has_found_keys = pending_.has_found_keys(),
          .changed_in_shadow = changed_in_shadow_,
          .trouble = trouble_,
          .link_error = link_error_,
          .renamed = renamed_};
}

std::vector<BypassWriter> Inbox::bypass_writers() const {
  const std::scoped_lock lock(mutex_);
  std::vector<BypassWriter> writers;
  for (const auto& [id, writer] : bypass_) writers.push_back(writer);
  return writers;
}

bool Inbox::wait_until_reached(const Position& position, TimePoint deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return trouble_ || reached_ >= position; });
  return !trouble_ && reached_ >= position;
}

void Inbox::expect_rename(std::string tag) {
  const std::scoped_lock lock(mutex_);
  rename_tag_ = std::move(tag);
}

void Inbox::watch_shadow(TableRef shadow) {
  const std::scoped_lock lock(mutex_);
  shadow_ = std::move(shadow);
}

void Inbox::expect_definitions(std::vector<std::string> parts) {
  const std::scoped_lock lock(mutex_);
  expected_ = std::move(parts);
}

bool Inbox::wait_for_rename(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  waits_for_rename_ = true;  // nobody takes keys before it has come by
  changed_.notify_all();
  changed_.wait_until(lock, deadline, [&] { return renamed_ || ended_; });
  return renamed_.has_value();
}

std::optional<Problem> Inbox::trouble_before_rename() const {
  const std::scoped_lock lock(mutex_);
  return trouble_before_rename_;
}

bool Inbox::has_ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

bool Inbox::changed_since_rename(const KeyLiterals& key) const {
  const std::scoped_lock lock(mutex_);
  // A set that was cut off can't say no.
  return changed_since_.contains(key) || changed_since_bytes_ > kChangedSinceBytesMax;
}

// ---- the stream's thread

void Inbox::note_writer(const Place& place) {
  if (place.connection_id == 0 || place.transaction_start == last_bypass_transaction_) return;
  if (knows_(gate::ConnectionId{place.connection_id})) return;
  last_bypass_transaction_ = place.transaction_start;
  observer_.bypass_transaction();
  const std::scoped_lock lock(mutex_);
  if (!bypass_.contains(place.connection_id) && bypass_.size() >= kBypassWritersMax) return;
  BypassWriter& writer = bypass_[place.connection_id];
  writer.connection_id = place.connection_id;
  ++writer.transactions;
  writer.last_seen_at = now_as_text();
}

void Inbox::add_changed_since(std::vector<RowKey> keys) {
  for (RowKey& key : keys) {
    if (changed_since_bytes_ > kChangedSinceBytesMax) return;
    const std::size_t bytes = bytes_of(key.literals);
    if (changed_since_.insert(std::move(key.literals)).second) changed_since_bytes_ += bytes;
  }
}

void Inbox::add_pending(RowsChanged change) {
  if (pending_.bytes() >= kStragglersBytesMax) {
    if (!trouble_) {
      trouble_ = Problem{"too_many_changes",
                         "more was written past the proxy, while the tables were swapped, than can be remembered"};
      trouble_at_ = change.place.transaction_start;
    }
    return;
  }
  for (RowKey& key : change.keys) pending_.add(std::move(key.literals), change.place.transaction_start);
}

void Inbox::on_rows(RowsChanged change, std::stop_token stop) {
  const bool is_of_source = change.table.list == 0 && change.table.table == 0;
  if (is_of_source) note_writer(change.place);
  {
    std::unique_lock lock(mutex_);
    if (renamed_) return add_changed_since(std::move(change.keys));
    changed_.wait(lock, stop, [&] { return waits_for_rename_ || pending_.bytes() < kPendingBytesMax; });
    if (!is_of_source) changed_in_shadow_ += change.keys.size();
    add_pending(std::move(change));
  }
  changed_.notify_all();
}

void Inbox::trouble(std::string code, std::string message, const Position& at) {
  {
    const std::scoped_lock lock(mutex_);
    if (!trouble_) {
      trouble_ = Problem{std::move(code), std::move(message)};
      trouble_at_ = at;
    }
  }
  changed_.notify_all();
}

void Inbox::on_unfollowable(Unfollowable statement, std::stop_token /*stop*/) {
  trouble(
      "statement_based_change",
      "the binlog holds a change of the table as a statement, whose rows nobody can tell; set binlog_format = ROW for "
      "every session, then start again (at " +
          to_string(statement.place.before) + ")",
      statement.place.transaction_start);
}

void Inbox::on_shape_changed(ShapeChanged change, std::stop_token /*stop*/) {
  if (change.table.list > 0) return;  // the new table's rows are only looked at for conflicts
  if (change.cause == ShapeChanged::Cause::image) {
    return trouble("row_image",
                   "a change of the table is in the binlog without the key that rows are followed by (" + change.why +
                       "); set binlog_row_image = FULL for every session, then start again (at " +
                       to_string(change.place.before) + ")",
                   change.place.transaction_start);
  }
  trouble("table_changed", "the table's columns were changed while the migration ran (" + change.why + "); start again",
          change.place.transaction_start);
}

void Inbox::on_definition(Definition definition, std::stop_token /*stop*/) {
  {
    const std::scoped_lock lock(mutex_);
    if (!rename_tag_.empty() && definition.text.find(rename_tag_) != std::string::npos) {
      renamed_ = definition.place.after;
      trouble_before_rename_ = trouble_;
      reached_ = definition.place.after;
    }
    if (renamed_) {
      changed_.notify_all();
      return;
    }
    const auto is_in_it = [&](const std::string& part) { return definition.text.find(part) != std::string::npos; };
    if (std::ranges::any_of(expected_, is_in_it)) return;
  }
  if (defines(definition, source_)) {
    trouble("table_changed",
            "somebody changed the table's definition, or emptied it, while the migration ran; start again (at " +
                to_string(definition.place.before) + ")",
            definition.place.transaction_start);
  }
  if (definition.text.find(kOwnDefinition) != std::string::npos) return;
  for (const auto& shadow : {definition.place.before < shadow_taken_ ? std::nullopt : shadow_, shadow_before_}) {
    if (!shadow || !defines(definition, *shadow)) continue;
    trouble("table_changed",
            "somebody changed the definition of the new table, " + shadow->table +
                ", or emptied it, while the migration ran; start again (at " + to_string(definition.place.before) + ")",
            definition.place.transaction_start);
  }
}

void Inbox::on_advanced(Advanced advanced, std::stop_token /*stop*/) {
  {
    const std::scoped_lock lock(mutex_);
    link_error_.clear();
    if (reached_ < advanced.after) reached_ = std::move(advanced.after);
  }
  changed_.notify_all();
}

void Inbox::on_link_lost(const StreamError& error, std::stop_token /*stop*/) {
  const std::scoped_lock lock(mutex_);
  link_error_ = error.text.empty() ? error.code.message() : error.text;
}

void Inbox::on_ended(const StreamError& error) {
  constexpr unsigned kFatalErrorReadingBinlog = 1236;
  const Position reached = progress().reached;
  if (error.server_code == kFatalErrorReadingBinlog && error.text.find("first log file") != std::string::npos) {
    trouble("binlog_purged",
            "the primary has purged its binlog from " + to_string(reached) +
                " on before it was read, so nobody knows what changed since; clean up, then start again, with binlogs "
                "that are kept for longer",
            reached);
  } else {
    trouble("stream_ended",
            "the binlog can't be followed any more: " + (error.text.empty() ? error.code.message() : error.text) +
                (error.server_code != 0 ? " (" + std::to_string(error.server_code) + ")" : ""),
            reached);
  }
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

}  // namespace sluice::migrator
