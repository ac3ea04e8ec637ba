// What follows the RENAME: finding out whether it happened, and bringing the stragglers over.
#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/hand_over.hpp"
#include "migrator/rows/key_names.hpp"
#include "migrator/rows/resync.hpp"
#include "migrator/table/read_table.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

using Clock = gate::Clock;

CutOver::Outcome CutOver::look_at_names() {
  // As long as some connection may still be renaming, what the names are now says nothing.
  if (!side_ || side_->query("SELECT 1").has_error()) {
    auto made = Connection::connect(parts_.primary);
    if (made.has_error()) {
      std::this_thread::sleep_for(kAskAgain);
      return Outcome::unknown;
    }
    side_ = std::make_unique<Connection>(std::move(*made));
  }
  auto running =
      side_->query("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND (info LIKE '%" +
                   parts_.tag + "%' OR id = " + (main_ ? std::to_string(main_->connection_id()) : "0") + ")");
  main_.reset();
  if (running.has_error() || !running->rows.empty()) {
    if (running.has_value()) {
      for (const Row& row : running->rows) (void)side_->execute("KILL " + row.at(0).value_or("0"));
    }
    std::this_thread::sleep_for(kAskAgain);
    return Outcome::unknown;
  }
  const Outcome first = look_at_names_of(parts_.tables.front());
  for (const Table& table : parts_.tables) {
    const Outcome outcome = look_at_names_of(table);
    if (outcome == Outcome::unknown) return outcome;
    if (outcome == Outcome::strange || outcome != first) {
      note("names", "the tables' names are neither those before nor those after the swap");
      return Outcome::strange;
    }
  }
  return first;
}

CutOver::Outcome CutOver::look_at_definition_of(const Table& table) {
  const auto now = definition_but_for_counters(*side_, table.plan.source);
  if (now.has_error()) return now.error().code == server_error::no_such_table ? Outcome::strange : Outcome::unknown;
  return *now == parts_.instant->before ? Outcome::original : Outcome::swapped;
}

CutOver::Outcome CutOver::look_at_names_of(const Table& table) {
  if (parts_.instant) return look_at_definition_of(table);
  const auto source = table_exists(*side_, table.plan.source);
  const auto shadow = table_exists(*side_, table.plan.shadow);
  const auto old = table_exists(*side_, table.old_table);
  if (source.has_error() || shadow.has_error() || old.has_error()) return Outcome::unknown;
  if (*source && !*shadow && *old) return Outcome::swapped;
  if (*source && *shadow && !*old) return Outcome::original;
  return Outcome::strange;
}

void CutOver::keep_shut() {
  (void)parts_.gate.extend(parts_.gate_of, Clock::now() + kRenameMax + kAftermathMax);
}

SqlResult<void> CutOver::hand_over_all(Connection& connection) {
  for (const Table& table : parts_.tables) {
    const HandOver what{.old_table = table.old_table,
                        .new_table = table.plan.source,
                        .attachments = table.attachments,
                        .tag = parts_.hand_over_tag};
    if (auto done = migrator::hand_over(connection, what); done.has_error()) return done;
  }
  return {};
}

CutOver::Outcome CutOver::hand_over() {
  if (parts_.instant) return Outcome::ok;  // the table has kept what it had
  const auto has_none = [](const Table& table) {
    return table.attachments.parents.empty() && table.attachments.triggers.empty();
  };
  if (std::ranges::all_of(parts_.tables, has_none)) return Outcome::ok;
  if (!hands_over_since_) hands_over_since_ = Clock::now();
  SqlResult<void> done;
  if (fenced_) {
    done = hand_over_all(*main_);
    // The next attempt comes without the fence, from a connection that holds no locks.
    fenced_ = done.has_value() || done.error().outcome == migrator::Outcome::refused;
  } else {
    SessionSettings settings = settings_for(parts_.tables.front().plan);
    settings.lock_wait_timeout = kLockWaitMax;
    auto connection = Connection::connect(parts_.primary, settings);
    done = connection.has_value() ? hand_over_all(*connection) : SqlResult<void>(connection.error());
  }
  if (done.has_value()) return Outcome::ok;
  note("hand_over", done.error());
  if (fenced_) return Outcome::unknown;
  if (done.error().outcome == migrator::Outcome::refused && Clock::now() > *hands_over_since_ + kAftermathMax) {
    // Clients are not held for that any longer; what is missing stands in the journal, and the old table is kept.
    ++status_.conflicts;
    return Outcome::ok;
  }
  std::this_thread::sleep_for(kAskAgain);
  return Outcome::unknown;
}

