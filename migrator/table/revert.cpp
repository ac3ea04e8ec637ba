#include "migrator/table/revert.hpp"

#include <algorithm>
#include <utility>

#include "migrator/table/approved_renames.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/preflight.hpp"
#include "migrator/table/read_table.hpp"

namespace sluice::migrator {

namespace {

using Answer = std::variant<Shadow, Problems>;

struct Present {
  bool shadow = false;
  bool old = false;
};

SqlResult<Present> look(Connection& connection, const TableRef& source) {
  const auto shadow = table_exists(connection, shadow_table(source));
  if (!shadow) return shadow.error();
  const auto old = table_exists(connection, old_table(source));
  if (!old) return old.error();
  return Present{*shadow, *old};
}

SqlResult<void> rename(Connection& connection, const TableRef& from, const TableRef& to) {
  const auto renamed = connection.execute(as_own("RENAME TABLE " + quote(from) + " TO " + quote(to)));
  if (!renamed) return renamed.error();
  return {};
}

std::vector<Column> own_columns(const CopyPlan& plan, const TableDefinition& shadow) {
  std::vector<Column> own;
  for (const Column& column : shadow.columns) {
    const bool shared = std::ranges::any_of(
        plan.columns, [&](const SharedColumn& pair) { return same_name(pair.shadow.name, column.name); });
    if (!shared && column.generated == Generated::no) own.push_back(column);
  }
  return own;
}

boost::system::result<CopyPlan, Problems> plan_way_back(const Specification& specification,
                                                        const TableDefinition& source, const TableDefinition& shadow) {
  AlterText alter = read_alter(specification.alter);
  auto problems = approve_renames(specification.options.approve_renamed_columns, shadow, source, alter);
  if (!problems.empty()) return problems;
  auto plan = make_plan_back(source, shadow, alter);
  if (plan && specification.options.allow_zero_in_date) plan->zero_dates = ZeroDates::allowed;
  return plan;
}

}  // namespace

boost::system::result<CopyPlan, Problems> plan_of_revert(const Specification& specification, AlterDirection direction,
                                                         const TableDefinition& source, const TableDefinition& shadow) {
  auto plan = direction == AlterDirection::there ? plan_for(specification, source, shadow)
                                                 : plan_way_back(specification, source, shadow);
  if (!plan) return plan;
  plan->kept_columns = own_columns(*plan, shadow);
  // What has been in the old table may stay in it.
  if (!plan->kept_columns.empty()) plan->zero_dates = ZeroDates::allowed;
  return plan;
}

SqlResult<Answer> old_table_as_shadow(Connection& connection, const Specification& specification,
                                      AlterDirection direction) {
  const auto facts = gather_facts(connection, specification);
  if (!facts) return facts.error();
  if (auto problems = check_revert(specification, *facts); !problems.empty()) return Answer{std::move(problems)};
  const TableDefinition& source = *facts->table;
  const TableRef old = old_table(source.name);
  auto shadow = read_table(connection, old);
  if (!shadow) return shadow.error();
  if (!*shadow) return Answer{Problems{{"old.missing", "the old table " + old.table + " is gone"}}};
  auto plan = plan_of_revert(specification, direction, source, **shadow);
  if (!plan) return Answer{plan.error()};
  (*shadow)->name = plan->shadow = shadow_table(source.name);
  return Answer{Shadow{.source = source, .shadow = std::move(**shadow), .plan = std::move(*plan)}};
}

SqlResult<void> take_old_table(Connection& connection, const TableRef& source) {
  const auto present = look(connection, source);
  if (!present) return present.error();
  if (present->shadow && !present->old) return {};
  if (present->old && !present->shadow) return rename(connection, old_table(source), shadow_table(source));
  const TableRef& odd = present->old ? shadow_table(source) : old_table(source);
  return SqlError{Outcome::refused, present->old ? server_error::table_exists : server_error::no_such_table, "HY000",
                  "the table " + odd.table + (present->old ? " exists as well" : " is gone")};
}

SqlResult<void> give_old_table_back(Connection& connection, const TableRef& source) {
  const auto present = look(connection, source);
  if (!present) return present.error();
  if (!present->shadow || present->old) return {};
  return rename(connection, shadow_table(source), old_table(source));
}

}  // namespace sluice::migrator
