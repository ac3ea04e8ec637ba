// The begin and the end of a transaction on a blocking connection.
#pragma once

#include <cstdint>

#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

enum class TransactionStart : std::uint8_t {
  statement,  // START TRANSACTION
  implicit    // autocommit is off; a statement would give LOCK TABLES up
};
enum class End : std::uint8_t { commit, rollback };

[[nodiscard]] inline SqlResult<Affected> begin(Connection& connection, TransactionStart start) {
  return start == TransactionStart::implicit ? Affected{} : connection.execute("START TRANSACTION");
}

[[nodiscard]] inline SqlResult<Affected> finish(Connection& connection, End end) {
  return connection.execute(end == End::commit ? "COMMIT" : "ROLLBACK");
}

}  // namespace sluice::migrator
