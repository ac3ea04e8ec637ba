#include "migrator/rollback/rollback_driver.hpp"

#include <algorithm>
#include <utility>

#include "migrator/engine/clock_text.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

RollbackFsm::Due due_of(const RollbackReport& report) {
  RollbackFsm::Due due;
  if (!report.at.empty()) due.at = time_from(report.at);
  if (auto window = cut_over_window_from(report.window)) due.window = std::move(*window);
  return due;
}

double millis_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

RollbackDriver::RollbackDriver(Parts parts, RollbackReport report)
    : parts_(std::move(parts)),
      report_(std::move(report)),
      // What was not kept is looked at again.
      fsm_(report_.phase, report_.record ? report_.step : std::min(report_.step, RollbackStep::record), due_of(report_),
           backup_kind_from(report_.backup_kind).value_or(BackupKind::none)),
      store_(parts_.primary) {
  publish();
}

void RollbackDriver::publish() const {
  parts_.host.publish(report_, backup_ ? std::optional(backup_->status()) : std::nullopt);
}

bool RollbackDriver::save() {
  report_.waiting_for.clear();  // what comes next is not known yet
  const auto saved = store_.save(report_);
  unsaved_ = saved.has_error();
  if (unsaved_) report_.waiting_for = "the primary, which does not keep the report: " + describe(saved.error());
  publish();
  return !unsaved_;
}

void RollbackDriver::note(std::string_view what, std::string outcome) {
  Details details;
  details.add("strategy", report_.strategy);
  if (!report_.reason.empty()) details.add("reason", report_.reason);
  if (!outcome.empty()) details.add("outcome", outcome);
  parts_.host.note("rollback." + std::string(what), details.text());
}

SqlResult<Connection*> RollbackDriver::connection() {
  if (!connection_) {
    SessionSettings settings;
    settings.lock_wait_timeout = kTriesLocksFor;
    auto made = Connection::connect(parts_.primary, settings);
    if (made.has_error()) return made.error();
    connection_ = std::move(*made);
  }
  return &*connection_;
}

void RollbackDriver::announce() {
  Details details;
  details.add("strategy", report_.strategy);
  for (const auto& [name, value] : {std::pair("at", report_.at), std::pair("window", report_.window),
                                    std::pair("reason", report_.reason), std::pair("risk", report_.estimate.risk)}) {
    if (!value.empty()) details.add(name, value);
  }
  details.add("seconds_estimated", report_.estimate.seconds);
  unsaved_ = true;  // one that it replaces may have written its own since
  parts_.host.note(report_.phase == RollbackPhase::deferred ? "rollback.deferred" : "rollback.begun", details.text());
}

void RollbackDriver::overtaken(const std::string& by) {
  fsm_.overtaken();
  report_.problem = by;
  end();
  note(to_string(report_.phase), by);
  (void)save();
}

void RollbackDriver::end() {
  report_.phase = fsm_.phase();
  report_.waiting_for.clear();
  report_.ended_at = now_as_text();
  parts_.host.ended(report_);
}

RollbackDriver::Next RollbackDriver::advance(const RollbackFsm::Facts& facts, WallTime now) {
  if (unsaved_ && !save()) return Next::rest;
  auto todo = fsm_.next(facts, now);
  if (report_.phase == RollbackPhase::deferred && fsm_.phase() != RollbackPhase::overtaken) todo = agreed(todo);
  switch (todo) {
    case RollbackFsm::Todo::wait:
      return Next::rest;
    case RollbackFsm::Todo::go_on:
    case RollbackFsm::Todo::begin:
    case RollbackFsm::Todo::end:
      return decided(todo);
    case RollbackFsm::Todo::step:
      break;
  }
  if (!step_began_) {
    step_began_ = std::chrono::steady_clock::now();
    step_began_at_ = now_as_text();
  }
  auto outcome = perform();
  if (outcome.has_value()) return finish_step(*outcome);
  // Whatever it was at is done again.
  connection_.reset();
  asker_.reset();
  report_.waiting_for = "the primary: " + describe(outcome.error());
  publish();
  return Next::rest;
}