CutOver::Outcome CutOver::mark_swapped() {
  if (parts_.instant) return Outcome::ok;  // the server itself tells those with older snapshots
  swapped_ = true;
  parts_.gate.swapped(parts_.gate_of);
  if (parts_.gate.status(parts_.gate_of).stale > 0) let_statement_snapshots_pass();
  return Outcome::ok;
}

void CutOver::let_statement_snapshots_pass() {
  if (!side_ || !has_transaction_instruments(side_->flavor())) return;
  // Asked after swapped(): whatever transaction one of them is in now began before the swap, and sees what is committed
  // when its next statement begins, or it began after it.
  auto rows = side_->query(
      "SELECT t.processlist_id FROM performance_schema.events_transactions_current AS e"
      " JOIN performance_schema.threads AS t ON t.thread_id = e.thread_id"
      " WHERE e.state = 'ACTIVE' AND e.isolation_level IN ('READ COMMITTED', 'READ UNCOMMITTED')"
      " AND t.processlist_id IS NOT NULL");
  if (rows.has_error()) return;  // not allowed to look: they are told to start again, which is never wrong
  std::vector<gate::ConnectionId> connections;
  for (const Row& row : rows->rows) {
    connections.push_back(gate::ConnectionId{std::strtoull(row.at(0).value_or("0").c_str(), nullptr, 10)});
  }
  parts_.gate.hold_no_snapshot(parts_.gate_of, std::move(connections));
}

CutOver::Outcome CutOver::unfence() {
  pins_.clear();
  // Where even this fails, the lock goes with the connection.
  if (main_->execute("UNLOCK TABLES").has_error()) main_.reset();
  fenced_ = false;
  return Outcome::ok;
}

void CutOver::leave_behind(const TableRef& table, const KeyLiterals& key, const std::string& why) {
  ++status_.conflicts;
  Details details;
  details.add("table", table.table);
  if (!key.empty()) details.add("key", describe(key));
  parts_.journal("cut_over.conflict", details.add("why", why).text());
}

