#include "migrator/sql/dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::migrator {

namespace {

constexpr std::array storing_modes = {
    std::string_view{"ALLOW_INVALID_DATES"},
    std::string_view{"ERROR_FOR_DIVISION_BY_ZERO"},
    std::string_view{"NO_ZERO_DATE"},
    std::string_view{"NO_ZERO_IN_DATE"},
    std::string_view{"NO_UNSIGNED_SUBTRACTION"},
    std::string_view{"TIME_ROUND_FRACTIONAL"},
    std::string_view{"TIME_TRUNCATE_FRACTIONAL"},
};

unsigned take_number(std::string_view& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with('.')) text.remove_prefix(1);
  return error == std::errc{} ? value : 0;
}

}  // namespace

ServerFlavor parse_flavor(std::string_view version) {
  ServerFlavor flavor;
  if (version.find("MariaDB") != std::string_view::npos) flavor.kind = ServerKind::mariadb;
  // MariaDB's greeting before 11 began so for old replicas' sake.
  if (flavor.kind == ServerKind::mariadb && version.starts_with("5.5.5-")) version.remove_prefix(6);
  flavor.version.major = take_number(version);
  flavor.version.minor = take_number(version);
  flavor.version.patch = take_number(version);
  return flavor;
}

std::string_view share_lock(const ServerFlavor& server, OnLockedRow on_locked) noexcept {
  const bool mysql = server.kind == ServerKind::mysql;
  switch (on_locked) {
    case OnLockedRow::wait:
      return mysql ? " FOR SHARE" : " LOCK IN SHARE MODE";
    case OnLockedRow::fail:
      return mysql ? " FOR SHARE NOWAIT" : " LOCK IN SHARE MODE NOWAIT";
  }
  return {};
}

std::string_view binlog_head_statement(const ServerFlavor& server) noexcept {
  if (server.kind == ServerKind::mysql && server.version >= Version{8, 2, 0}) return "SHOW BINARY LOG STATUS";
  return "SHOW MASTER STATUS";
}

std::string_view server_identity_statement(const ServerFlavor& server) noexcept {
  return server.kind == ServerKind::mysql ? "SELECT @@server_uuid" : "SELECT @@server_id";
}

bool can_rename_under_lock_tables(const ServerFlavor& server) noexcept {
  return server.kind == ServerKind::mysql && server.version >= Version{8, 0, 13};
}

bool like_renames_checks(const ServerFlavor& server) noexcept {
  return server.kind == ServerKind::mysql;
}

bool has_metadata_lock_instruments(const ServerFlavor& server) noexcept {
  return server.kind == ServerKind::mysql && server.version >= Version{8, 0, 0};
}

bool has_transaction_instruments(const ServerFlavor& server) noexcept {
  return server.kind == ServerKind::mysql && server.version >= Version{8, 0, 0};
}

std::string storing_sql_mode(std::string_view global_sql_mode, ZeroDates zero_dates) {
  std::string mode = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION";
  while (!global_sql_mode.empty()) {
    const auto comma = std::min(global_sql_mode.find(','), global_sql_mode.size());
    const auto word = global_sql_mode.substr(0, comma);
    const bool stores = std::ranges::find(storing_modes, word) != storing_modes.end();
    const bool lifted = zero_dates == ZeroDates::allowed && word.starts_with("NO_ZERO_");
    if (stores && !lifted) mode.append(",").append(word);
    global_sql_mode.remove_prefix(std::min(comma + 1, global_sql_mode.size()));
  }
  return mode;
}

std::string xor_of_hashes(const ServerFlavor& server, const std::string& hash) {
  if (server.kind == ServerKind::mysql && server.version >= Version{8, 0, 0})
    return "HEX(BIT_XOR(UNHEX(" + hash + ")))";
  return "BIT_XOR(CAST(CONV(LEFT(" + hash + ", 16), 16, 10) AS UNSIGNED))";
}

std::string_view usable_index_column(const ServerFlavor& server) noexcept {
  if (server.kind == ServerKind::mysql) return server.version >= Version{8, 0, 0} ? "IS_VISIBLE" : "'YES'";
  return server.version >= Version{10, 6, 0} ? "IF(IGNORED = 'NO', 'YES', 'NO')" : "'YES'";
}

std::string flavor_settings(const ServerFlavor& server, std::chrono::milliseconds select_limit) {
  if (server.kind == ServerKind::mariadb) {
    constexpr std::int64_t kMillisPerSecond = 1000;  // MariaDB counts in seconds, with a fraction
    const auto rest = std::to_string(kMillisPerSecond + select_limit.count() % kMillisPerSecond).substr(1);
    return ", max_statement_time = " + std::to_string(select_limit.count() / kMillisPerSecond) + "." + rest;
  }
  const std::string limit = ", max_execution_time = " + std::to_string(select_limit.count());
  // The statistics of information_schema would otherwise be up to a day old, AUTO_INCREMENT among them.
  return server.version >= Version{8, 0, 0} ? limit + ", information_schema_stats_expiry = 0" : limit;
}

}  // namespace sluice::migrator
