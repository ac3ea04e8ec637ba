#include "migrator/rollback/request_json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "migrator/engine/clock_text.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;
using protocol::sql::Token;

constexpr std::string_view kFields = "strategy, at, window, reason, backup, test_queries, explain, dry_run";

Problem invalid(std::string_view name, std::string_view what) {
  return {"invalid_field", "field " + std::string(name) + " " + std::string(what)};
}

// The words of a statement outside quotes; nothing: nobody knows where it ends.
std::optional<std::vector<std::string_view>> words_of(std::string_view sql) {
  protocol::sql::Lexer lexer(sql);
  std::vector<std::string_view> words;
  while (true) {
    const Token token = lexer.next();
    if (token.kind == Token::Kind::end) return words;
    if (token.kind == Token::Kind::broken) return std::nullopt;
    if (token.kind == Token::Kind::word) words.push_back(token.text);
  }
}

bool begins_with(std::string_view sql, std::initializer_list<std::string_view> firsts) {
  const auto words = words_of(sql);
  if (!words || words->empty()) return false;
  const auto is = [&](std::string_view word) { return protocol::sql::equals_folded(words->front(), word); };
  // INTO writes a file.
  const bool writes = std::ranges::any_of(*words, [](std::string_view word) {
    return protocol::sql::equals_folded(word, "OUTFILE") || protocol::sql::equals_folded(word, "DUMPFILE");
  });
  return !writes && std::ranges::any_of(firsts, is);
}

bool is_query(std::string_view sql) {
  return begins_with(sql, {"SELECT", "WITH", "TABLE", "VALUES"});
}
bool is_explainable(std::string_view sql) {
  return begins_with(sql, {"SELECT", "WITH", "TABLE", "INSERT", "UPDATE", "DELETE", "REPLACE"});
}

OptionResult<std::vector<std::string>> queries_from(std::string_view name, const json::value& value,
                                                    bool (*is_allowed)(std::string_view), std::string_view allowed) {
  if (!value.is_array() || value.get_array().size() > kRollbackQueriesMax)
    return invalid(name, "must be a list of at most 32 statements");
  std::vector<std::string> queries;
  for (const json::value& query : value.get_array()) {
    if (!query.is_string() || !is_allowed(std::string_view{query.get_string()})) return invalid(name, allowed);
    queries.push_back(json::value_to<std::string>(query));
  }
  return queries;
}

std::optional<Problem> read_time(RollbackRequest& request, const json::value& value,
                                 std::chrono::system_clock::time_point now) {
  const auto at = value.is_string() ? moment_from(std::string_view{value.get_string()}) : std::nullopt;
  if (!at) return invalid("at", "must be a time like \"2026-01-31T03:00:00Z\" or \"2026-01-31T04:00:00+01:00\"");
  if (*at <= now) return invalid("at", "is in the past: it is " + as_text(now) + " now");
  request.at = as_text(*at);
  return std::nullopt;
}

std::optional<Problem> read_window(RollbackRequest& request, const json::value& value) {
  auto window = value.is_string() && !value.get_string().empty()
                    ? cut_over_window_from(std::string_view{value.get_string()})
                    : std::nullopt;
  if (!window) return invalid("window", "must be times of the day like \"22:00-04:00\" or \"sat,sun 00:00-24:00 UTC\"");
  request.window = std::move(*window);
  return std::nullopt;
}

std::optional<Problem> read_strategy(RollbackRequest& request, const json::value& value) {
  for (const RollbackStrategy known : kRollbackStrategies) {
    if (!value.is_string() || value.get_string() != to_string(known)) continue;
    request.strategy = known;
    return std::nullopt;
  }
  return invalid("strategy", "must be immediate, graceful or deferred");
}

