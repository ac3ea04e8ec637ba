#include "migrator/rows/row_sql.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "migrator/rows/key_match.hpp"
#include "migrator/rows/row_hash.hpp"
#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {

namespace {

// What the columns of one side's key are called where they are joined with another table, whose columns are named
// without it.
std::string joined_name(std::size_t column) {
  return "sluice_key_" + std::to_string(column);
}

constexpr std::string_view kPutBy = "_sluice.put_by";

std::string put_by_value(std::size_t column) {
  return "sluice_value_" + std::to_string(column);
}

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
  // In an IN list MySQL may compare temporals with strings as strings.
  if (columns.size() == 1 && !is_temporal(columns.front().source)) {
    std::vector<std::string> literals;
    for (const KeyLiterals& key : keys) {
      require(key.size() == 1, "a key has as many literals as columns");
      literals.push_back(key.front());
    }
    return in_literals(columns.front(), side, literals);
  }
  std::string condition;
  for (const KeyLiterals& key : keys) {
    require(key.size() == columns.size(), "a key has as many literals as columns");
    condition += condition.empty() ? "(" : " OR ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      condition += (i == 0 ? "(" : " AND ") + equals_literal(columns[i], side, key[i]);
    }
    condition += ")";
  }
  return condition + ")";
}

std::string RowSql::in_shadows_terms(Keys keys) const {
  std::string sql;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    require(keys[at].size() == plan_.key.columns.size(), "a key has as many literals as columns");
    sql += (at == 0 ? "SELECT " : " UNION ALL SELECT ") + std::to_string(at);
    for (std::size_t i = 0; i < keys[at].size(); ++i) {
      sql += ", " + shadow_literal_expression(plan_.key.columns[i], keys[at][i]);
    }
  }
  return sql;
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

RowSql::Copied RowSql::copied_columns() const {
  Copied copied;
  for (const SharedColumn& column : plan_.columns) {
    if (!copied.into.empty()) copied.into += ", ";
    if (!copied.from.empty()) copied.from += ", ";
    copied.into += name_of(column, Side::shadow);
    copied.from += stored_expression(column, server_);
  }
  return copied;
}

std::string RowSql::insert(const std::string& where_source, SourceLock lock) const {
  Copied copied = copied_columns();
  for (const FilledColumn& column : plan_.filled_columns) {
    copied.into += ", " + quote_identifier(column.name);
    copied.from += ", " + column.literal;
  }
  std::string sql = "INSERT INTO " + quote(plan_.shadow) + " (" + copied.into + ") SELECT " + copied.from + " FROM ";
  return sql.append(table(Side::source)).append(" WHERE ").append(where_source).append(lock_clause(lock));
}

std::vector<std::string> RowSql::put_by(const std::string& where_shadow) const {
  std::string columns;
  for (std::size_t i = 0; i < plan_.key.columns.size(); ++i) {
    columns += name_of(plan_.key.columns[i], Side::shadow) + " AS " + joined_name(i) + ", ";
  }
  for (std::size_t i = 0; i < plan_.kept_columns.size(); ++i) {
    columns += (i == 0 ? "" : ", ") + quote_identifier(plan_.kept_columns[i].name) + " AS " + put_by_value(i);
  }
  // Its own key: a server may require one.
  return {"DROP TEMPORARY TABLE IF EXISTS " + std::string(kPutBy),
          "CREATE TEMPORARY TABLE " + std::string(kPutBy) +
              " (sluice_row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY) AS SELECT " + columns + " FROM " +
              table(Side::shadow) + " WHERE " + where_shadow};
}

std::string RowSql::insert_as_put_by(const std::string& where_source, SourceLock lock) const {
  const Copied copied = copied_columns();
  std::string into = copied.into;
  std::string from = copied.from;
  for (std::size_t i = 0; i < plan_.kept_columns.size(); ++i) {
    into += ", " + quote_identifier(plan_.kept_columns[i].name);
    from += ", " + put_by_value(i);
  }
  std::string sql = "INSERT INTO " + quote(plan_.shadow) + " (" + into + ") SELECT " + from + " FROM " +
                    std::string(kPutBy) + " STRAIGHT_JOIN " + table(Side::source) + " ON " + is_put_by();
  return sql.append(" WHERE ").append(where_source).append(lock_clause(lock));
}

