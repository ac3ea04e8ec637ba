#include "migrator/options/guard_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "migrator/options/http_url.hpp"
#include "migrator/options/option_values.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameBytesMax = 64;
constexpr double kOnceEnough = 1;  // the threshold of what is counted or is 0 or 1
constexpr std::array<std::string_view, 7> kMembers{"name",   "when",     "threshold",     "for",
                                                   "action", "severity", "if_unevaluable"};

Problem invalid(const std::string& what) {
  return {"invalid_option", "option guards: " + what};
}

bool has_subject(GuardMeasure measure) {
  return measure == GuardMeasure::disk_percent || measure == GuardMeasure::sql || measure == GuardMeasure::http;
}

bool is_select(std::string_view sql) {
  const auto first = protocol::sql::Lexer(sql).next();
  return first.kind == protocol::sql::Token::Kind::word && protocol::sql::equals_folded(first.text, "SELECT");
}

std::optional<std::string> read_when(std::string_view when, Guard& guard) {
  const auto colon = when.find(':');
  const auto word = when.substr(0, colon);
  std::size_t index = 0;
  while (index < kGuardMeasures && to_string(static_cast<GuardMeasure>(index)) != word) ++index;
  const std::string allowed =
      "must be cpu_percent, memory_percent, disk_percent:PATH, replica_lag_seconds, replica_unreachable, "
      "row_difference, mismatches, duration_ratio, sql:SELECT … or http:URL";
  if (index == kGuardMeasures) return allowed;
  guard.measure = static_cast<GuardMeasure>(index);
  if (has_subject(guard.measure) != (colon != std::string_view::npos)) return allowed;
  if (!has_subject(guard.measure)) return std::nullopt;
  guard.subject = when.substr(colon + 1);
  if (guard.measure == GuardMeasure::disk_percent && !guard.subject.starts_with('/')) return "needs an absolute path";
  if (guard.measure == GuardMeasure::sql && !is_select(guard.subject)) return "needs a SELECT behind sql:";
  if (guard.measure == GuardMeasure::http && !http_url_from(guard.subject)) return "needs a URL behind http:";
  return std::nullopt;
}

std::optional<std::string> read_threshold(const json::value* value, Guard& guard) {
  if (value == nullptr) {
    const bool may_be_left_out = guard.measure == GuardMeasure::replica_unreachable ||
                                 guard.measure == GuardMeasure::mismatches || guard.measure == GuardMeasure::http;
    if (!may_be_left_out) return "is missing: a number, from which on the guard fires";
    guard.threshold = kOnceEnough;
    return std::nullopt;
  }
  if (!value->is_number() || !std::isfinite(value->to_number<double>())) return "must be a number";
  guard.threshold = value->to_number<double>();
  return std::nullopt;
}

std::string_view text_of(const json::value& value) {
  return value.is_string() ? std::string_view{value.get_string()} : std::string_view{};
}

std::optional<std::string> read_action(const json::object& object, Guard& guard) {
  const auto* action = object.if_contains("action");
  const auto* severity = object.if_contains("severity");
  if (action != nullptr && severity != nullptr) return "has action and severity: say one of the two";
  if (action != nullptr) {
    const auto known = guard_action_from(text_of(*action));
    if (!known) return "action must be warn, throttle, pause, stop or panic";
    guard.action = *known;
  }
  if (severity != nullptr) {
    const auto known = severity_from(text_of(*severity));
    if (!known) return "severity must be low, medium, high or critical";
    guard.action = *known;
  }
  if (const auto* unevaluable = object.if_contains("if_unevaluable")) {
    const auto known = guard_action_from(text_of(*unevaluable));
    if (known != GuardAction::warn && known != GuardAction::pause) return "if_unevaluable must be warn or pause";
    guard.if_unevaluable = *known;
  }
  return std::nullopt;
}

// "sql", "sql-2": what a guard without a name is called.
std::string free_name(GuardMeasure measure, const std::vector<Guard>& others) {
  const std::string word{to_string(measure)};
  std::string name = word;
  for (std::size_t number = 2; std::ranges::find(others, name, &Guard::name) != others.end(); ++number) {
    name = word + "-" + std::to_string(number);
  }
  return name;
}

OptionResult<Guard> guard_from(const json::value& value, const std::vector<Guard>& before) {
  if (!value.is_object()) return invalid(R"(each must be an object like {"name","when","threshold","for","action"})");
  const json::object& object = value.get_object();
  Guard guard;
  const auto* name = object.if_contains("name");
  if (name != nullptr) {
    guard.name = text_of(*name);
    if (guard.name.empty() || guard.name.size() > kNameBytesMax) return invalid("a name is a string of 1 to 64 bytes");
  }
  const std::string called = guard.name.empty() ? "number " + std::to_string(before.size() + 1) : guard.name;
  const auto of = [&](const std::string& what) { return invalid("guard " + called + ": " + what); };
  for (const auto& member : object) {
    if (std::ranges::find(kMembers, std::string_view{member.key()}) != kMembers.end()) continue;
    return of("unknown member " + std::string{member.key().substr(0, kNameBytesMax)});
  }
  const auto* when = object.if_contains("when");
  if (auto problem = read_when(when == nullptr ? std::string_view{} : text_of(*when), guard)) {
    return of("when " + *problem);
  }
  if (guard.name.empty()) guard.name = free_name(guard.measure, before);
  if (auto problem = read_threshold(object.if_contains("threshold"), guard)) return of("threshold " + *problem);
  if (const auto* lasts = object.if_contains("for")) {
    const auto duration = duration_from(text_of(*lasts));
    if (!duration) return of(R"(for must be a duration like "10s" or "5m")");
    guard.lasts = *duration;
  }
  if (auto problem = read_action(object, guard)) return of(*problem);
  return guard;
}

}  // namespace

OptionResult<std::vector<Guard>> guards_from(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > kGuardsMax) return invalid("it must be a list of at most 32");
  std::vector<Guard> guards;
  for (const auto& element : value.get_array()) {
    auto guard = guard_from(element, guards);
    if (!guard) return guard.error();
    if (std::ranges::find(guards, guard->name, &Guard::name) != guards.end()) {
      return invalid("two guards have the name " + guard->name);
    }
    guards.push_back(std::move(*guard));
  }
  return guards;
}

json::value guards_json(const std::vector<Guard>& guards) {
  json::array array;
  for (const Guard& guard : guards) {
    std::string when{to_string(guard.measure)};
    if (has_subject(guard.measure)) when += ":" + guard.subject;
    json::object object{{"name", guard.name},
                        {"when", when},
                        {"threshold", guard.threshold},
                        {"for", duration_text(guard.lasts)},
                        {"if_unevaluable", to_string(guard.if_unevaluable)}};
    if (const auto* severity = std::get_if<Severity>(&guard.action)) {
      object["severity"] = to_string(*severity);
    } else {
      object["action"] = to_string(std::get<GuardAction>(guard.action));
    }
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace sluice::migrator
