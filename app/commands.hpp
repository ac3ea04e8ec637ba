// The commands that talk to a running `sluice serve` through its HTTP API. They print to standard output, complaints to
// standard error, and return a code of exit_code.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "app/http_client.hpp"

namespace sluice::app {

enum class Follow : std::uint8_t { to_the_end, detach, dry_run };
enum class Form : std::uint8_t { for_people, json };

struct MigrateCommand {
  Api api;
  std::string body;  // of POST /migrate
  Follow follow = Follow::to_the_end;
};

struct StatusCommand {
  Api api;
  std::string id;  // empty: all
  Form form = Form::for_people;
};

struct ActionCommand {
  Api api;
  std::string action;  // as in the path: "cut-over"
  std::string id;      // empty: the only one that is active
  Form form = Form::for_people;
};

struct RollbackCommand {
  Api api;
  std::string id;    // empty: the only one that is active
  std::string body;  // of POST /migrate/{id}/rollback; empty: the report is asked for
  Form form = Form::for_people;
};

// How often an attached command looks, and how long it bears with an API that doesn't answer (a restart, say).
inline constexpr std::chrono::milliseconds LOOK_INTERVAL{250};
inline constexpr std::chrono::seconds SILENCE_LIMIT{60};

// Attached, it blocks until the migration has ended; Ctrl-C stops the migration, a second one panics it, a third one
// leaves it alone. To be called on the main thread before any other is started.
[[nodiscard]] int run(const MigrateCommand& command);
[[nodiscard]] int run(const StatusCommand& command);
[[nodiscard]] int run(const ActionCommand& command);
[[nodiscard]] int run(const RollbackCommand& command);

}  // namespace sluice::app