CutOver::Batch CutOver::reconcile_batch(Connection& connection, const RowSql& sql, Inbox& inbox, const TableRef& table,
                                        const std::vector<PendingKeys::Entry>& entries) {
  // The new table's rows, and the gaps where there are none, are locked first; then the binlog is read to its end: who
  // has changed one of them since the swap is known, and nobody can any more until the commit.
  std::vector<KeyLiterals> keys;
  for (const PendingKeys::Entry& entry : entries) keys.push_back(entry.key);
  const auto back = [&](Batch result) {
    (void)connection.execute("ROLLBACK");
    return result;
  };
  const auto locked = connection.query(sql.key_list(Side::shadow, sql.where_keys(Side::shadow, keys)) + " FOR UPDATE");
  if (locked.has_error()) return back(Batch::ask_again);
  auto end = binlog_head(connection);
  if (end.has_error()) return back(Batch::ask_again);
  if (!inbox.wait_until_reached(*end, Clock::now() + kAftermathMax)) {
    return back(inbox.progress().trouble ? Batch::hopeless : Batch::ask_again);
  }
  const auto named = named_by_shadow(connection, sql, keys);
  const auto there = named_by_shadow(connection, sql, keys_of(*locked));
  if (!named || !there) return back(Batch::ask_again);
  // 'A' was written since, and 'a' is to be brought over: who is equal to whom is not for us to say.
  const bool equal_only = std::ranges::any_of(*there, [&](const KeyLiterals& row) {
    return inbox.changed_since_rename(row) && std::ranges::find(*named, row) == named->end();
  });
  if (equal_only) return back(Batch::hopeless);
  std::vector<KeyLiterals> free;
  std::vector<KeyLiterals> written_since;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    (inbox.changed_since_rename((*named)[i]) ? written_since : free).push_back(keys[i]);
  }
  if (!free.empty()) {
    switch (resync(connection, sql, free, ResyncMode::tables_locked, RowCheck::compared).status) {
      case ResyncStatus::done:
        break;
      case ResyncStatus::busy:
      case ResyncStatus::lost:
        return back(Batch::ask_again);
      case ResyncStatus::conflict:
      case ResyncStatus::mismatch:
      case ResyncStatus::failed:
        return back(Batch::hopeless);
    }
  } else {
    (void)connection.execute("ROLLBACK");
  }
  for (const KeyLiterals& key : written_since) leave_behind(table, key, "written in the new table since");
  status_.stragglers += free.size();
  return Batch::done;
}

CutOver::Outcome CutOver::reconcile() {
  if (parts_.instant) return Outcome::ok;  // there is one table only
  for (; reconciled_ < parts_.tables.size(); ++reconciled_) {
    if (const Outcome outcome = reconcile(parts_.tables[reconciled_]); outcome != Outcome::ok) return outcome;
  }
  return Outcome::ok;
}

CutOver::Outcome CutOver::reconcile(Table& table) {
  if (!table.inbox.wait_for_rename(Clock::now() + kAftermathMax)) {
    if (!table.inbox.has_ended()) {
      note("reconcile", "the RENAME has not come by in the binlog yet");
      return Outcome::unknown;
    }
    // Nobody will ever tell what came before it. Clients are not held for that; the old table is kept.
    leave_behind(table.plan.source, {}, table.inbox.progress().trouble->message);
    return Outcome::ok;
  }
  if (const auto problem = table.inbox.trouble_before_rename(); problem && reported_ <= reconciled_) {
    reported_ = reconciled_ + 1;
    // Where no fence keeps others out. What was done to the table is in the old one, which is kept.
    leave_behind(table.plan.source, {}, problem->message);
  }
  if (table.inbox.progress().pending == 0) return Outcome::ok;
  SessionSettings settings = settings_for(table.plan);
  settings.autocommit = Autocommit::off;
  settings.isolation = Isolation::repeatable_read;  // locks gaps too
  auto connection = Connection::connect(parts_.primary, settings);
  if (connection.has_error()) {
    std::this_thread::sleep_for(kAskAgain);
    return Outcome::unknown;
  }
  const RowSql sql(with_tables(table.plan, table.old_table, table.plan.source), connection->flavor());
  std::size_t batch = max_keys_per_batch;
  while (true) {
    std::vector<PendingKeys::Entry> entries = table.inbox.take(batch);
    if (entries.empty()) return Outcome::ok;
    switch (reconcile_batch(*connection, sql, table.inbox, table.plan.source, entries)) {
      case Batch::done:
        table.inbox.done(entries);
        break;
      case Batch::ask_again:
        table.inbox.again(std::move(entries));
        std::this_thread::sleep_for(kAskAgain);
        return Outcome::unknown;
      case Batch::hopeless:
        // One by one, so that only the row which the new table can't hold stays behind.
        if (entries.size() > 1) {
          table.inbox.again(std::move(entries));
          batch = 1;
          break;
        }
        leave_behind(table.plan.source, entries[0].key, "the new table does not take it");
        table.inbox.done(entries);
        break;
    }
  }
}

}  // namespace sluice::migrator
