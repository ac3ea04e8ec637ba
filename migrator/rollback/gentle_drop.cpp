#include "migrator/rollback/gentle_drop.hpp"

#include <cstdlib>
#include <utility>

namespace sluice::migrator {
namespace {

using MillisAsReal = std::chrono::duration<double, std::milli>;

std::string where(const TableRef& table) {
  return " WHERE TABLE_SCHEMA = " + quote_string(table.database) + " AND TABLE_NAME = " + quote_string(table.table);
}

}  // namespace

SqlResult<std::optional<std::uint64_t>> bytes_of(Connection& connection, const TableRef& table) {
  auto rows = connection.query(
      "SELECT COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) FROM "
      "information_schema.TABLES" +
      where(table));
  if (rows.has_error()) return rows.error();
  if (rows->rows.empty()) return std::optional<std::uint64_t>{};
  constexpr int kDecimal = 10;
  return std::optional<std::uint64_t>{std::strtoull(rows->rows[0].at(0).value_or("0").c_str(), nullptr, kDecimal)};
}

SqlResult<GentleDrop::Is> GentleDrop::look(Connection& connection) {
  auto bytes = bytes_of(connection, table_);
  if (bytes.has_error()) return bytes.error();
  if (*bytes >= kLargeBytes) {
    auto rows = connection.query("SELECT DISTINCT PARTITION_NAME FROM information_schema.PARTITIONS" + where(table_) +
                                 " AND PARTITION_NAME IS NOT NULL");
    if (rows.has_error()) return rows.error();
    for (const Row& row : rows->rows) partitions_.push_back(row.at(0).value_or(""));
  }
  bytes_ = *bytes;
  looked_ = true;
  return bytes_ ? Is::working : Is::gone;
}

GentleDrop::Is GentleDrop::wait(std::string why, TimePoint now) {
  why_ = std::move(why);
  if (!waits_since_) waits_since_ = now;
  return Is::waiting;
}

SqlResult<GentleDrop::Is> GentleDrop::advance(Connection& connection, const HeldBackBy& held_back_by, TimePoint now) {
  if (!looked_) return look(connection);
  if (!bytes_) return Is::gone;
  if (*bytes_ >= kLargeBytes) {
    if (auto by = held_back_by(connection); !by.empty()) return wait(std::move(by), now);
  }
  if (partitions_.empty()) {
    auto dropped = execute(connection, "DROP TABLE IF EXISTS " + quote(table_), now);
    return dropped.has_value() && *dropped == Is::working ? Is::gone : dropped;
  }
  auto emptied = execute(
      connection, "ALTER TABLE " + quote(table_) + " TRUNCATE PARTITION " + quote_identifier(partitions_.back()), now);
  if (emptied.has_value() && *emptied == Is::working) {
    partitions_.pop_back();
    ++partitions_emptied_;
  }
  return emptied;
}

SqlResult<GentleDrop::Is> GentleDrop::execute(Connection& connection, const std::string& sql, TimePoint now) {
  const auto began = std::chrono::steady_clock::now();
  auto done = connection.execute(sql);
  const auto took = MillisAsReal(std::chrono::steady_clock::now() - began).count();
  if (done.has_error() && done.error().outcome == Outcome::unknown) return done.error();
  if (done.has_error() && is_lock_conflict(done.error())) {
    if (!locked_since_) locked_since_ = now;
    if (now - *locked_since_ < kLockedMax) return wait("somebody who uses " + table_.table, now);
  }
  if (done.has_error()) {
    why_ = describe(done.error());
    return Is::failed;
  }
  drop_ms_ += took;
  if (waits_since_) waited_ms_ += MillisAsReal(now - *waits_since_).count();
  waits_since_.reset();
  locked_since_.reset();
  why_.clear();
  return Is::working;
}

}  // namespace sluice::migrator
