// What of a session's settings changes the meaning of DDL: asked of the server by one SELECT. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/wire/payload.hpp"

namespace sluice::proxy {

struct DdlSettings {
  std::optional<std::string> database;  // UTF-8
  std::optional<std::string> mode;      // @sluice_ddl
  std::string sql_mode;
  std::string global_sql_mode;
  std::string client_charset;
  bool has_global_time_zone = true;
  bool checks_foreign_keys = true;
  bool logs = true;                 // sql_log_bin
  bool has_global_defaults = true;  // explicit_defaults_for_timestamp and innodb_strict_mode
};

[[nodiscard]] std::string_view ddl_settings_query() noexcept;
// The answer to it. Nothing: it can't be read.
[[nodiscard]] std::optional<DdlSettings> read_ddl_settings(protocol::Bytes answer);

struct DdlText {
  std::string_view statement;
  bool tells_times = false;
  bool tells_foreign_keys = false;
  bool spaces_calls = false;
};
// Why a migration, which runs in other sessions, would do something else with the text than this session; empty:
// it would do the same.
[[nodiscard]] std::string reason_against(const DdlSettings& settings, const DdlText& text);

// Whether zero dates are forbidden by the server's sql_mode, but not by the session's.
[[nodiscard]] bool allows_zero_dates(const DdlSettings& settings);

}  // namespace sluice::proxy
