// A rollback of this migration: what it asks of the driver, and what the driver needs of it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

constexpr std::string_view kNowhere = "not_possible_now";

RollbackStatus short_form_of(const RollbackReport& report) {
  return {.phase = report.phase,
          .step = report.step,
          .strategy = report.strategy,
          .at = report.at,
          .window = report.window,
          .reason = report.reason,
          .waiting_for = report.waiting_for,
          .problem = report.problem,
          .seconds_estimated = report.estimate.seconds,
          .risk = report.estimate.risk,
          .risk_reasons = report.estimate.reasons};
}

bool is_at_work(const std::optional<RollbackReport>& report) {
  return report && report->phase == RollbackPhase::running;
}

// Flag files are made by touching them; what has contents, or is a link, is something else that a request named.
bool is_empty_file(const std::string& file) {
  struct stat found{};
  return !file.empty() && ::lstat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0;
}

}  // namespace

void Migration::know(RollbackReport report) {
  const std::scoped_lock lock(mutex_);
  status_.rollback = short_form_of(report);
  rollback_report_ = std::move(report);
}

std::optional<RollbackReport> Migration::rollback_report() const {
  const std::scoped_lock lock(mutex_);
  return rollback_report_;
}

bool Migration::names_flag_file(const std::string& file) const {
  const std::scoped_lock lock(mutex_);
  return !fsm_.ended() && (options_.panic_flag_file == file || options_.postpone_cut_over_flag_file == file ||
                           options_.throttle_flag_file == file);
}

std::optional<Problem> Migration::objection_to(const RollbackRequest& request) const {
  const std::scoped_lock lock(mutex_);
  const auto refuse = [](std::string_view code, std::string why) { return Problem{std::string(code), std::move(why)}; };
  if (reverts_ && fsm_.state() != State::completed) {
    return refuse(kNowhere, "it is a revert: its shadow table is the old table of " + *reverts_ +
                                ", which is not dropped; " + (fsm_.ended() ? "a cleanup" : "stopping the revert") +
                                " gives it its name back");
  }
  const bool rolled_back = rollback_report_ && rollback_report_->phase == RollbackPhase::completed;
  switch (fsm_.state()) {
    case State::completed:
    case State::reverting:
    case State::reverted:
      return refuse("already_swapped", std::string("the migration is ") + to_string(fsm_.state()) +
                                           ": its tables have been swapped, and there is nothing left to roll back; "
                                           "POST /migrate/" +
                                           id_ + "/revert undoes a swap and keeps what was written since");
    case State::stopped:
    case State::panicked:
    case State::failed:
      if (rolled_back) return refuse("already_rolled_back", "the migration has been rolled back already");
      if (fsm_.state() == State::stopped)
        return refuse("nothing_to_roll_back", "the migration was stopped, and its shadow table has been dropped");
      if (status_.error && status_.error->code == kNamesStrange)
        return refuse(kNowhere, "nobody knows which table is which; look at them by hand");
      break;
    case State::preparing:
    case State::copying:
    case State::ready:
    case State::cutting_over:
      break;
  }
  if (is_at_work(rollback_report_)) return refuse("rollback_running", "it is being rolled back already");
  if (asked_rollbacks_.size() >= kRollbacksAskedMax)
    return refuse(kNowhere, "it has been asked for so often that it can't keep up; ask again in a moment");
  if (!fsm_.ended() && fsm_.panic_asked())
    return refuse(kNowhere, "a panic has been asked for; roll back when that is done");
  if (request.strategy != RollbackStrategy::deferred) return std::nullopt;
  if (fsm_.ended())
    return refuse(kNowhere, std::string("the migration has ended (") + to_string(fsm_.state()) +
                                "), so there is nothing to wait for; roll back by immediate or graceful");
  if (fsm_.state() == State::cutting_over)
    return refuse(kNowhere, "it can't be paused within the cut-over, which takes milliseconds");
  return std::nullopt;
}

