#include "migrator/engine/compatibility.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "migrator/engine/watchdog.hpp"
#include "migrator/sql/quoting.hpp"
#include "migrator/table/shadow.hpp"
#include "protocol/sql/written_table.hpp"

namespace sluice::migrator {
namespace {

// A product of estimates may be more than any integer.
std::string count_text(double rows) {
  constexpr double kCountedMax = 1e18;
  return rows < kCountedMax ? std::to_string(static_cast<std::uint64_t>(rows)) : "more than 10^18";
}

// What is wrong with a plan that reads so many rows, with the old table `before`; empty: nothing.
std::string worse_plan(const CompatibilityQuery& query, double rows, std::optional<double> before) {
  if (query.max_rows && rows > static_cast<double>(*query.max_rows)) {
    return "it is planned to read " + count_text(rows) + " rows (max_rows " + std::to_string(*query.max_rows) + ")";
  }
  const double ratio = rows / std::max(1.0, before.value_or(0));
  if (query.max_ratio && before && ratio > *query.max_ratio) {
    return "it is planned to read " + count_text(rows) + " rows instead of " + count_text(*before) +
           ", which is more than max_ratio allows";
  }
  return {};
}

Objection objection(const SqlError& error) {
  return {describe(error), describe_without_values(error)};
}

}  // namespace

std::optional<double> planned_rows(const Rows& explained) {
  const auto index_of = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(explained.columns, name) - explained.columns.begin());
  };
  const std::size_t id = index_of("id");
  const std::size_t rows = index_of("rows");
  if (id == explained.columns.size() || rows == explained.columns.size()) return std::nullopt;
  std::map<std::string, double> selects;
  for (const Row& row : explained.rows) {
    if (!row.at(rows)) continue;  // nothing is read: VALUES, the result of a UNION
    const auto [select, is_new] = selects.emplace(row.at(id).value_or(""), 1.0);
    select->second *= std::strtod(row[rows]->c_str(), nullptr);
  }
  double sum = 0;
  for (const auto& [select, product] : selects) sum += product;
  return sum;
}

SqlResult<Compatibility> Compatibility::connect(const ServerAddress& primary, const CopyPlan& plan) {
  SessionSettings settings = settings_for(plan);
  settings.foreign_key_checks = ForeignKeyChecks::on;
  settings.lock_wait_timeout = kAnswersWithin;
  settings.select_limit = kAnswersWithin;
  settings.reply_timeout = 2 * kAnswersWithin;  // the server is to end it first
  auto connection = Connection::connect(primary, settings);
  if (connection.has_error()) return connection.error();
  auto side = Connection::connect(primary, settings);
  if (side.has_error()) return side.error();
  Compatibility compatibility(std::move(*connection), std::move(*side), plan);
  if (auto read = compatibility.read_settings(); read.has_error()) return read.error();
  return compatibility;
}

SqlResult<void> Compatibility::read_settings() {
  for (const std::string& statement : {std::string("SET SESSION sql_mode = @@GLOBAL.sql_mode"),
                                       "SET SESSION sql_select_limit = " + std::to_string(kRowsFetchedMax),
                                       "USE " + quote_identifier(plan_.shadow.database)}) {
    if (auto set = connection_.execute(statement); set.has_error()) return set.error();
  }
  auto rows = connection_.query("SELECT @@SESSION.sql_mode, @@GLOBAL.lower_case_table_names");
  if (rows.has_error()) return rows.error();
  const std::string mode = rows->rows.at(0).at(0).value_or("");
  using protocol::sql::Reading;
  if (mode.find("ANSI_QUOTES") != std::string::npos) reading_.double_quotes = Reading::DoubleQuotes::identifier;
  if (mode.find("NO_BACKSLASH_ESCAPES") != std::string::npos) reading_.backslash = Reading::Backslash::literal;
  if (rows->rows[0].at(1).value_or("0") != "0") names_ = protocol::sql::TableRename::Case::is_folded;
  return {};
}

std::string Compatibility::about(const TableRef& table, const std::string& sql) const {
  using protocol::sql::TableRename;
  const bool is_column_too = std::ranges::any_of(plan_.columns,
                                                 [&](const SharedColumn& column) {
                                                   return same_name(column.source.name, plan_.source.table) ||
                                                          same_name(column.shadow.name, plan_.source.table);
                                                 }) ||
                             std::ranges::any_of(plan_.added_columns, [&](const std::string& column) {
                               return same_name(column, plan_.source.table);
                             });
  const std::string to = quote_identifier(table.table);
  return protocol::sql::with_table_renamed(
      sql,
      {.names = names_,
       .namesake = is_column_too ? TableRename::Namesake::column : TableRename::Namesake::none,
       .database = plan_.source.database,
       .from = plan_.source.table,
       .to = to},
      reading_);
}