std::optional<Problem> read_member(RollbackRequest& request, std::string_view name, const json::value& value,
                                   std::chrono::system_clock::time_point now) {
  if (name == "strategy") return read_strategy(request, value);
  if (name == "at") return read_time(request, value, now);
  if (name == "window") return read_window(request, value);
  if (name == "reason") {
    if (!value.is_string() || value.get_string().size() > kRollbackReasonBytesMax)
      return invalid(name, "must be a text of at most 1000 bytes");
    request.reason = json::value_to<std::string>(value);
    return std::nullopt;
  }
  if (name == "backup") {
    request.backup = value.is_string() ? backup_kind_from(std::string_view{value.get_string()}) : std::nullopt;
    return request.backup ? std::nullopt : std::optional(invalid(name, "must be none, definition or data"));
  }
  if (name == "dry_run") {
    if (!value.is_bool()) return invalid(name, "must be true or false");
    request.run = value.get_bool() ? RollbackRun::dry : RollbackRun::start;
    return std::nullopt;
  }
  if (name == "test_queries" || name == "explain") {
    const bool tests = name == "test_queries";
    auto queries = tests ? queries_from(name, value, is_query, "must hold nothing but SELECTs that write no file")
                         : queries_from(name, value, is_explainable,
                                        "must hold nothing but SELECT, WITH, INSERT, UPDATE, DELETE or REPLACE");
    if (!queries) return queries.error();
    (tests ? request.test_queries : request.explain) = std::move(*queries);
    return std::nullopt;
  }
  constexpr std::size_t kShownMax = 64;
  return Problem{"unknown_field", "unknown field " + std::string(name.substr(0, kShownMax)) +
                                      "; the fields are: " + std::string(kFields)};
}

std::optional<Problem> problem_of(const RollbackRequest& request) {
  const bool has_at = !request.at.empty();
  const bool has_window = !request.window.text.empty();
  const bool deferred = request.strategy == RollbackStrategy::deferred;
  if (deferred && has_at && has_window) return invalid("at", "and window are both there: say one of the two");
  if (deferred && !has_at && !has_window) return invalid("strategy", "deferred needs either at or window");
  if (!deferred && (has_at || has_window))
    return invalid(has_at ? "at" : "window", "is for the strategy deferred alone");
  return std::nullopt;
}

class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}
  // So many digits, a number up to `most`.
  std::optional<int> number(std::size_t size, int most) {
    int value = 0;
    if (text_.size() < size) return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + size, value);
    if (error != std::errc{} || end != text_.data() + size || value < 0 || value > most) return std::nullopt;
    text_.remove_prefix(size);
    return value;
  }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_digits() { text_.remove_prefix(std::min(text_.find_first_not_of("0123456789"), text_.size())); }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

// Behind the time of the day; minutes that the clock is ahead of UTC.
std::optional<std::chrono::minutes> zone_of(Digits& text) {
  constexpr int kHourMax = 23, kMinuteMax = 59;
  if (text.take('Z')) return text.at_end() ? std::optional(std::chrono::minutes{0}) : std::nullopt;
  const bool ahead = text.take('+');
  if (!ahead && !text.take('-')) return std::nullopt;
  const auto hours = text.number(2, kHourMax);
  if (!hours || !text.take(':')) return std::nullopt;
  const auto minutes = text.number(2, kMinuteMax);
  if (!minutes || !text.at_end()) return std::nullopt;
  const std::chrono::minutes zone = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return ahead ? zone : -zone;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> moment_from(std::string_view text) {
  constexpr int kYearMax = 9999, kMonthMax = 12, kDayMax = 31, kHourMax = 23, kMinuteMax = 59, kSecondMax = 59;
  Digits digits(text);
  const auto year = digits.number(4, kYearMax);
  if (!year || !digits.take('-')) return std::nullopt;
  const auto month = digits.number(2, kMonthMax);
  if (!month || !digits.take('-')) return std::nullopt;
  const auto day = digits.number(2, kDayMax);
  if (!day || !digits.take('T')) return std::nullopt;
  const auto hour = digits.number(2, kHourMax);
  if (!hour || !digits.take(':')) return std::nullopt;
  const auto minute = digits.number(2, kMinuteMax);
  if (!minute) return std::nullopt;
  std::optional<int> second = 0;
  if (digits.take(':')) second = digits.number(2, kSecondMax);
  if (!second) return std::nullopt;
  if (digits.take('.')) digits.skip_digits();
  const auto zone = zone_of(digits);
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!zone || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} - *zone;
}

OptionResult<RollbackRequest> rollback_request_from(std::string_view body, std::chrono::system_clock::time_point now) {
  RollbackRequest request;
  if (body.empty()) return request;
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error) return Problem{"malformed_json", "the body is not valid JSON: " + error.message()};
  if (!value.is_object()) return Problem{"malformed_json", "the body must be a JSON object"};
  for (const auto& member : value.get_object()) {
    if (auto problem = read_member(request, member.key(), member.value(), now)) return *problem;
  }
  if (auto problem = problem_of(request)) return *problem;
  return request;
}

}  // namespace sluice::migrator
