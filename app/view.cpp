#include "app/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "app/exit_code.hpp"

namespace sluice::app {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> ENDED{"completed", "stopped", "panicked", "failed", "reverted"};
constexpr int BAR_COLUMNS = 30;
constexpr double PERCENT = 100;
constexpr std::size_t TABLE_COLUMNS = 8;

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? json::value_to<std::string>(*value) : std::string{};
}

double number_in(const json::object& object, std::string_view name, double otherwise = 0) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : otherwise;
}

std::int64_t count_in(const json::object& object, std::string_view name, double otherwise = 0) {
  constexpr double EXACT_MAX = 9e15;
  return static_cast<std::int64_t>(std::clamp(number_in(object, name, otherwise), -EXACT_MAX, EXACT_MAX));
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string problem_text(const json::object& problem) {
  return text_in(problem, "code") + ": " + text_in(problem, "message");
}

std::optional<MigrationView> view_of(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  MigrationView view{.id = text_in(object, "id"),
                     .database = text_in(object, "database"),
                     .table = text_in(object, "table"),
                     .state = text_in(object, "state"),
                     .throttled_by = text_in(object, "throttled_by"),
                     .waiting_for = text_in(object, "waiting_for"),
                     .progress = std::clamp(number_in(object, "progress"), 0.0, 1.0),
                     .eta_seconds = count_in(object, "eta_seconds", -1),
                     .rows_copied = count_in(object, "rows_copied"),
                     .rows_estimated = count_in(object, "rows_estimated"),
                     .changes_pending = count_in(object, "changes_pending"),
                     .verified_rows = count_in(object, "verified_rows")};
  const auto* paused = object.if_contains("paused");
  view.paused = paused != nullptr && paused->is_bool() && paused->get_bool();
  if (const auto* cut_over = object_in(object, "cut_over")) {
    view.hold_ms = number_in(*cut_over, "hold_ms");
    view.held_statements = count_in(*cut_over, "held_statements");
    view.cut_over_attempts = count_in(*cut_over, "attempts");
  }
  if (const auto* error = object_in(object, "error")) view.error = problem_text(*error);
  if (view.id.empty() || view.state.empty()) return std::nullopt;
  return view;
}

}  // namespace

bool MigrationView::ended() const {
  return std::ranges::find(ENDED, state) != ENDED.end();
}

std::optional<MigrationView> parse_migration(std::string_view text) {
  boost::system::error_code failed;
  const auto value = json::parse(text, failed);
  return failed ? std::nullopt : view_of(value);
}

std::optional<std::vector<MigrationView>> parse_migrations(std::string_view text) {
  boost::system::error_code failed;
  const auto value = json::parse(text, failed);
  if (failed || !value.is_array()) return std::nullopt;
  std::vector<MigrationView> views;
  for (const auto& element : value.get_array()) {
    auto view = view_of(element);
    if (!view) return std::nullopt;
    views.push_back(std::move(*view));
  }
  return views;
}

std::string error_text(unsigned status, std::string_view body) {
  boost::system::error_code failed;
  const auto value = json::parse(body, failed);
  const auto* error = failed || !value.is_object() ? nullptr : object_in(value.get_object(), "error");
  if (error == nullptr) return fmt::format("the API answered with status {}", status);
  const auto* problems = error->if_contains("problems");
  if (problems == nullptr || !problems->is_array() || problems->get_array().empty()) return problem_text(*error);
  std::string lines;
  for (const auto& problem : problems->get_array()) {
    if (!problem.is_object()) continue;
    if (!lines.empty()) lines += '\n';
    lines += problem_text(problem.get_object());
  }
  return lines;
}

std::string progress_line(const MigrationView& migration) {
  auto line = fmt::format("{} {:5.1f}%  {}/{} rows, {} changes pending", migration.paused ? "paused" : migration.state,
                          migration.progress * PERCENT, migration.rows_copied, migration.rows_estimated,
                          migration.changes_pending);
  if (migration.eta_seconds >= 0 && !migration.ended()) line += fmt::format(", {} s left", migration.eta_seconds);
  if (!migration.throttled_by.empty()) line += ", throttled by " + migration.throttled_by;
  if (!migration.waiting_for.empty()) line += ", waiting for " + migration.waiting_for;
  return line;
}

std::string progress_bar(const MigrationView& migration) {
  const auto full = static_cast<int>(migration.progress * BAR_COLUMNS);
  return fmt::format("[{:#<{}}{:.<{}}] {}", "", full, "", BAR_COLUMNS - full, progress_line(migration));
}

namespace {

std::string remark_on(const MigrationView& migration) {
  if (!migration.error.empty()) return migration.error;
  if (!migration.throttled_by.empty()) return "throttled by " + migration.throttled_by;
  return migration.waiting_for.empty() ? "" : "waiting for " + migration.waiting_for;
}

std::array<std::string, TABLE_COLUMNS> cells_of(const MigrationView& migration) {
  const bool runs = !migration.ended() && migration.eta_seconds >= 0;
  return {migration.id,
          migration.database + "." + migration.table,
          migration.paused ? "paused" : migration.state,
          fmt::format("{:.1f}%", migration.progress * PERCENT),
          fmt::format("{}/{}", migration.rows_copied, migration.rows_estimated),
          std::to_string(migration.changes_pending),
          runs ? std::to_string(migration.eta_seconds) + " s" : "-",
          remark_on(migration)};
}

}  // namespace

std::string status_table(const std::vector<MigrationView>& migrations) {
  std::vector<std::array<std::string, TABLE_COLUMNS>> lines{
      {"ID", "TABLE", "STATE", "DONE", "ROWS", "PENDING", "LEFT", "REMARKS"}};
  for (const auto& migration : migrations) lines.push_back(cells_of(migration));
  std::array<std::size_t, TABLE_COLUMNS> widths{};
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string table;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + "\n";
  }
  return table;
}

std::string fitting(std::string line, std::size_t columns) {
  constexpr unsigned char CONTINUES = 0x80;  // a byte of UTF-8 that begins no character
  constexpr unsigned char CONTINUES_MASK = 0xC0;
  std::size_t seen = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & CONTINUES_MASK) == CONTINUES || ++seen <= columns) continue;
    line.resize(i);
    break;
  }
  return line;
}

std::string ending_line(const MigrationView& migration) {
  const auto what = fmt::format("{} of {}.{} {}", migration.id, migration.database, migration.table, migration.state);
  if (!migration.error.empty()) return what + ": " + migration.error;
  if (migration.state != "completed") return what;
  return fmt::format("{}: {} rows copied, {} compared; {} statements held for {:.1f} ms at the cut-over", what,
                     migration.rows_copied, migration.verified_rows, migration.held_statements, migration.hold_ms);
}

int exit_code_of(const MigrationView& migration) {
  if (migration.state == "completed") return exit_code::ok;
  if (migration.state == "panicked") return exit_code::panicked;
  return migration.state == "failed" ? exit_code::failed : exit_code::stopped;
}

Reasoned<std::string> only_active(const std::vector<MigrationView>& migrations) {
  std::vector<std::string> active;
  for (const auto& migration : migrations) {
    if (!migration.ended()) active.push_back(migration.id);
  }
  if (active.size() == 1) return {boost::system::in_place_value, active.front()};
  if (active.empty()) return Reason{"no migration is active; give the ID of the one that is meant"};
  std::string text = "several migrations are active; give the ID of one of them:";
  for (const auto& id : active) text += " " + id;
  return Reason{std::move(text)};
}

}  // namespace sluice::app
