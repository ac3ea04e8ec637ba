// One statement that may take hours, on a connection and a thread of its own. Belongs to one thread; does not block but
// where it says so.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

class LongStatement {
 public:
  // Of silence, after which the connection counts as lost.
  static constexpr std::chrono::hours kMax{24 * 30};

  // Connects, which blocks, and begins. Of the settings, reply_timeout is not used.
  [[nodiscard]] static SqlResult<std::unique_ptr<LongStatement>> begin(const ServerAddress& primary,
                                                                       SessionSettings settings, std::string sql);
  // Kills the statement if it still runs, so that the server works no further on it. Blocks for as long as that takes.
  ~LongStatement();
  LongStatement(const LongStatement&) = delete;
  LongStatement& operator=(const LongStatement&) = delete;

  // Waits for up to `limit`; nullopt: it still runs. Not to be asked again once it has told.
  [[nodiscard]] std::optional<SqlResult<Affected>> result(std::chrono::milliseconds limit);

 private:
  LongStatement(ServerAddress primary, Connection connection, std::string sql);

  ServerAddress primary_;
  Connection connection_;
  std::string sql_;
  std::future<SqlResult<Affected>> result_;  // last: its thread uses the others
};

}  // namespace sluice::migrator
