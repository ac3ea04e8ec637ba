#include "proxy/session/ddl_settings.hpp"

#include <algorithm>
#include <array>

#include "protocol/sql/text.hpp"
#include "protocol/wire/single_row.hpp"

namespace sluice::proxy {
namespace {

// Read otherwise under these than by a migration's sessions, which have none of them.
constexpr std::array<std::string_view, 12> LEXICAL_MODES{"ANSI_QUOTES",
                                                         "NO_BACKSLASH_ESCAPES",
                                                         "PIPES_AS_CONCAT",
                                                         "HIGH_NOT_PRECEDENCE",
                                                         "REAL_AS_FLOAT",
                                                         "ORACLE",
                                                         "MSSQL",
                                                         "DB2",
                                                         "MAXDB",
                                                         "POSTGRESQL",
                                                         "EMPTY_STRING_IS_NULL",
                                                         "PAD_CHAR_TO_FULL_LENGTH"};
// A migration stores values by those of the server.
constexpr std::array<std::string_view, 4> STORING_MODES{"ALLOW_INVALID_DATES", "NO_UNSIGNED_SUBTRACTION",
                                                        "TIME_ROUND_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL"};
constexpr std::array<std::string_view, 2> ZERO_DATE_MODES{"NO_ZERO_DATE", "NO_ZERO_IN_DATE"};
constexpr std::string_view IGNORE_SPACE = "IGNORE_SPACE";
constexpr std::array<std::string_view, 3> UTF8{"utf8mb4", "utf8mb3", "utf8"};

constexpr std::string_view MARK = "sluice";  // shows that the results' character set leaves ASCII as it is

bool has_mode(std::string_view modes, std::string_view mode) noexcept {
  while (!modes.empty()) {
    const auto comma = std::min(modes.find(','), modes.size());
    if (modes.substr(0, comma) == mode) return true;
    modes.remove_prefix(std::min(comma + 1, modes.size()));
  }
  return false;
}

std::optional<std::string> from_hex(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    constexpr std::string_view DIGITS = "0123456789ABCDEF";
    const auto high = DIGITS.find(hex[i]);
    const auto low = DIGITS.find(hex[i + 1]);
    if (high == DIGITS.npos || low == DIGITS.npos) return std::nullopt;
    text += static_cast<char>(high * DIGITS.size() + low);
  }
  return text;
}

}  // namespace

std::string_view ddl_settings_query() noexcept {
  return "SELECT 'sluice', @@SESSION.sql_mode, @@GLOBAL.sql_mode, @@SESSION.character_set_client, "
         "@@SESSION.time_zone = @@GLOBAL.time_zone, @@SESSION.foreign_key_checks, @@SESSION.sql_log_bin, "
         "@@SESSION.explicit_defaults_for_timestamp = @@GLOBAL.explicit_defaults_for_timestamp AND "
         "@@SESSION.innodb_strict_mode = @@GLOBAL.innodb_strict_mode, "
         "HEX(CONVERT(DATABASE() USING utf8mb4)), @sluice_ddl";
}

std::optional<DdlSettings> read_ddl_settings(protocol::Bytes answer) {
  constexpr std::size_t COLUMNS = 10;
  constexpr std::size_t THAT_ARE_NEVER_NULL = 8;
  const auto row = protocol::single_row(answer);
  if (!row || row->size() != COLUMNS) return std::nullopt;
  const auto begin = row->begin();
  if (!std::all_of(begin, begin + THAT_ARE_NEVER_NULL, [](const auto& cell) { return cell.has_value(); }) ||
      (*row)[0] != MARK) {
    return std::nullopt;
  }
  const auto is_on = [&](std::size_t column) { return *(*row)[column] == "1"; };
  DdlSettings settings{.sql_mode = std::string{*(*row)[1]},
                       .global_sql_mode = std::string{*(*row)[2]},
                       .client_charset = std::string{*(*row)[3]},
                       .has_global_time_zone = is_on(4),
                       .checks_foreign_keys = is_on(5),
                       .logs = is_on(6),
                       .has_global_defaults = is_on(7)};
  if ((*row)[8]) {
    settings.database = from_hex(*(*row)[8]);
    if (!settings.database) return std::nullopt;
  }
  if ((*row)[9]) settings.mode = std::string{*(*row)[9]};
  return settings;
}

std::string reason_against(const DdlSettings& settings, const DdlText& text) {
  for (const auto mode : LEXICAL_MODES) {
    if (has_mode(settings.sql_mode, mode)) return "the session's sql_mode has " + std::string{mode};
  }
  // Java's drivers for MariaDB set it in every session.
  if (text.spaces_calls && has_mode(settings.sql_mode, IGNORE_SPACE)) {
    return "the session's sql_mode has " + std::string{IGNORE_SPACE} +
           ", and a function's name stands apart from its (";
  }
  for (const auto mode : STORING_MODES) {
    if (has_mode(settings.sql_mode, mode) != has_mode(settings.global_sql_mode, mode)) {
      return std::string{mode} + " in the session's sql_mode is not as in the server's";
    }
  }
  const bool is_utf8 = std::ranges::find(UTF8, settings.client_charset) != UTF8.end();
  if (!is_utf8 && protocol::sql::has_high_byte(text.statement)) {
    return "the statement is not ASCII, and the session's character set is " + settings.client_charset;
  }
  if (!settings.logs) return "the session has sql_log_bin = 0";
  if (!settings.has_global_defaults) {
    return "the session's explicit_defaults_for_timestamp or innodb_strict_mode is not the server's";
  }
  if (!settings.has_global_time_zone && text.tells_times) return "the session's time_zone is not the server's";
  if (!settings.checks_foreign_keys && text.tells_foreign_keys) return "the session has foreign_key_checks = 0";
  return {};
}

bool allows_zero_dates(const DdlSettings& settings) {
  return std::ranges::any_of(ZERO_DATE_MODES, [&](std::string_view mode) {
    return has_mode(settings.global_sql_mode, mode) && !has_mode(settings.sql_mode, mode);
  });
}

}  // namespace sluice::proxy