RollbackFsm::Todo RollbackDriver::agreed(RollbackFsm::Todo todo) {
  std::optional<JointDecision::Verdict> mine;
  if (todo != RollbackFsm::Todo::wait) mine = {fsm_.phase(), guards_};
  auto verdict = parts_.host.agree(report_.requested_at, std::move(mine));
  if (!verdict) return todo;
  guards_ = std::move(verdict->why);
  return fsm_.follow(verdict->phase);
}

RollbackDriver::Next RollbackDriver::decided(RollbackFsm::Todo todo) {
  if (report_.phase == fsm_.phase()) return is_over(report_.phase) ? Next::ended : Next::go_on;
  report_.phase = fsm_.phase();
  report_.decided_by = guards_;
  if (todo == RollbackFsm::Todo::begin) {
    report_.begun_at = now_as_text();
    note("begun", guards_);
  } else {
    end();
    note(to_string(report_.phase), guards_);
  }
  (void)save();
  return todo == RollbackFsm::Todo::begin ? Next::go_on : Next::ended;
}

RollbackDriver::Step RollbackDriver::done(std::string outcome) {
  outcome_ = std::move(outcome);
  return Step::done;
}

RollbackDriver::Step RollbackDriver::failed(std::string why) {
  outcome_ = std::move(why);
  return Step::failed;
}

void RollbackDriver::find(std::string what) {
  report_.findings.push_back(std::move(what));
  outcome_is_problem_ = true;
}

RollbackDriver::Next RollbackDriver::finish_step(Step outcome) {
  if (outcome == Step::waits || outcome == Step::more) {
    publish();
    return outcome == Step::waits ? Next::rest : Next::go_on;
  }
  const bool is_failed = outcome == Step::failed;
  report_.waiting_for.clear();
  report_.steps.push_back({.step = to_string(fsm_.step()),
                           .started_at = step_began_at_,
                           .ms = millis_since(*step_began_),
                           .outcome = outcome_,
                           .problem = is_failed || outcome_is_problem_});
  step_began_.reset();
  outcome_is_problem_ = false;
  note(to_string(fsm_.step()), outcome_);
  if (is_failed) {
    fsm_.failed();
    report_.problem = std::string(to_string(fsm_.step())) + ": " + outcome_;
  } else {
    fsm_.step_done();
  }
  report_.step = fsm_.step();
  report_.phase = fsm_.phase();
  if (is_over(report_.phase)) {
    end();
    note(to_string(report_.phase), report_.problem);
  }
  (void)save();
  return Next::go_on;
}

SqlResult<RollbackDriver::Step> RollbackDriver::perform() {
  switch (fsm_.step()) {
    case RollbackStep::stop:
      return done(parts_.host.stop());
    case RollbackStep::record:
      return record();
    case RollbackStep::check:
      return check();
    case RollbackStep::backup:
      return back_up();
    case RollbackStep::clean:
      return clean();
    case RollbackStep::verify:
      return verify();
  }
  return Step::done;
}

SqlResult<RollbackDriver::Step> RollbackDriver::record() {
  RollbackRecord record = parts_.host.whereabouts();
  auto source = look_at(parts_.source);
  if (source.has_error()) return source.error();
  record.source = std::move(*source);
  auto shadow = look_at(shadow_table(parts_.source));
  if (shadow.has_error()) return shadow.error();
  record.shadow = std::move(*shadow);
  std::string outcome = std::to_string(record.source.rows) + " rows in " + record.source.name + ", " +
                        std::to_string(record.shadow.rows) + " in " + record.shadow.name;
  if (!record.applied_position.empty()) outcome += "; applied up to " + record.applied_position;
  report_.record = std::move(record);
  return done(std::move(outcome));
}

