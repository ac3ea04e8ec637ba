// What the API says of migrations, as the commands show it to people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/serve_config.hpp"

namespace sluice::app {

// The fields of a status that the commands look at.
struct MigrationView {
  std::string id, database, table, state;
  bool paused = false;
  std::string throttled_by;  // empty: not throttled
  std::string waiting_for;   // what keeps a ready one from its cut-over; empty: nothing
  double progress = 0;       // 0 to 1
  std::int64_t eta_seconds = -1;
  std::int64_t rows_copied = 0, rows_estimated = 0, changes_pending = 0, verified_rows = 0;
  double hold_ms = 0;
  std::int64_t held_statements = 0, cut_over_attempts = 0;
  std::string error;  // "code: message", empty if there is none

  [[nodiscard]] bool ended() const;
};

// Nothing: the text is not a status, or not a list of them.
[[nodiscard]] std::optional<MigrationView> parse_migration(std::string_view json);
[[nodiscard]] std::optional<std::vector<MigrationView>> parse_migrations(std::string_view json);

// What an error of the API says, every reason of a refusal included; one line each.
[[nodiscard]] std::string error_text(unsigned status, std::string_view body);

// "copying  42.0%  1000/2400 rows, 3 changes pending, 12 s left"
[[nodiscard]] std::string progress_line(const MigrationView& migration);
// The same behind a bar, for a terminal.
[[nodiscard]] std::string progress_bar(const MigrationView& migration);
// A table of all, with a heading.
[[nodiscard]] std::string status_table(const std::vector<MigrationView>& migrations);
// As much of the line as so many columns show. Never cuts through a character.
[[nodiscard]] std::string fitting(std::string line, std::size_t columns);
// One sentence on how it ended.
[[nodiscard]] std::string ending_line(const MigrationView& migration);
// An exit_code; only for one that ended.
[[nodiscard]] int exit_code_of(const MigrationView& migration);

// The only one that has not ended; a reason, with the ids to choose from, if there is not exactly one.
[[nodiscard]] Reasoned<std::string> only_active(const std::vector<MigrationView>& migrations);

}  // namespace sluice::app
