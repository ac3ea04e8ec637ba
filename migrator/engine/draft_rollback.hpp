// A rollback before it begins: what is asked for, how long it may take, and how risky it is.
#pragma once

#include <string>

#include "migrator/api.hpp"
#include "migrator/rollback/rollback_store.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

struct RollbackDraft {
  Status status;
  Options options;
  RollbackRequest request;
  std::string backup_folder;
};

// Blocks for some queries; changes nothing.
[[nodiscard]] SqlResult<RollbackReport> draft_rollback(Connection& connection, RollbackStore& store,
                                                       const RollbackDraft& draft);

// The same, as asked for at that time (RFC 3339).
[[nodiscard]] RollbackReport with_request_noted(RollbackReport report, const RollbackRequest& request,
                                                const std::string& requested_at);
// The same, where it could not be begun after all.
[[nodiscard]] RollbackReport withdrawn(RollbackReport report, const Problem& problem);

}  // namespace sluice::migrator
