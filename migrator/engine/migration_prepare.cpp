// How a migration begins, and how it is taken up again.
#include <algorithm>
#include <set>
#include <utility>

#include "migrator/engine/details.hpp"
#include "migrator/engine/follow.hpp"
#include "migrator/engine/leads_to.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/engine/watch.hpp"
#include "migrator/table/alter_text.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {
void Migration::arm() {
  const bool connected = connect();
  const auto targets_with = [&](Relatives relatives) {
    std::vector<gate::Target> targets;
    for (const SwapGroup::Member& member : group_->members()) {
      const gate::TableName name{member.source.database, member.source.table};
      std::vector<gate::Target> found{{.name = name, .kind = gate::Target::Kind::table}};
      if (connected) {
        auto known = names_that_lead_to(*connection_, member.source, relatives);
        if (known.has_value()) found = std::move(*known);
      }
      targets.insert(targets.end(), found.begin(), found.end());
    }
    return targets;
  };
  after_swap_ = targets_with(Relatives::left_out);
  std::vector<gate::Target> targets = targets_with(Relatives::included);
  parts_.gate.arm(group_->gate_of(), std::move(targets), group_->members().front().id);
}

bool Migration::find_tables() {
  if (plan_) return true;
  const TableRef old = old_table(source());
  auto named_source = read_table(*connection_, source());
  auto named_shadow = read_table(*connection_, shadow_table(source()));
  auto named_old = read_table(*connection_, old);
  for (const auto* result : {&named_source, &named_shadow, &named_old}) {
    if (result->has_value()) continue;
    connection_lost(result->error());
    return false;
  }
  // After the swap the same two tables bear other names.
  const bool swapped = !*named_shadow && *named_old;
  if (swapped) {
    // A RENAME that was left at the server may have run between the three looks: now it has.
    named_source = read_table(*connection_, source());
    named_old = read_table(*connection_, old);
    for (const auto* result : {&named_source, &named_old}) {
      if (result->has_value()) continue;
      connection_lost(result->error());
      return false;
    }
  }
  source_definition_ = swapped ? *named_old : *named_source;
  shadow_definition_ = swapped ? *named_source : *named_shadow;
  if (!source_definition_ || !shadow_definition_) {
    fail({"tables_missing",
          "the source or the shadow table is gone: " + source().table + ", " + shadow_table(source()).table});
    return false;
  }
  auto plan = this->plan();
  if (plan.has_error()) {
    // It was possible once.
    fail({"table_changed", "the table's definition was changed while nobody followed it (" +
                               plan.error().front().message + "); start again"});
    return false;
  }
  plan_ = with_tables(std::move(*plan), source(), shadow_table(source()));
  connection_.reset();  // the plan says which time zone
  return connect();
}

bool Migration::is_same_server() {
  const auto answer = connection_->query(server_identity_statement(connection_->flavor()));
  if (answer.has_error()) return connection_lost(answer.error()), false;
  const std::string server = answer->rows.empty() ? "" : answer->rows[0].at(0).value_or("");
  if (checkpoint_.server.empty()) checkpoint_.server = server;
  if (checkpoint_.server == server) return true;
  fail({"other_server", "the primary is another server than before (" + server + ", not " + checkpoint_.server +
                            "): what was changed since can't be found in its binlog; start again"});
  return false;
}

void Migration::follow_from(const Position& position) {
  inbox_ = std::make_unique<Inbox>(
      position, source(), [&gate = parts_.gate](gate::ConnectionId id) { return gate.knows(id); }, parts_.observer);
  inbox_->expect_rename(group_->tag());
  inbox_->watch_shadow(shadow_table(source()));
  applier_ = std::make_unique<Applier>(*inbox_, parts_.observer);
  audit_marks_.note(position, gate::Clock::now());
  WatchedTable shadow = watch(shadow_table(source()), *shadow_definition_, plan_->key, Side::shadow);
  shadow.writers = Writers::others;
  WatchList watched{watch(source(), *source_definition_, plan_->key, Side::source), shadow};
  if (reverts_) {
    inbox_->watch_shadow_before(old_table(source()), checkpoint_.revert->taken);
    shadow.table = old_table(source()).table;
    watched.push_back(std::move(shadow));
  }
  stream_ = std::make_unique<ChangeStream>(stream_login(parts_.primary), stream_options(id_), position,
                                           std::move(watched), *inbox_);
  // The RENAME may be in the binlog already, or come at any time: what follows it is about the new table.
  stream_->switch_on_ddl(ChangeStream::Switch{
      .tag = group_->tag(), .next = {watch(source(), *shadow_definition_, plan_->key, Side::shadow)}});
}