SqlResult<RollbackDriver::Step> RollbackDriver::check() {
  const RollbackRecord& record = *report_.record;
  if (!record.source.exists) return failed("the table " + record.source.name + " is not there: nothing is dropped");
  auto objection = parts_.host.objection();
  if (objection.has_error()) return objection.error();
  if (!objection->empty()) return failed(std::move(*objection));
  if (!record.shadow.exists) find("there was no table " + record.shadow.name);
  if (record.mismatches > 0) {
    find(std::to_string(record.mismatches) + " rows had been found unequal: somebody may have written to " +
         record.shadow.name);
  }
  const bool both_counted = record.source.counted && record.shadow.counted;
  if (both_counted && record.shadow.rows > record.source.rows + record.changes_pending) {
    find(record.shadow.name + " had " + std::to_string(record.shadow.rows - record.source.rows) +
         " rows more than the table, of which only " + std::to_string(record.changes_pending) +
         " can be changes that were pending");
  }
  return done(std::to_string(record.rows_copied) + " rows had been copied, " + std::to_string(record.verified_rows) +
              " compared, " + std::to_string(record.changes_pending) + " changes were pending");
}

SqlResult<RollbackDriver::Step> RollbackDriver::back_up() {
  auto open = connection();
  if (open.has_error()) return open.error();
  if (!backup_) {
    backup_ = std::make_unique<Backup>(parts_.primary, parts_.backup,
                                       backup_kind_from(report_.backup_kind).value_or(BackupKind::none),
                                       report_.migration, shadow_table(parts_.source));
    backup_began_ = std::chrono::steady_clock::now();
  }
  const std::uint64_t before = backup_->status().bytes;
  if (auto advanced = backup_->advance(**open); advanced.has_error()) return advanced.error();
  const BackupStatus& status = backup_->status();
  if (backup_->is_over()) parts_.host.backed_up(status);
  switch (status.state) {
    case BackupStatus::State::running:
      return status.bytes > before ? Step::more : Step::waits;
    case BackupStatus::State::nothing:
      return done("there is no table to be backed up");
    case BackupStatus::State::failed:
      return failed("nothing is dropped: " + status.problem);
    case BackupStatus::State::complete:
      break;
  }
  report_.backup = BackupReport{.kind = std::string(to_string(status.kind)),
                                .file = status.file,
                                .bytes = status.bytes,
                                .rows = status.rows,
                                .complete = true};
  if (status.kind == BackupKind::data) {
    (void)store_.add(MeasuredWork::dump,
                     {report_.record ? report_.record->shadow.bytes : status.bytes, millis_since(backup_began_)});
  }
  return done(status.file + ": " + std::to_string(status.rows) + " rows, " + std::to_string(status.bytes) +
              " bytes, read back and whole");
}

SqlResult<RollbackDriver::Step> RollbackDriver::clean() {
  auto open = connection();
  if (open.has_error()) return open.error();
  if (!drop_) drop_ = std::make_unique<GentleDrop>(shadow_table(parts_.source));
  auto is = drop_->advance(**open, parts_.host.held_back_by, std::chrono::steady_clock::now());
  if (is.has_error()) return is.error();
  report_.waiting_for = *is == GentleDrop::Is::waiting ? drop_->why() : std::string();
  switch (*is) {
    case GentleDrop::Is::working:
      return Step::more;
    case GentleDrop::Is::waiting:
      return Step::waits;
    case GentleDrop::Is::failed:
      return failed("the server refuses to drop " + shadow_table(parts_.source).table + ": " + drop_->why());
    case GentleDrop::Is::gone:
      break;
  }
  auto forgotten = parts_.host.forget();
  if (forgotten.has_error()) return forgotten.error();
  CleanReport report{.removed = {},
                     .bytes = drop_->bytes(),
                     .partitions = drop_->partitions(),
                     .drop_ms = drop_->drop_ms(),
                     .waited_ms = drop_->waited_ms()};
  if (drop_->was_there()) {
    report.removed.push_back("table " + shadow_table(parts_.source).table);
    (void)store_.add(MeasuredWork::drop, {report.bytes, report.drop_ms});
  }
  for (std::string& what : *forgotten) report.removed.push_back(std::move(what));
  std::string outcome;
  for (const std::string& what : report.removed) outcome += (outcome.empty() ? "removed " : ", ") + what;
  report_.clean = std::move(report);
  return done(outcome.empty() ? "there was nothing to remove" : std::move(outcome));
}

}  // namespace sluice::migrator
