#include "migrator/engine/long_statement.hpp"

#include <utility>

namespace sluice::migrator {

SqlResult<std::unique_ptr<LongStatement>> LongStatement::begin(const ServerAddress& primary, SessionSettings settings,
                                                               std::string sql) {
  settings.reply_timeout = kMax;
  auto connection = Connection::connect(primary, settings);
  if (connection.has_error()) return connection.error();
  return std::unique_ptr<LongStatement>(new LongStatement(primary, std::move(*connection), std::move(sql)));
}

LongStatement::LongStatement(ServerAddress primary, Connection connection, std::string sql)
    : primary_(std::move(primary)),
      connection_(std::move(connection)),
      sql_(std::move(sql)),
      result_(std::async(std::launch::async, [this] { return connection_.execute(sql_); })) {}

LongStatement::~LongStatement() {
  if (!result_.valid() || result(std::chrono::milliseconds{0})) return;
  if (auto killer = Connection::connect(primary_); killer.has_value()) {
    (void)killer->execute("KILL " + std::to_string(connection_.connection_id()));
  }
  connection_.close_now();
}

std::optional<SqlResult<Affected>> LongStatement::result(std::chrono::milliseconds limit) {
  if (result_.wait_for(limit) != std::future_status::ready) return std::nullopt;
  return result_.get();
}

}  // namespace sluice::migrator
