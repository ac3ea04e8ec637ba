#include "migrator/engine/audit.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "migrator/engine/applier.hpp"
#include "migrator/engine/cut_over.hpp"
#include "migrator/rows/compare.hpp"
#include "migrator/rows/key_names.hpp"

namespace sluice::migrator {
namespace {

using Clock = std::chrono::steady_clock;
using Verdict = Audit::Report::Verdict;

// The writers past the proxy were told of when the migration's own stream met them.
bool knows_everybody(gate::ConnectionId /*connection*/) {
  return true;
}

}  // namespace

Audit::Audit(Parts parts) : parts_(std::move(parts)), deadline_(Clock::now() + kAuditMax) {}

Audit::Report Audit::impossible(std::string why) const {
  return {.verdict = Verdict::impossible, .why = std::move(why), .keys = report_.keys};
}

Audit::Report Audit::run() {
  if (auto stop = find_suspects()) return *stop;
  if (auto stop = clear_the_changed()) return *stop;
  if (auto stop = judge()) return *stop;
  const bool lost = report_.missing + report_.different + report_.returned > 0;
  report_.verdict = lost ? Verdict::failed : Verdict::passed;
  return report_;
}

Audit::Stop Audit::connect() {
  while (!connection_) {
    if (parts_.shutting_down()) return Report{};
    auto made = Connection::connect(parts_.primary, settings_for(parts_.plan));
    if (made.has_value()) {
      connection_ = std::move(*made);
      sql_.emplace(parts_.plan, connection_->flavor());
    } else if (Clock::now() >= deadline_) {
      return impossible(describe_without_values(made.error()));
    } else {
      parts_.rest(kReconnectAfter);
    }
  }
  return std::nullopt;
}

Audit::Stop Audit::repeat(const std::function<SqlResult<void>()>& statements) {
  while (true) {
    if (auto stop = connect()) return stop;
    const auto done = statements();
    if (done.has_value()) return std::nullopt;
    if (done.error().outcome == Outcome::refused || Clock::now() >= deadline_)
      return impossible(describe_without_values(done.error()));
    connection_.reset();
  }
}

Audit::Stop Audit::follow(Inbox& inbox, const Handle& handle) {
  Position end;
  const auto read_end = [&]() -> SqlResult<void> {
    auto head = binlog_head(*connection_);
    if (head.has_error()) return head.error();
    end = std::move(*head);
    return {};
  };
  if (auto stop = repeat(read_end)) return stop;
  while (true) {
    if (parts_.shutting_down()) return Report{};
    if (Clock::now() >= deadline_) {
      return impossible("the binlog could not be read to its end within " + std::to_string(kAuditMax.count()) +
                        " minutes");
    }
    // Asked before the keys are taken: who has come to the end names no more of them.
    const Inbox::Progress progress = inbox.progress();
    const std::vector<PendingKeys::Entry> entries = inbox.take(max_keys_per_batch);
    if (entries.empty()) {
      if (progress.renamed || progress.reached >= end) return std::nullopt;
      if (progress.trouble) return impossible(progress.trouble->message);
      (void)inbox.wait_until_reached(end, Clock::now() + kLookAgain);
      continue;
    }
    Batch keys;
    for (const PendingKeys::Entry& entry : entries) keys.push_back(entry.key);
    if (auto stop = repeat([&] { return handle(keys); })) return stop;
    inbox.done(entries);
  }
}

Audit::Stop Audit::find_suspects() {
  Inbox inbox(parts_.from, {parts_.before.database, parts_.before.table}, knows_everybody, parts_.observer);
  inbox.expect_rename(parts_.rename_tag);
  ChangeStream stream(parts_.login, parts_.stream, parts_.from, {parts_.before}, inbox);
  stream.switch_on_ddl(ChangeStream::Switch{.tag = parts_.rename_tag, .next = {}});
  auto stop = follow(inbox, [&](const Batch& named) -> SqlResult<void> {
    if (suspects_.size() >= kSuspectsMax) return {};
    Batch keys;
    for (const KeyLiterals& key : named) {
      if (!parts_.known.contains(describe(key))) keys.push_back(key);
    }
    if (keys.empty()) return {};
    auto compared = compare_keys(*connection_, *sql_, keys, SourceLock::none);
    if (compared.has_error()) return compared.error();
    suspects_.insert(compared->unequal.begin(), compared->unequal.end());
    report_.keys += keys.size();
    return {};
  });
  if (stop) return stop;
  if (suspects_.size() >= kSuspectsMax) return impossible("too many rows have been changed since the swap");
  const auto renamed = inbox.progress().renamed;
  if (!renamed) return impossible("the RENAME is not in the binlog");
  renamed_at_ = *renamed;
  return std::nullopt;
}

SqlResult<std::set<KeyLiterals>> Audit::keys_in(Side side, const Batch& keys) {
  auto answer = connection_->query(sql_->key_list(side, sql_->where_keys(side, keys)));
  if (answer.has_error()) return answer.error();
  const Batch found = keys_of(*answer);
  return std::set<KeyLiterals>(found.begin(), found.end());
}

Audit::Stop Audit::clear_the_changed() {
  if (suspects_.empty()) return std::nullopt;
  const Batch suspects(suspects_.begin(), suspects_.end());
  std::map<KeyLiterals, KeyLiterals> by_name;
  const auto name_them = [&]() -> SqlResult<void> {
    auto names = named_by_shadow(*connection_, *sql_, suspects);
    if (names.has_error()) return names.error();
    for (std::size_t i = 0; i < suspects.size(); ++i) by_name.emplace((*names)[i], suspects[i]);
    return {};
  };
  if (auto stop = repeat(name_them)) return stop;
  Inbox inbox(renamed_at_, {parts_.after.database, parts_.after.table}, knows_everybody, parts_.observer);
  inbox.expect_definitions(parts_.expected);
  ChangeStream stream(parts_.login, parts_.stream, renamed_at_, {parts_.after}, inbox);
  return follow(inbox, [&](const Batch& changed) -> SqlResult<void> {
    for (const KeyLiterals& key : changed) {
      if (const auto named = by_name.find(key); named != by_name.end()) suspects_.erase(named->second);
    }
    // Equal in another spelling is the server's to say: each suspect is a row of one side at least, or was one until it
    // changed.
    for (const Side side : {Side::source, Side::shadow}) {
      auto rows = keys_in(side, changed);
      if (rows.has_error()) return rows.error();
      for (const KeyLiterals& key : *rows) suspects_.erase(key);
    }
    return {};
  });
}

Audit::Stop Audit::judge() {
  const Batch all(suspects_.begin(), suspects_.end());
  for (std::size_t at = 0; at < all.size(); at += max_keys_per_batch) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
    const Batch batch(from, from + static_cast<std::ptrdiff_t>(std::min(max_keys_per_batch, all.size() - at)));
    std::set<KeyLiterals> old_rows;
    std::set<KeyLiterals> new_rows;
    const auto look = [&]() -> SqlResult<void> {
      auto before = keys_in(Side::source, batch);
      if (before.has_error()) return before.error();
      auto after = keys_in(Side::shadow, batch);
      if (after.has_error()) return after.error();
      old_rows = std::move(*before);
      new_rows = std::move(*after);
      return {};
    };
    if (auto stop = repeat(look)) return stop;
    for (const KeyLiterals& key : batch) {
      const bool in_old = old_rows.contains(key);
      const bool in_new = new_rows.contains(key);
      if (!in_old && !in_new) continue;  // deleted since
      ++(in_old && in_new ? report_.different : in_old ? report_.missing : report_.returned);
      if (report_.examples.size() < kExamplesMax) report_.examples.push_back(key);
    }
  }
  return std::nullopt;
}

}  // namespace sluice::migrator
