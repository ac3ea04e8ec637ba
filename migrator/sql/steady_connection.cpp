#include "migrator/sql/steady_connection.hpp"

#include <utility>

namespace sluice::migrator {

SqlResult<Connection*> SteadyConnection::connection() {
  if (!connection_) {
    auto made = Connection::connect(address_);
    if (made.has_error()) return made.error();
    connection_ = std::move(*made);
  }
  return &*connection_;
}

SqlResult<Affected> SteadyConnection::execute(const std::string& sql) {
  for (bool again = false;; again = true) {
    auto open = connection();
    if (open.has_error()) return open.error();
    auto result = (*open)->execute(sql);
    if (result.has_value() || result.error().outcome == Outcome::refused) return result;
    connection_.reset();
    if (again) return result;
  }
}

SqlResult<Rows> SteadyConnection::query(const std::string& sql) {
  for (bool again = false;; again = true) {
    auto open = connection();
    if (open.has_error()) return open.error();
    auto result = (*open)->query(sql);
    if (result.has_value() || result.error().outcome == Outcome::refused) return result;
    connection_.reset();
    if (again) return result;
  }
}

}  // namespace sluice::migrator