std::optional<Problem> Migration::roll_back(RollbackReport report) {
  const RollbackRequest request{.strategy = report.phase == RollbackPhase::deferred ? RollbackStrategy::deferred
                                                                                    : RollbackStrategy::graceful};
  if (auto problem = objection_to(request)) return problem;
  bool over = false;
  {
    const std::scoped_lock lock(mutex_);
    over = fsm_.ended();
    if (over && !has_let_go_) return Problem{std::string(kNowhere), "the migration is just ending; ask again"};
    if (over) has_let_go_ = false;
    // A graceful one lets the batch at hand come to its end.
    if (report.strategy == to_string(RollbackStrategy::immediate)) ++nudges_;
    if (report.phase == RollbackPhase::deferred) {
      if (!fsm_.paused()) (void)fsm_.act(Action::pause);
    } else {
      fsm_.roll_back();
      abandon_cut_over();
    }
    status_.rollback = short_form_of(report);
    rollback_report_ = report;
    asked_rollbacks_.push_back(std::move(report));
  }
  nudged_.notify_all();
  if (!over) return std::nullopt;
  if (thread_.joinable()) thread_.join();  // it has let go
  thread_ = std::jthread([this] { roll_back_ended(); });
  return std::nullopt;
}

bool Migration::take_up_rollback() {
  if (!rollback_report_) return false;
  const RollbackPhase phase = rollback_report_->phase;
  // How it ended may not have been written down of the migration itself, which must not go on then.
  const bool is_to_end = !fsm_.ended() && (phase == RollbackPhase::completed || phase == RollbackPhase::failed);
  if (is_over(phase) && !is_to_end) return false;
  rollback_ = std::make_unique<RollbackDriver>(rollback_parts(), *rollback_report_);
  if (fsm_.state() == State::completed) {
    // Its RENAME was let through by the very moment that it was asked for.
    settle_rollback();
    return false;
  }
  if (fsm_.ended()) {
    has_let_go_ = false;
    thread_ = std::jthread([this] { roll_back_ended(); });
    return true;
  }
  if (phase == RollbackPhase::running || is_to_end) fsm_.roll_back();
  // The crash may have come before that was written down.
  if (phase == RollbackPhase::deferred && !fsm_.paused()) (void)fsm_.act(Action::pause);
  return false;
}

void Migration::go_on_as_decided() {
  if (!fsm_.paused() || !rollback_report_ || rollback_report_->phase != RollbackPhase::went_on) return;
  const auto last = [this](std::string_view event) {
    const auto found = std::ranges::find(journal_.rbegin(), journal_.rend(), event, &JournalEntry::event);
    return found == journal_.rend() ? 0 : found->number;
  };
  // Else somebody has paused it since.
  if (last("rollback.went_on") > last("paused")) (void)fsm_.act(Action::resume);
}

void Migration::take_asked_rollbacks() {
  std::vector<RollbackReport> asked;
  {
    const std::scoped_lock lock(mutex_);
    asked = std::exchange(asked_rollbacks_, {});
  }
  for (RollbackReport& report : asked) {
    // Its row in the store is the new one's already.
    if (rollback_ && !is_over(rollback_->phase())) note("rollback.withdrawn", R"({"by":"another rollback"})");
    rollback_ = std::make_unique<RollbackDriver>(rollback_parts(), std::move(report));
    rollback_->announce();
  }
}

void Migration::look_at_rollback(const Options& options, TimePoint now) {
  take_asked_rollbacks();
  bool paused = false;
  bool ending = false;
  {
    const std::scoped_lock lock(mutex_);
    paused = fsm_.paused();
    ending = fsm_.end_asked() && !fsm_.rollback_asked();
  }
  if (!rollback_ || rollback_->phase() != RollbackPhase::deferred) return;
  auto said = group_->hear(rollback_->report().requested_at, id_, guards_say(options, now));
  rollback_->tell_guards(std::move(said.why));
  (void)rollback_->advance({.guards = said.guards, .resumed = !paused, .has_ended = ending},
                           std::chrono::system_clock::now());
  const std::scoped_lock lock(mutex_);
  const bool goes_on = rollback_->phase() == RollbackPhase::went_on || rollback_->phase() == RollbackPhase::withdrawn;
  if (goes_on && fsm_.paused()) (void)fsm_.act(Action::resume);
  if (rollback_->phase() == RollbackPhase::running) fsm_.roll_back();
}