std::string RowSql::not_put_by() const {
  return " AND NOT EXISTS (SELECT 1 FROM " + std::string(kPutBy) + " WHERE " + is_put_by() + ")";
}

std::string RowSql::is_put_by() const {
  std::string same;
  for (std::size_t i = 0; i < plan_.key.columns.size(); ++i) {
    same += (i == 0 ? "" : " AND ") + equals_other_side(plan_.key.columns[i], Side::source, joined_name(i));
  }
  return same;
}

std::string RowSql::hashes_of(Side side, const std::string& rows) const {
  return "SELECT " + row_hash_expression(plan_.columns, side) + ", " + key_select_list(side) + " FROM " + rows;
}

std::string RowSql::hashes(Side side, const std::string& where, SourceLock lock) const {
  std::string sql = hashes_of(side, table(side) + " WHERE " + where);
  if (side == Side::source) sql.append(lock_clause(lock));
  return sql;
}

std::string RowSql::checksum(Side side, const std::string& where) const {
  return checksum_of(side, table(side) + " WHERE " + where);
}

std::string RowSql::checksum_of(Side side, const std::string& rows) const {
  const std::string hash = "COALESCE(" + row_hash_expression(plan_.columns, side) + ", SHA2(UUID(), 256))";
  return "SELECT COUNT(*), " + xor_of_hashes(server_, hash) + " FROM " + rows;
}

std::string RowSql::key_list(Side side, const std::string& where) const {
  return "SELECT " + key_select_list(side) + " FROM " + table(side) + " WHERE " + where;
}

std::string RowSql::hashes_in(Side side, const KeyRange& range) const {
  return hashes_of(side, rows_in(side, range));
}

std::string RowSql::checksum_in(Side side, const KeyRange& range) const {
  return checksum_of(side, rows_in(side, range));
}

std::string RowSql::keys_in(Side side, const KeyRange& range) const {
  return "SELECT " + key_select_list(side) + " FROM " + rows_in(side, range);
}

std::string RowSql::rows_in(Side side, const KeyRange& range) const {
  if (side == Side::source || plan_.key.order == KeyOrder::same) {
    return table(side) + " WHERE " + where_range(side, range);
  }
  std::string keys;
  for (std::size_t i = 0; i < plan_.key.columns.size(); ++i) {
    keys += (i == 0 ? "" : ", ") + name_of(plan_.key.columns[i], Side::source) + " AS " + joined_name(i);
  }
  return "(SELECT " + keys + " FROM " + table(Side::source) + " WHERE " + where_range(Side::source, range) +
         ") AS sluice STRAIGHT_JOIN " + table(Side::shadow) + " ON " + partner_of(Side::shadow);
}

std::string RowSql::partner_of(Side side) const {
  std::string condition;
  for (std::size_t i = 0; i < plan_.key.columns.size(); ++i) {
    condition += (i == 0 ? "" : " AND ") + equals_other_side(plan_.key.columns[i], side, "sluice." + joined_name(i));
  }
  return condition;
}

RowSql RowSql::of_shadow_alone() const {
  CopyPlan alone = plan_;
  alone.source = plan_.shadow;
  alone.key.source_index = plan_.key.shadow_index;
  alone.key.order = KeyOrder::same;
  alone.key.columns.clear();
  for (const Column& column : plan_.key.shadow_columns) alone.key.columns.push_back({column, column});
  return {std::move(alone), server_};
}

std::string RowSql::strays_in(const KeyRange& range_of_shadow) const {
  const RowSql alone = of_shadow_alone();
  std::string shown;
  std::string columns;
  for (std::size_t i = 0; i < plan_.key.columns.size(); ++i) {
    const SharedColumn& column = plan_.key.columns[i];
    const std::string literal = "sluice_literal_" + std::to_string(i);
    shown += (i == 0 ? "" : ", ") + literal;
    columns += (i == 0 ? "" : ", ") + name_of(column, Side::shadow) + " AS " + joined_name(i) + ", " +
               key_literal_expression(column, Side::shadow) + " AS " + literal;
  }
  return "SELECT " + shown + " FROM (SELECT " + columns + " FROM " + table(Side::shadow) + " WHERE " +
         alone.where_range(Side::source, range_of_shadow) + ") AS sluice LEFT JOIN " + table(Side::source) + " ON " +
         partner_of(Side::source) + " WHERE " + name_of(plan_.key.columns.front(), Side::source) + " IS NULL";
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
