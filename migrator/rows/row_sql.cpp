#include "migrator/rows/row_sql.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "migrator/rows/row_hash.hpp"
#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {

namespace {

const Column& of(const SharedColumn& column, Side side) {
  return side == Side::source ? column.source : column.shadow;
}

std::string name_of(const SharedColumn& column, Side side) {
  return quote_identifier(of(column, side).name);
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "row_sql: %s\n", what);
  std::abort();
}

bool is_temporal(const Column& column) {
  switch (kind_of(column)) {
    case ColumnKind::date:
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
    case ColumnKind::time:
      return true;
    case ColumnKind::integer:
    case ColumnKind::decimal:
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::bit:
    case ColumnKind::text:
    case ColumnKind::binary:
    case ColumnKind::year:
    case ColumnKind::enumeration:
    case ColumnKind::set:
    case ColumnKind::json:
    case ColumnKind::other:
      return false;
  }
  return false;
}

std::string columns_in_order(const std::vector<SharedColumn>& columns, Side side, std::string_view direction) {
  std::string list;
  for (const SharedColumn& column : columns) {
    if (!list.empty()) list += ", ";
    list.append(name_of(column, side)).append(direction);
  }
  return list;
}

// a < x OR (a = x AND (b < y OR (b = y AND ...))), where the last comparison may include equality: row constructors are
// not used for ranges by MariaDB.
std::string beyond(const std::vector<SharedColumn>& columns, Side side, const KeyLiterals& bound,
                   std::string_view strict, std::string_view last) {
  require(bound.size() == columns.size(), "a bound has as many literals as the key has columns");
  std::string condition;
  for (std::size_t i = columns.size(); i-- > 0;) {
    const std::string name = name_of(columns[i], side);
    if (i + 1 == columns.size()) {
      condition = name + " " + std::string(last) + " " + bound[i];
    } else {
      condition = "(" + name + " " + std::string(strict) + " " + bound[i] + " OR (" + name + " = " + bound[i] +
                  " AND " + condition + "))";
    }
  }
  return condition;
}

}  // namespace

RowSql::RowSql(CopyPlan plan, ServerFlavor server) : plan_(std::move(plan)), server_(server) {
  require(!plan_.columns.empty() && !plan_.key.columns.empty(), "a plan has columns and a key");
}

std::string RowSql::where_keys(Side side, Keys keys) const {
  require(!keys.empty() && keys.size() <= max_keys_per_batch, "1 to max_keys_per_batch keys");
  const auto& columns = plan_.key.columns;
  std::string condition;
  // In an IN list MySQL may compare temporals with strings as strings.
  const bool list = columns.size() == 1 && !is_temporal(columns.front().source);
  for (const KeyLiterals& key : keys) {
    require(key.size() == columns.size(), "a key has as many literals as columns");
    if (list) {
      condition += (condition.empty() ? name_of(columns.front(), side) + " IN (" : ", ") + key.front();
      continue;
    }
    condition += condition.empty() ? "(" : " OR ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      condition += (i == 0 ? "(" : " AND ") + name_of(columns[i], side) + " = " + key[i];
    }
    condition += ")";
  }
  return condition + ")";
}

std::string RowSql::where_range(Side side, const KeyRange& range) const {
  std::string condition;
  if (range.above) condition = "(" + beyond(plan_.key.columns, side, *range.above, ">", ">") + ")";
  if (range.up_to) {
    if (!condition.empty()) condition += " AND ";
    condition += "(" + beyond(plan_.key.columns, side, *range.up_to, "<", "<=") + ")";
  }
  return condition.empty() ? "1 = 1" : condition;
}

std::string RowSql::remove(const std::string& where_shadow) const {
  // The form for several tables is the one that takes an index hint.
  return "DELETE " + quote(plan_.shadow) + " FROM " + table(Side::shadow) + " WHERE " + where_shadow;
}

std::string RowSql::insert(const std::string& where_source, SourceLock lock) const {
  std::string into;
  std::string from;
  for (const SharedColumn& column : plan_.columns) {
    if (!into.empty()) into += ", ";
    if (!from.empty()) from += ", ";
    into += name_of(column, Side::shadow);
    from += stored_expression(column, server_);
  }
  for (const FilledColumn& column : plan_.filled_columns) {
    into += ", " + quote_identifier(column.name);
    from += ", " + column.literal;
  }
  std::string sql = "INSERT INTO " + quote(plan_.shadow) + " (" + into + ") SELECT " + from + " FROM ";
  return sql.append(table(Side::source)).append(" WHERE ").append(where_source).append(lock_clause(lock));
}

std::string RowSql::hashes(Side side, const std::string& where, SourceLock lock) const {
  std::string sql = "SELECT " + row_hash_expression(plan_.columns, side) + ", " + key_select_list(side) + " FROM ";
  sql.append(table(side)).append(" WHERE ").append(where);
  if (side == Side::source) sql.append(lock_clause(lock));
  return sql;
}

std::string RowSql::checksum(Side side, const std::string& where) const {
  const std::string hash = "COALESCE(" + row_hash_expression(plan_.columns, side) + ", SHA2(UUID(), 256))";
  return "SELECT COUNT(*), " + xor_of_hashes(server_, hash) + " FROM " + table(side) + " WHERE " + where;
}

std::string RowSql::key_list(Side side, const std::string& where) const {
  return "SELECT " + key_select_list(side) + " FROM " + table(side) + " WHERE " + where;
}

std::string RowSql::nth_key_above(const std::optional<KeyLiterals>& above, std::uint64_t rows) const {
  require(rows > 0, "a chunk has at least one row");
  return key_list(Side::source, where_range(Side::source, {above, std::nullopt})) + " ORDER BY " +
         columns_in_order(plan_.key.columns, Side::source, "") + " LIMIT 1 OFFSET " + std::to_string(rows - 1);
}

std::string RowSql::lock_rows(const std::string& where_source, SourceLock lock) const {
  std::string sql = "SELECT 1 FROM ";
  return sql.append(table(Side::source)).append(" WHERE ").append(where_source).append(lock_clause(lock));
}

std::string RowSql::table(Side side) const {
  // Another index would be locked, and trip over locks, at rows that were not asked for.
  if (side == Side::source) {
    return quote(plan_.source) + " FORCE INDEX (" + quote_identifier(plan_.key.source_index) + ")";
  }
  return quote(plan_.shadow) + " FORCE INDEX (" + quote_identifier(plan_.key.shadow_index) + ")";
}

std::string RowSql::key_select_list(Side side) const {
  std::string list;
  for (const SharedColumn& column : plan_.key.columns) {
    if (!list.empty()) list += ", ";
    list += key_literal_expression(column, side);
  }
  return list;
}

std::string_view RowSql::lock_clause(SourceLock lock) const {
  switch (lock) {
    case SourceLock::none:
      return {};
    case SourceLock::wait:
      return share_lock(server_, OnLockedRow::wait);
    case SourceLock::fail:
      return share_lock(server_, OnLockedRow::fail);
  }
  return {};
}

}  // namespace sluice::migrator
