#include "migrator/engine/dry_run.hpp"

#include <algorithm>
#include <cstdlib>

#include "migrator/engine/compatibility.hpp"
#include "migrator/engine/risk.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

std::uint64_t number(const Value& value) {
  constexpr int kDecimal = 10;
  return value ? std::strtoull(value->c_str(), nullptr, kDecimal) : 0;
}

// The first value; nothing: the server refuses to tell, or has none.
std::optional<std::uint64_t> asked(Connection& connection, const std::string& sql, std::size_t column = 0) {
  auto rows = connection.query(sql);
  if (rows.has_error() || rows->rows.empty() || !rows->rows[0].at(column)) return std::nullopt;
  return number(rows->rows[0][column]);
}

TableSize size_of(Connection& connection, const Shadow& shadow) {
  TableSize size{.rows = shadow.source.rows_estimated};
  auto rows = connection.query("SELECT DATA_LENGTH, INDEX_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                               quote_string(shadow.source.name.database) +
                               " AND TABLE_NAME = " + quote_string(shadow.source.name.table));
  if (rows.has_value() && !rows->rows.empty()) {
    size.data_bytes = number(rows->rows[0].at(0));
    size.index_bytes = number(rows->rows[0].at(1));
  }
  size.secondary_indexes = static_cast<std::size_t>(
      std::ranges::count_if(shadow.shadow.keys, [](const Key& key) { return key.name != "PRIMARY"; }));
  return size;
}

SqlResult<std::vector<PlannedQuery>> try_queries(const ServerAddress& primary, const Options& options,
                                                 const Shadow& shadow) {
  std::vector<PlannedQuery> planned;
  if (options.compatibility_queries.empty()) return planned;
  auto compatibility = Compatibility::connect(primary, shadow.plan);
  if (compatibility.has_error()) return compatibility.error();
  for (const CompatibilityQuery& query : options.compatibility_queries) {
    auto verdict = compatibility->judge(query, Compatibility::How::plan);
    if (verdict.has_error()) return verdict.error();
    planned.push_back({.sql = query.sql, .problem = verdict->problem.text, .rows = verdict->rows});
  }
  return planned;
}

RiskFacts risk_facts(Connection& connection, const Options& options, const Plan& plan, const TableSize& size) {
  RiskFacts facts{.size = size,
                  .time = plan.time,
                  .instant = plan.algorithm == Algorithm::instant,
                  .dropped_columns = plan.dropped_columns,
                  .foreign_keys = plan.foreign_keys.size(),
                  .triggers = plan.triggers.size(),
                  .verify = options.verify};
  facts.incompatible_queries = static_cast<std::size_t>(
      std::ranges::count_if(plan.queries, [](const PlannedQuery& query) { return !query.problem.empty(); }));
  facts.threads_running = asked(connection, "SHOW GLOBAL STATUS LIKE 'Threads_running'", 1);
  facts.long_transactions =
      asked(connection, "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_started < NOW() - INTERVAL " +
                            std::to_string(kLongTransaction.count()) + " SECOND");
  if (const auto kept = asked(connection, "SHOW GLOBAL VARIABLES LIKE 'binlog_expire_logs_seconds'", 1)) {
    facts.binlog_kept_for = std::chrono::seconds{static_cast<std::int64_t>(*kept)};
  }
  return facts;
}

}  // namespace

SqlResult<Plan> plan_of(Connection& connection, const ServerAddress& primary, const Specification& specification,
                        const Shadow& shadow, std::size_t together) {
  Plan plan{.table = shadow.source.name.table,
            .key = shadow.plan.key.source_index,
            .dropped_columns = shadow.plan.dropped_columns,
            .added_columns = shadow.plan.added_columns,
            .rows_estimated = shadow.source.rows_estimated,
            .instant_possible = shadow.instant && together == 1};
  for (const SharedColumn& column : shadow.plan.key.columns) plan.key_columns.push_back(column.source.name);
  for (const SharedColumn& column : shadow.plan.columns)
    plan.columns.emplace_back(column.source.name, column.shadow.name);
  auto definition = show_create(connection, shadow.plan.shadow);
  if (definition.has_error()) return definition.error();
  plan.shadow_definition = std::move(*definition);
  for (const Constraint& key : shadow.attachments.foreign_keys) plan.foreign_keys.push_back(text_of(key));
  for (const Trigger& trigger : shadow.attachments.triggers) plan.triggers.push_back(trigger.name);
  const bool instant = plan.instant_possible && specification.options.attempt_instant_ddl;
  plan.algorithm = instant ? Algorithm::instant : Algorithm::copy;
  const TableSize size = size_of(connection, shadow);
  plan.data_bytes = size.data_bytes;
  plan.index_bytes = size.index_bytes;
  if (!instant) plan.time = planned_time(size, specification.options.verify);
  auto queries = try_queries(primary, specification.options, shadow);
  if (queries.has_error()) return queries.error();
  plan.queries = std::move(*queries);
  plan.risk = assess(risk_facts(connection, specification.options, plan, size));
  return plan;
}

}  // namespace sluice::migrator
