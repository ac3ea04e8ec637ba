// What the API answers with, as JSON by the contract's field names. Pure.
#pragma once

#include <string>
#include <vector>

#include "control/http.hpp"
#include "control/latency_history.hpp"
#include "migrator/api.hpp"

namespace sluice::control {

// What is not known (yet) is null: eta_seconds, throttled_by, started_at, ended_at, error.
[[nodiscard]] std::string status_text(const migrator::Status& status);
[[nodiscard]] std::string list_text(const std::vector<migrator::Status>& statuses);
// One plan as its fields, several as {"dry_run":true,"tables":[…]}.
[[nodiscard]] std::string plans_text(const migrator::Plans& plans);
// {"ready","migrations"}
[[nodiscard]] std::string service_text(bool ready, const std::vector<migrator::Status>& statuses);
// {"seconds":[{"at","p99_ms"}],"minutes":[…]}
[[nodiscard]] std::string latency_text(const LatencyHistory::Part& part);
// A migration and all that is known of what happened to it.
[[nodiscard]] std::string export_text(const migrator::Status& status,
                                      const std::vector<migrator::JournalEntry>& journal);
[[nodiscard]] std::string journal_text(const migrator::JournalEntry& entry);

// {"error":{"code","message"}}
[[nodiscard]] Response error_response(unsigned status, const migrator::Problem& problem);
// 422, and {"error":{"code","message","problems":[{"code","message"}]}} with every reason.
[[nodiscard]] Response refused_response(const std::vector<migrator::Problem>& problems);

}  // namespace sluice::control
