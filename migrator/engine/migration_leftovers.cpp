// What an ended migration leaves behind, taken away: the old table at the end of its retention, or all by a cleanup.
#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

constexpr std::string_view kShadowDropped = "shadow.dropped";

}  // namespace

std::optional<std::string> Migration::take_away(const TableRef& table) {
  Disposal disposal({.primary = parts_.primary, .config = parts_.backup, .kind = options().backup, .id = id_}, table);
  std::optional<Connection> connection;
  const auto held_back = [this](Connection& asked) { return held_back_by(asked); };
  while (!stopping()) {
    // It may wait for hours: by then the table of that name may be that of a later migration.
    const auto latest = store_.is_latest(id_);
    if (latest.has_value() && !*latest) return kNamesAreOfALater;
    if (!connection && latest.has_value()) {
      SessionSettings settings;
      settings.lock_wait_timeout = RollbackDriver::kTriesLocksFor;
      auto made = Connection::connect(parts_.primary, settings);
      if (made.has_value()) connection = std::move(*made);
    }
    if (!connection || latest.has_error()) {
      rest(kReconnectAfter);
      continue;
    }
    auto is = disposal.advance(*connection, held_back);
    if (disposal.backup() != nullptr) show(*disposal.backup());
    if (is.has_error()) {
      connection.reset();
      continue;
    }
    if (*is == Disposal::Is::waiting) {
      rest(kRollbackLooks);
      continue;
    }
    if (*is == Disposal::Is::working) continue;
    if (*is == Disposal::Is::failed) return disposal.why();
    if (disposal.drop().was_there())
      (void)RollbackStore(parts_.primary).add(MeasuredWork::drop, {disposal.drop().bytes(), disposal.drop().drop_ms()});
    return std::string();
  }
  return std::nullopt;
}

void Migration::show(const BackupStatus& backup) {
  const bool told = backup.state == BackupStatus::State::complete || backup.state == BackupStatus::State::failed;
  bool is_news = false;
  {
    const std::scoped_lock lock(mutex_);
    is_news = told && (!status_.backup || status_.backup->state == BackupStatus::State::running);
    status_.backup = backup;
  }
  if (!is_news) return;
  parts_.observer.backed_up(backup.state, backup.bytes);
  note(std::string("backup.") + to_string(backup.state), Details()
                                                             .add("table", backup.table)
                                                             .add("file", backup.file)
                                                             .add("rows", backup.rows)
                                                             .add("bytes", backup.bytes)
                                                             .add("problem", backup.problem)
                                                             .text());
}

void Migration::keep_old_table() {
  const Status now = status();
  const Options kept = options();
  // A straggler that was left alone is nowhere else.
  if (now.state != State::completed || !kept.ok_to_drop_table || now.cut_over.conflicts > 0) return;
  if (now.cut_over.audit != kAuditPassed) return;
  const std::vector<JournalEntry> told = journal(0);
  if (std::ranges::any_of(told, [](const JournalEntry& entry) { return entry.event == "old_table.dropped"; })) return;
  const auto ended_at = time_from(now.ended_at).value_or(std::chrono::system_clock::now());
  while (!stopping() && std::chrono::system_clock::now() < ended_at + kept.old_table_retention) rest(kReconnectAfter);
  std::string problem;
  while (!stopping()) {
    // A later migration of the table has an old table of the same name.
    auto latest = store_.is_latest(id_);
    if (latest.has_value() && !*latest) return;
    auto taken = latest.has_value() ? take_away(old_table(source())) : std::nullopt;
    if (taken && taken->empty()) return note("old_table.dropped", "{}");
    if (taken && *taken != std::exchange(problem, *taken))
      note("old_table.kept", Details().add("problem", problem).text());
    const auto again = gate::Clock::now() + (taken ? kTakenAwayAgainAfter : kReconnectAfter);
    while (!stopping() && gate::Clock::now() < again) rest(kReconnectAfter);
  }
}

bool Migration::takes_away() const {
  const std::scoped_lock lock(mutex_);
  return takes_away_;
}

std::optional<Problem> Migration::take_leftovers_away(Millis limit) {
  ask_to_end();  // of the retention, which is over by that
  if (thread_.joinable()) thread_.join();
  stopping_ = false;
  begin_taking_away();
  note("cleanup.begun", "{}");  // by which a restart knows that it is to go on
  thread_ = std::jthread([this] { clean_up_leftovers(); });
  (void)has_let_go(limit);
  const std::scoped_lock lock(mutex_);
  if (leftovers_kept_.empty()) return std::nullopt;
  return Problem{"not_dropped", leftovers_kept_};
}

void Migration::begin_taking_away() {
  const std::scoped_lock lock(mutex_);
  has_let_go_ = false;
  takes_away_ = true;
  leftovers_kept_.clear();
  status_.backup.reset();
}

bool Migration::shadow_is_to_go() const {
  const std::scoped_lock lock(mutex_);
  if (fsm_.state() != State::failed || !checkpoint_.drops_shadow_after_failure) return false;
  if (error_ && error_->code == kNamesStrange) return false;
  const auto has_gone = [](const JournalEntry& entry) {
    return entry.event == kShadowDropped || entry.event == "cleanup.completed";
  };
  if (std::ranges::any_of(journal_, has_gone)) return false;
  if (!rollback_report_) return true;
  switch (rollback_report_->phase) {
    case RollbackPhase::failed:
    case RollbackPhase::completed:
      return false;
    case RollbackPhase::overtaken:
      return rollback_report_->backup_kind == to_string(BackupKind::none);
    case RollbackPhase::deferred:
    case RollbackPhase::running:
    case RollbackPhase::went_on:
    case RollbackPhase::withdrawn:
      return true;
  }
  return true;
}

void Migration::drop_shadow_after_failure() {
  if (!shadow_is_to_go()) return;
  begin_taking_away();
  const auto problem = take_away(shadow_table(source()));
  if (problem && problem->empty()) note(kShadowDropped, "{}");
  if (problem && !problem->empty()) note("shadow.kept", Details().add("problem", *problem).text());
  const std::scoped_lock lock(mutex_);
  takes_away_ = false;
}

bool Migration::cleanup_is_unfinished() const {
  const std::scoped_lock lock(mutex_);
  const auto is_of_one = [](const JournalEntry& entry) { return entry.event.starts_with("cleanup."); };
  const auto last = std::ranges::find_if(journal_.rbegin(), journal_.rend(), is_of_one);
  return last != journal_.rend() && last->event == "cleanup.begun";
}

void Migration::clean_up_leftovers() {
  std::optional<std::string> problem = std::string();
  for (const TableRef& table : {shadow_table(source()), old_table(source())}) {
    if (problem && problem->empty()) problem = take_away(table);
  }
  if (problem) {
    note(problem->empty() ? "cleanup.completed" : "cleanup.failed",
         problem->empty() ? std::string("{}") : Details().add("problem", *problem).text());
  }
  {
    const std::scoped_lock lock(mutex_);
    takes_away_ = false;
    leftovers_kept_ = problem.value_or("");
  }
  latency_.reset();
  throttle_.stop();
  let_go();
  if (!problem || !problem->empty()) keep_old_table();  // what it was waiting for before
  store_.disconnect();
}

}  // namespace sluice::migrator
