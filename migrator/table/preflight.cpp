#include "migrator/table/preflight.hpp"

#include "migrator/table/read_table.hpp"

namespace sluice::migrator {

namespace {

SqlResult<void> read_variables(Connection& connection, PreflightFacts& facts) {
  const auto answer = connection.query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_order_commits', "
      "'innodb_native_foreign_keys')");
  if (!answer) return answer.error();
  for (const Row& row : answer->rows) {
    const std::string name = row[0].value_or("");
    const std::string value = row[1].value_or("");
    if (name == "log_bin") facts.log_bin = value;
    if (name == "binlog_format") facts.binlog_format = value;
    if (name == "binlog_order_commits") facts.binlog_order_commits = value;
    if (name == "innodb_native_foreign_keys") facts.native_foreign_keys = value;
  }
  return {};
}

SqlResult<void> read_grants(Connection& connection, PreflightFacts& facts) {
  const auto answer = connection.query("SHOW GRANTS");
  if (!answer) return answer.error();
  std::vector<std::string> lines;
  for (const Row& row : answer->rows) lines.push_back(row[0].value_or(""));
  facts.grants = Grants::parse(lines);
  return {};
}

}  // namespace

SqlResult<PreflightFacts> gather_facts(Connection& connection, const Specification& specification) {
  PreflightFacts facts;
  facts.server = connection.flavor();
  facts.alter = read_alter(specification.alter);
  if (auto read = read_variables(connection, facts); !read) return read.error();
  if (auto read = read_grants(connection, facts); !read) return read.error();

  auto exists = database_exists(connection, specification.database);
  if (!exists) return exists.error();
  facts.database_exists = *exists;
  auto table = read_table(connection, {specification.database, specification.table});
  if (!table) return table.error();
  facts.table = std::move(*table);
  if (facts.table) {
    auto shadow = table_exists(connection, shadow_table(facts.table->name));
    if (!shadow) return shadow.error();
    facts.shadow_exists = *shadow;
    auto old = table_exists(connection, old_table(facts.table->name));
    if (!old) return old.error();
    facts.old_exists = *old;
  }
  return facts;
}

SqlResult<Problems> preflight(Connection& connection, const Specification& specification) {
  const auto facts = gather_facts(connection, specification);
  if (!facts) return facts.error();
  return check(specification, *facts);
}

}  // namespace sluice::migrator
