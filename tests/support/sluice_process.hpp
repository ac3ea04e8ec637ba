// The real `sluice serve` in front of a throwaway server, and what tests ask of its HTTP API.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/client.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/server.hpp"

namespace sluice::test {

struct MigrationStatus {  // the fields that tests look at; the rest is in `json`
  std::string id;
  std::string state;
  double progress = 0;  // 0 to 1
  std::uint64_t rows_copied = 0;
  std::uint64_t rows_estimated = 0;
  std::uint64_t changes_applied = 0;
  std::uint64_t changes_pending = 0;
  std::uint64_t verified_rows = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t attempts = 0;
  double hold_ms = 0;
  std::uint64_t held_statements = 0;
  std::uint64_t stragglers = 0;
  std::string audit;  // of the swap; empty before it
  std::string error;  // "code: message", empty if there is none
  std::string json;

  [[nodiscard]] bool ended() const;  // completed, stopped, panicked, failed or reverted
};

struct Migration {
  std::string table;
  std::string alter;
  std::string options = "{}";  // JSON
  std::string database = "test";
};

// The JSON text of a POST /migrate.
[[nodiscard]] std::string body_of(const Migration& migration);
// Throws std::runtime_error if `json` is not a status.
[[nodiscard]] MigrationStatus parse_status(const std::string& json);

struct JournalEntry {
  std::string event;
  std::string details;  // JSON
};

struct SluiceOptions {
  std::vector<std::string> arguments;  // for `sluice serve`, after ours
};

// The binary is $SLUICE_BINARY, else the one of this build. It logs in as `sluice`, an account that start() makes.
// Ports stay the same over a restart. Everything throws std::runtime_error, with the end of Sluice's log, when Sluice
// isn't there or answers otherwise than asked for. Not thread-safe, but for port() and the HTTP calls.
class SluiceProcess {
 public:
  static constexpr std::string_view password = "hush-7c1e";  // of the account

  // Returns when /readyz answers 200.
  [[nodiscard]] static SluiceProcess start(const TestServer& primary, const SluiceOptions& options = {});

  [[nodiscard]] std::uint16_t port() const { return proxy_port_.number(); }
  [[nodiscard]] std::uint16_t http_port() const { return http_port_.number(); }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] std::string log() const;  // the end of it
  // As root, through the proxy; throws ConnectFailure.
  [[nodiscard]] TestClient connect(const std::string& database = "test") const;

  [[nodiscard]] int stop();  // by SIGTERM; the exit status
  void kill9();
  void restart();  // after stop() or kill9(); returns when /readyz answers 200

  [[nodiscard]] HttpResponse get(const std::string& path) const;
  [[nodiscard]] HttpResponse post(const std::string& path, const std::string& body = "") const;
  [[nodiscard]] std::string migrate(const Migration& migration) const;  // must be accepted; the id
  [[nodiscard]] MigrationStatus status(const std::string& id) const;
  // Waits until the migration has completed and its swap was audited; then the table may be migrated again, or emptied.
  // Throws if `limit` passes, or one of the two comes to another end.
  [[nodiscard]] MigrationStatus await_audited(const std::string& id, std::chrono::milliseconds limit) const;
  // Everything noted about a migration that has ended, from the events of GET /migrate/{id}/events.
  [[nodiscard]] std::vector<JournalEntry> journal(const std::string& id) const;
  // Waits until the migration is in `state` or has ended otherwise, or `limit` has passed; its last status.
  [[nodiscard]] MigrationStatus await_state(const std::string& id, const std::string& state,
                                            std::chrono::milliseconds limit = std::chrono::seconds{60}) const;

 private:
  SluiceProcess(const TestServer& primary, const SluiceOptions& options);
  void launch();
  [[nodiscard]] std::filesystem::path log_file() const;

  std::vector<std::string> arguments_;
  std::uint16_t primary_port_;
  Port proxy_port_;
  Port http_port_;
  ScratchFolder folder_;
  std::optional<ChildProcess> process_;
};

}  // namespace sluice::test