JointDecision::Said Migration::guards_say(const Options& options, TimePoint now) const {
  Seconds longest{0};
  for (const Guard& guard : options.guards) longest = std::max(longest, guard.lasts);
  std::string unknown;
  for (const GuardStatus& guard : guards_.status()) {
    // What was deferred takes longer by that alone.
    if (guard.measure == to_string(GuardMeasure::duration_ratio)) continue;
    if (guard.firing) {
      return {RollbackFsm::Guards::firing, "guard " + guard.name + " fires (" + guard.measure + ")"};
    }
    if (!guard.problem.empty()) unknown = "guard " + guard.name + " can't be evaluated: " + guard.problem;
  }
  if (guards_watched_since_ == TimePoint{} || now - guards_watched_since_ < longest + kGuardsSettle)
    unknown = "the guards have not been watched for long enough";
  if (unknown.empty()) return {RollbackFsm::Guards::quiet, "the guards are quiet"};
  return {RollbackFsm::Guards::unknown, std::move(unknown)};
}

bool Migration::rolls_back() const {
  const std::scoped_lock lock(mutex_);
  return fsm_.rollback_asked();
}

void Migration::roll_back_some() {
  take_asked_rollbacks();  // since the facts were looked at
  switch (rollback_->advance({}, std::chrono::system_clock::now())) {
    case RollbackDriver::Next::go_on:
      return;
    case RollbackDriver::Next::rest:
      return rest(kRollbackLooks);
    case RollbackDriver::Next::ended:
      break;
  }
  if (rollback_->phase() != RollbackPhase::completed)
    return fail({"rollback_failed", rollback_->report().problem + "; " + shadow_table(source()).table + " is kept"});
  const std::scoped_lock lock(mutex_);
  fsm_.cleaned_up();
  stamp_end();
}

void Migration::roll_back_ended() {
  take_asked_rollbacks();
  while (!stopping()) {
    const auto next = rollback_->advance({}, std::chrono::system_clock::now());
    if (next == RollbackDriver::Next::ended) break;
    if (next == RollbackDriver::Next::rest) rest(kRollbackLooks);
  }
  rollback_.reset();
  latency_.reset();
  throttle_.stop();
  let_go();
}

void Migration::settle_rollback() {
  take_asked_rollbacks();
  if (rollback_ && !is_over(rollback_->phase()))
    rollback_->overtaken(std::string("the migration had ended first: it is ") + to_string(status().state));
  rollback_.reset();
}

RollbackDriver::Parts Migration::rollback_parts() {
  RollbackDriver::Host host;
  host.stop = [this] { return stop_for_rollback(); };
  host.whereabouts = [this] { return whereabouts(); };
  host.objection = [this]() -> SqlResult<std::string> {
    auto latest = store_.is_latest(id_);
    if (latest.has_error()) return latest.error();
    return {boost::system::in_place_value,
            *latest ? "" : "a later migration of the table has a shadow table of that name of its own"};
  };
  host.held_back_by = [this](Connection& connection) { return held_back_by(connection); };
  host.forget = [this] { return forget(); };
  host.agree = [this](const std::string& requested_at, std::optional<JointDecision::Verdict> mine) {
    return group_->agree(requested_at, std::move(mine));
  };
  host.note = [this](std::string_view event, std::string details) { note(event, std::move(details)); };
  host.ended = [this](const RollbackReport& report) { parts_.observer.rollback_ended(report.strategy, report.phase); };
  host.backed_up = [this](const BackupStatus& status) {
    if (status.state != BackupStatus::State::nothing) parts_.observer.backed_up(status.state, status.bytes);
  };
  host.publish = [this](const RollbackReport& report, const std::optional<BackupStatus>& backup) {
    const std::scoped_lock lock(mutex_);
    rollback_report_ = report;
    status_.rollback = short_form_of(report);
    if (backup) status_.backup = backup;
  };
  return {.primary = parts_.primary, .backup = parts_.backup, .source = source(), .host = std::move(host)};
}