void Migration::prepare() {
  if (reverts_ && !take_old_table()) return;
  if (!find_tables() || !is_same_server()) return;
  arm();
  if (!connection_) return;
  if (instant_possible_ || is_instant()) return prepare_instant();
  const bool again = !checkpoint_.applied.file.empty();
  if (!again && !put_indexes_off()) return;
  if (!again) {
    auto head = binlog_head(*connection_);
    if (head.has_error()) return connection_lost(head.error());
    checkpoint_.applied = *head;
  }
  follow_from(checkpoint_.applied);
  // Its commit comes after those of all transactions that are in the binlog before it: they are visible then, so that
  // no row is both before the stream's start and hidden from the copy.
  if (auto beaten = store_.beat(id_); beaten.has_error()) {
    stream_.reset();
    inbox_.reset();
    if (!again) checkpoint_.applied = {};
    return connection_lost(beaten.error());
  }
  if (!again) await_prepared_transactions();
  if (connection_) look_at_spread();
  {
    const std::scoped_lock lock(mutex_);
    fsm_.prepared();
  }
  // Of a revert it is known from the start from where the stream goes on.
  const auto has_started = [this] {
    return std::ranges::any_of(journal(0), [](const JournalEntry& entry) { return entry.event == "started"; });
  };
  Details details;
  details.add("position", to_string(checkpoint_.applied)).add("key", plan_->key.source_index);
  if (reverts_) details.add("reverts", *reverts_);
  note(again && has_started() ? "resumed" : "started", details.text());
  (void)save();
}

void Migration::await_prepared_transactions() {
  // Prepared before the stream began, their rows stand in the binlog before it, and nothing sees them before their
  // XA COMMIT, which names no rows.
  const auto prepared = [&](std::set<std::string> known) {
    auto rows = connection_->query("XA RECOVER");
    if (rows.has_error() && rows.error().outcome == Outcome::unknown) {
      connection_.reset();
      while (!stopping() && !connect()) continue;
      return known;
    }
    std::set<std::string> ids;  // stays empty for a user who may not look
    if (rows.has_value()) {
      for (const Row& row : rows->rows) ids.insert(row.at(3).value_or(""));
    }
    return ids;
  };
  const std::set<std::string> before = prepared({});
  for (std::set<std::string> left = before; !left.empty() && !stopping();) {
    {
      const std::scoped_lock lock(mutex_);
      if (fsm_.end_asked()) return;
    }
    brakes_.throttled_by =
        "XA transactions that were prepared before the start, by whatever table: " + std::to_string(left.size());
    publish({});
    rest(kReconnectAfter);
    const std::set<std::string> now = prepared(left);
    std::erase_if(left, [&](const std::string& id) { return !now.contains(id); });
  }
  brakes_.throttled_by.clear();
}

void Migration::recover_cut_over() {
  note("cut_over.recovering", "{}");
  if (is_instant()) return recover_instant();
  const auto keep_shut = [this] {
    // Nobody may get at the table before its names were looked at.
    (void)parts_.gate.extend(group_->gate_of(), gate::Clock::now() + kHeldAfterCrash);
  };
  while (!stopping() && !ended() && (!connect() || !find_tables() || !is_same_server())) keep_shut();
  if (stopping() || ended()) return group_->stay_away();
  // All before either of the two is in the shadow.
  const Position from = std::max(checkpoint_.applied, checkpoint_.caught_up.value_or(checkpoint_.applied));
  follow_from(from);
  while (!stopping()) {
    const auto swapped = group_->meet(
        party(), [this](const auto& parties) { return drive(parties, &CutOver::recover); },
        gate::Clock::now() + kOthersComeWithin);
    if (swapped) return after_cut_over(*swapped);
    keep_shut();
  }
}

}  // namespace sluice::migrator
