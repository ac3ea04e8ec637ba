#include "migrator/sql/sql_error.hpp"

#include <cstdio>
#include <cstdlib>

namespace sluice::migrator {

void throw_exception_from_error(const SqlError& error, const boost::source_location& where) {
  std::fprintf(stderr, "%s: there is no result but an error: %s\n", where.to_string().c_str(), describe(error).c_str());
  std::abort();
}

bool is_lock_conflict(const SqlError& error) noexcept {
  return error.outcome == Outcome::refused &&
         (error.code == server_error::lock_wait_timeout || error.code == server_error::deadlock ||
          error.code == server_error::lock_nowait);
}

std::string describe(const SqlError& error) {
  return error.text + " (" + std::to_string(error.code) + ")";
}

}  // namespace sluice::migrator