std::string Migration::stop_for_rollback() {
  index_build_.reset();
  row_counts_.reset();
  latency_.reset();
  crew_.reset();
  stream_.reset();
  const State state = status().state;
  return has_ended(state) ? std::string("it had ended before: it was ") + to_string(state)
                          : std::string("nothing is copied or applied any more; it was ") + to_string(state);
}

RollbackRecord Migration::whereabouts() {
  RollbackRecord record{.rows_copied = checkpoint_.rows_copied,
                        .changes_applied = checkpoint_.changes_applied,
                        .verified_rows = checkpoint_.verified_rows,
                        .mismatches = checkpoint_.mismatches};
  if (const auto progress = inbox_ ? std::optional(inbox_->progress()) : std::nullopt; progress && !is_instant()) {
    record.read_position = to_string(progress->reached);
    record.applied_position = to_string(progress->applied);
    record.changes_pending = progress->pending;
  } else if (!checkpoint_.applied.file.empty()) {
    record.read_position = record.applied_position = to_string(checkpoint_.applied);
  }
  if (connect()) {
    if (const auto head = binlog_head(*connection_); head.has_value()) record.binlog_position = to_string(*head);
  }
  return record;
}

std::string Migration::held_back_by(Connection& connection) {
  const Options now = options();
  auto brakes = throttle_.look(connection, now, gate::Clock::now());
  if (brakes.has_error()) return "the primary: " + describe(brakes.error());
  if (brakes->critical) return brakes->critical->message;
  if (!brakes->throttled_by.empty()) return brakes->throttled_by;
  if (std::string guard = guards_.throttled_by(); !guard.empty()) return guard;
  if (now.max_client_latency_ms == Millis{0} || !parts_.watch_latency) return "";
  if (!latency_) latency_ = parts_.watch_latency();
  const auto p99 = latency_ ? latency_->p99(gate::Clock::now()) : std::nullopt;
  if (!p99 || *p99 <= now.max_client_latency_ms) return "";
  return "clients' p99 is " + std::to_string(std::chrono::ceil<Millis>(*p99).count()) + " ms (max_client_latency_ms " +
         std::to_string(now.max_client_latency_ms.count()) + ")";
}

SqlResult<std::vector<std::string>> Migration::forget() {
  const auto beats = store_.forget_beats(id_);
  if (beats.has_error() && may_succeed_later(beats.error())) return beats.error();
  std::vector<std::string> forgotten;
  if (beats.has_value() && beats->rows > 0) forgotten.emplace_back("heartbeat");
  if (checkpoint_.copied_to || checkpoint_.verified_to || checkpoint_.copied) forgotten.emplace_back("checkpoint");
  checkpoint_.copied_to.reset();
  checkpoint_.verified_to.reset();
  checkpoint_.caught_up.reset();
  checkpoint_.audit_from.reset();
  checkpoint_.copied = checkpoint_.verified = false;
  durable_ = checkpoint_;
  (void)save();
  const Options now = options();
  for (const std::string& file : {now.panic_flag_file, now.postpone_cut_over_flag_file}) {
    if (!is_empty_file(file) || parts_.is_flag_of_others(id_, file)) continue;
    if (::unlink(file.c_str()) == 0) forgotten.push_back("flag file " + file);
  }
  return forgotten;
}

}  // namespace sluice::migrator
