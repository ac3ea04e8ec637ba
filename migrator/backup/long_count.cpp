#include "migrator/backup/long_count.hpp"

#include <cstdlib>
#include <string>
#include <utility>

namespace sluice::migrator {

SqlResult<std::unique_ptr<LongCount>> LongCount::begin(const ServerAddress& primary, const TableRef& table) {
  SessionSettings settings;
  settings.reply_timeout = kMax;
  auto connection = Connection::connect(primary, settings);
  if (connection.has_error()) return connection.error();
  return std::unique_ptr<LongCount>(new LongCount(primary, std::move(*connection), table));
}

LongCount::LongCount(ServerAddress primary, Connection connection, const TableRef& table)
    : primary_(std::move(primary)),
      connection_(std::move(connection)),
      result_(std::async(std::launch::async, [this, sql = "SELECT COUNT(*) FROM " + quote(table)] {
        auto rows = connection_.query(sql);
        if (rows.has_error()) return SqlResult<std::uint64_t>(rows.error());
        constexpr int kDecimal = 10;
        return SqlResult<std::uint64_t>(std::strtoull(rows->rows.at(0).at(0).value_or("0").c_str(), nullptr, kDecimal));
      })) {}

LongCount::~LongCount() {
  if (!result_.valid() || result_.wait_for(std::chrono::seconds{0}) == std::future_status::ready) return;
  if (auto killer = Connection::connect(primary_); killer.has_value()) {
    (void)killer->execute("KILL " + std::to_string(connection_.connection_id()));
  }
  connection_.close_now();
}

std::optional<SqlResult<std::uint64_t>> LongCount::result() {
  if (result_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return std::nullopt;
  return result_.get();
}

}  // namespace sluice::migrator