SqlResult<Compatibility::Verdict> Compatibility::judge(const CompatibilityQuery& query, How how) {
  using protocol::sql::Writes;
  const auto writes = protocol::sql::written_by(
      about(plan_.shadow, query.sql), {.names = names_, .database = plan_.shadow.database, .table = plan_.shadow.table},
      reading_);
  // Undone or not, it would lock rows that clients want, and fire triggers.
  if (writes == Writes::elsewhere) return Verdict{.problem = {"it may write to another table than the new one"}};
  const bool has_limits = query.max_rows || query.max_ratio;
  if (how == How::run && has_limits && !analyzed_) {
    // Rows have just been poured into it: the server may not have looked at them yet.
    auto analyzed = connection_.query("ANALYZE NO_WRITE_TO_BINLOG TABLE " + quote(plan_.shadow));
    if (analyzed.has_error() && analyzed.error().outcome == Outcome::unknown) return analyzed.error();
    analyzed_ = true;
  }
  Verdict verdict;
  const auto explain = [&](const TableRef& table) {
    return ask("EXPLAIN FORMAT=TRADITIONAL " + about(table, query.sql));
  };
  auto before = explain(plan_.source);
  if (before.has_value()) verdict.rows = planned_rows(*before);
  auto after = explain(plan_.shadow);
  for (const auto* answer : {&before, &after}) {
    if (answer->has_error() && answer->error().outcome == Outcome::unknown) return answer->error();
  }
  if (after.has_error()) {
    verdict.problem = objection(after.error());
    return verdict;
  }
  if (how == How::plan) return verdict;
  const double rows = planned_rows(*after).value_or(0);
  verdict.problem.text = worse_plan(query, rows, verdict.rows);
  if (!verdict.problem.empty() || rows > kRowsRunMax) return verdict;
  auto ran = ask(about(plan_.shadow, query.sql));
  if (ran.has_value()) return verdict;
  if (ran.error().outcome == Outcome::unknown) return ran.error();
  verdict.problem = objection(ran.error());
  return verdict;
}

SqlResult<Rows> Compatibility::ask(const std::string& sql) {
  if (auto begun = connection_.execute("START TRANSACTION"); begun.has_error()) return begun.error();
  auto result = [&] {
    // MySQL's own limit is for SELECTs only.
    const Watchdog watchdog(side_, connection_.connection_id(), kAnswersWithin);
    return connection_.query(sql);
  }();
  if (result.has_error() && result.error().outcome == Outcome::unknown) return result;
  if (auto undone = connection_.execute("ROLLBACK"); undone.has_error()) {
    SqlError lost = undone.error();
    lost.outcome = Outcome::unknown;  // nobody knows what of it is left
    return lost;
  }
  return result;
}

SqlResult<Objection> Compatibility::problem_of(const std::vector<CompatibilityQuery>& queries, const GiveUp& give_up) {
  const auto next = next_auto_increment(side_, plan_.shadow);
  if (next.has_error()) return next.error();
  auto problem = first_problem_of(queries, give_up);
  const auto moved_to = next_auto_increment(side_, plan_.shadow);
  if (moved_to.has_error()) return moved_to.error();
  if (*moved_to != *next) {
    if (auto back = set_auto_increment(side_, plan_.shadow, *next); back.has_error()) return back.error();
  }
  return problem;
}

SqlResult<Objection> Compatibility::first_problem_of(const std::vector<CompatibilityQuery>& queries,
                                                     const GiveUp& give_up) {
  std::size_t number = 0;
  for (const CompatibilityQuery& query : queries) {
    ++number;
    if (give_up()) return Objection{"compatibility queries were given up"};
    auto verdict = judge(query, How::run);
    if (verdict.has_error()) return verdict.error();
    if (verdict->problem.empty()) continue;
    const std::string which = "compatibility query " + std::to_string(number) + ": ";
    Objection problem = verdict->problem;
    problem.text.insert(0, which);
    if (!problem.logged.empty()) problem.logged.insert(0, which);
    return problem;
  }
  return Objection{};
}

}  // namespace sluice::migrator
