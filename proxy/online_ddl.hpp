// What the proxy asks for where a client's DDL is to be run as a migration. Implemented by whoever has both (main). Std
// only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::proxy {

// As a server's ERR packet says it.
struct DdlFailure {
  std::uint16_t code = 0;
  std::string sqlstate;
  std::string text;
  bool operator==(const DdlFailure&) const = default;
};

// By their names in JSON, as texts.
using DdlOptions = std::vector<std::pair<std::string, std::string>>;

struct DdlRequest {
  enum class ZeroDates : std::uint8_t { as_server, allowed };  // by the client's sql_mode

  std::string database;
  std::string table;
  std::string alter;  // what follows ALTER TABLE t
  DdlOptions options;
  ZeroDates zero_dates = ZeroDates::as_server;
  std::string user;
  std::string host;
};

struct DdlStarting {};
struct DdlRunning {
  std::string id;
  bool operator==(const DdlRunning&) const = default;
};
struct DdlCompleted {
  std::string id;
  bool operator==(const DdlCompleted&) const = default;
};
using DdlProgress = std::variant<DdlStarting, DdlRunning, DdlCompleted, DdlFailure>;

// One migration that a client waits for. All from any thread; nothing blocks.
class DdlRun {
 public:
  virtual ~DdlRun() = default;
  // The last two are for good.
  [[nodiscard]] virtual DdlProgress look() = 0;
  // As POST .../stop does, also where it has not begun yet. For one that has ended, nothing.
  virtual void stop() = 0;
};

class OnlineDdl {
 public:
  virtual ~OnlineDdl() = default;
  // What is wrong with these options. Cheap.
  [[nodiscard]] virtual std::optional<DdlFailure> judge_options(const DdlOptions& options) = 0;
  // Whether the migration that keeps a table has not ended yet: one that has lets the table go in a moment. Cheap.
  [[nodiscard]] virtual bool runs(const std::string& migration) = 0;
  // The client's right to alter the table must have been asked for: what runs it may do more. Must not outlive this.
  [[nodiscard]] virtual std::shared_ptr<DdlRun> begin(DdlRequest request) = 0;
};

// How a client's DDL that was to be run as a migration ended.
enum class DdlOutcome : std::uint8_t {
  completed,
  failed,    // the migration failed, or was stopped by others
  refused,   // by the server, or because no migration can do it
  stopped,   // KILL, or the client is gone
  detached,  // answered as soon as it had begun
  left,      // Sluice stops; the migration goes on at its next start
};
inline constexpr std::array<std::string_view, 6> DDL_OUTCOMES{"completed", "failed",   "refused",
                                                              "stopped",   "detached", "left"};

}  // namespace sluice::proxy
