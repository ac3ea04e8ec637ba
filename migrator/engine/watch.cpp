#include "migrator/engine/watch.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace sluice::migrator {
namespace {

using protocol::binlog::KeyType;
using protocol::binlog::Sign;

KeyType type_of(const Column& column) {
  static constexpr std::array<std::pair<std::string_view, KeyType>, 26> kTypes{{
      {"tinyint", KeyType::integer},     {"smallint", KeyType::integer}, {"mediumint", KeyType::integer},
      {"int", KeyType::integer},         {"bigint", KeyType::integer},   {"decimal", KeyType::decimal},
      {"float", KeyType::real},          {"double", KeyType::real},      {"char", KeyType::text},
      {"varchar", KeyType::text},        {"tinytext", KeyType::text},    {"text", KeyType::text},
      {"mediumtext", KeyType::text},     {"longtext", KeyType::text},    {"binary", KeyType::bytes},
      {"varbinary", KeyType::bytes},     {"blob", KeyType::bytes},       {"bit", KeyType::bit},
      {"enum", KeyType::enumeration},    {"set", KeyType::set},          {"year", KeyType::year},
      {"date", KeyType::date},           {"time", KeyType::time},        {"datetime", KeyType::datetime},
      {"timestamp", KeyType::timestamp}, {"inet6", KeyType::inet6},
  }};
  for (const auto& [name, type] : kTypes) {
    if (name == column.data_type) return type;
  }
  std::abort();  // the plan chose a key that the stream can't read
}

}  // namespace

WatchedTable watch(const TableRef& name, const TableDefinition& table, const SharedKey& key, Side side) {
  WatchedTable watched{
      .database = name.database, .table = name.table, .columns = table.columns.size() + table.hash_columns};
  for (const SharedColumn& shared : key.columns) {
    const Column& column = side == Side::source ? shared.source : shared.shadow;
    watched.keys.push_back({.ordinal = column.ordinal,
                            .name = column.name,
                            .type = type_of(column),
                            .sign = column.is_unsigned ? Sign::without_sign : Sign::with_sign,
                            .charset = column.charset});
  }
  return watched;
}

}  // namespace sluice::migrator
