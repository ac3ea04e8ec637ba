#include "migrator/guards/guards.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "migrator/options/http_url.hpp"

namespace sluice::migrator {
namespace {

// With one decimal, and none where there would be a 0.
std::string short_text(double number) {
  constexpr double kTenths = 10;
  constexpr double kExact = 1e15;  // beyond, tenths say nothing
  if (std::abs(number) >= kExact) return std::to_string(number);
  const auto tenths = static_cast<std::int64_t>(std::llround(number * kTenths));
  const auto whole = std::to_string(tenths / static_cast<std::int64_t>(kTenths));
  const auto rest = std::abs(tenths % static_cast<std::int64_t>(kTenths));
  const std::string sign = tenths < 0 && whole == "0" ? "-" : "";
  return sign + whole + (rest == 0 ? "" : "." + std::to_string(rest));
}

std::string subject_shown(const Guard& guard) {
  return guard.measure == GuardMeasure::disk_percent ? ":" + guard.subject : "";
}

Reading from(const HttpCheck::Answer& answer) {
  switch (answer.state) {
    case HttpCheck::State::asked:
      return NotApplicable{};
    case HttpCheck::State::passes:
      return 0.0;
    case HttpCheck::State::objects:
      return 1.0;
    case HttpCheck::State::silent:
      return Unevaluable{answer.verdict};
  }
  return NotApplicable{};
}

}  // namespace

std::string describe(const Guard& guard, const Reading& reading) {
  const std::string name = "guard " + guard.name + ": ";
  if (const auto* unknown = std::get_if<Unevaluable>(&reading)) return name + "can't be evaluated: " + unknown->why;
  const std::string what = std::string(to_string(guard.measure)) + subject_shown(guard);
  if (const auto* value = std::get_if<double>(&reading)) {
    return name + what + " is " + short_text(*value) + " (threshold " + short_text(guard.threshold) + ")";
  }
  return name + what + " has nothing to be read";
}

bool Guards::measures(const std::vector<Guard>& guards, GuardMeasure measure) {
  return std::ranges::find(guards, measure, &Guard::measure) != guards.end();
}

void Guards::follow(const std::vector<Guard>& guards) {
  if (guards == wanted_) return;
  stop();
  wanted_ = guards;
  for (const Guard& guard : guards) {
    Watched watched{.guard = guard, .fsm = GuardFsm(guard.threshold, guard.lasts)};
    if (guard.measure == GuardMeasure::disk_percent) watched.disk = std::make_unique<DiskWatch>(guard.subject);
    if (guard.measure == GuardMeasure::sql) watched.query = std::make_unique<QueryWatch>(primary_, guard.subject);
    if (guard.measure == GuardMeasure::http) {
      if (auto url = http_url_from(guard.subject)) watched.http = std::make_unique<HttpCheck>("it", std::move(*url));
    }
    watched_.push_back(std::move(watched));
  }
}

Reading Guards::read(const Watched& watched, const Facts& facts, const Reading& cpu, TimePoint now) {
  switch (watched.guard.measure) {
    case GuardMeasure::cpu_percent:
      return cpu;
    case GuardMeasure::memory_percent:
      return Machine::memory_percent();
    case GuardMeasure::disk_percent:
      return watched.disk ? watched.disk->reading(now) : NotApplicable{};
    case GuardMeasure::replica_lag_seconds:
      return facts.replica_lag_seconds;
    case GuardMeasure::replica_unreachable:
      return facts.replica_unreachable;
    case GuardMeasure::row_difference:
      return facts.row_difference;
    case GuardMeasure::mismatches:
      return static_cast<double>(facts.mismatches);
    case GuardMeasure::duration_ratio:
      return facts.duration_ratio;
    case GuardMeasure::sql:
      return watched.query ? watched.query->reading() : NotApplicable{};
    case GuardMeasure::http:
      return watched.http ? from(watched.http->answer()) : NotApplicable{};
  }
  return NotApplicable{};
}

std::vector<Guards::Told> Guards::look(const std::vector<Guard>& guards, const Facts& facts, TimePoint now) {
  follow(guards);
  looked_at_ = now;
  const Reading cpu = measures(wanted_, GuardMeasure::cpu_percent) ? machine_.cpu_percent() : NotApplicable{};
  std::vector<Told> told;
  for (Watched& watched : watched_) {
    watched.reading = read(watched, facts, cpu, now);
    const auto event = watched.fsm.observe(watched.reading, now);
    Told news{.guard = watched.guard,
              .reading = watched.reading,
              .action = std::nullopt,
              .entry = watched.telling.look(event, now)};
    if (event == GuardFsm::Event::fired) news.action = action_of(watched.guard, actions_);
    if (event == GuardFsm::Event::unevaluable) news.action = watched.guard.if_unevaluable;
    if (news.action || news.entry) told.push_back(std::move(news));
  }
  return told;
}

std::string Guards::throttled_by() const {
  for (const Watched& watched : watched_) {
    const bool holds_back =
        watched.fsm.state() == GuardFsm::State::firing && action_of(watched.guard, actions_) == GuardAction::throttle;
    if (holds_back) return describe(watched.guard, watched.reading);
  }
  return {};
}

std::vector<GuardStatus> Guards::status() const {
  std::vector<GuardStatus> all;
  for (const Watched& watched : watched_) {
    GuardStatus status{.name = watched.guard.name,
                       .measure = std::string(to_string(watched.guard.measure)) + subject_shown(watched.guard),
                       .threshold = watched.guard.threshold,
                       .action = std::string(to_string(action_of(watched.guard, actions_))),
                       .firing = watched.fsm.state() == GuardFsm::State::firing};
    if (const auto* value = std::get_if<double>(&watched.reading)) status.value = *value;
    if (const auto* unknown = std::get_if<Unevaluable>(&watched.reading)) status.problem = unknown->why;
    all.push_back(std::move(status));
  }
  return all;
}

void Guards::stop() {
  for (Watched& watched : watched_) {
    if (watched.query) retired_.take(std::move(watched.query));
    if (watched.http) retired_.take(std::move(watched.http));
  }
  watched_.clear();
  wanted_.clear();
}

}  // namespace sluice::migrator
