// The answer to a call for which the primary was needed and not to be had.
#pragma once

#include "migrator/api.hpp"
#include "migrator/sql/sql_error.hpp"

namespace sluice::migrator {

[[nodiscard]] inline Unavailable unavailable(const SqlError& error) {
  return {{"primary_unavailable", describe(error)}};
}

}  // namespace sluice::migrator
