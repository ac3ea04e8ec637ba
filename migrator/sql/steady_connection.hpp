// A connection for statements that may be said twice: where it is lost it is made again, once, and the statement
// repeated. Blocks; belongs to one thread at a time.
#pragma once

#include <optional>
#include <string>

#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

class SteadyConnection {
 public:
  explicit SteadyConnection(ServerAddress address) : address_(std::move(address)) {}

  [[nodiscard]] SqlResult<Affected> execute(const std::string& sql);
  [[nodiscard]] SqlResult<Rows> query(const std::string& sql);

  // Gives it back. What is said later opens another.
  void disconnect() { connection_.reset(); }

 private:
  [[nodiscard]] SqlResult<Connection*> connection();

  ServerAddress address_;
  std::optional<Connection> connection_;
};

}  // namespace sluice::migrator
