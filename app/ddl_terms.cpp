#include "app/ddl_terms.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "migrator/table/names.hpp"

namespace sluice::app {
namespace {

using proxy::DdlFailure;

constexpr std::array<std::string_view, 21> OPTIONS_OF_CLIENTS{"chunk_size",
                                                              "chunk_time_ms",
                                                              "copy_threads",
                                                              "max_load",
                                                              "critical_load",
                                                              "nice_ratio",
                                                              "max_client_latency_ms",
                                                              "postpone_cut_over",
                                                              "cut_over_window",
                                                              "hold_timeout_ms",
                                                              "drain_timeout_ms",
                                                              "fence",
                                                              "verify",
                                                              "defer_secondary_indexes",
                                                              "attempt_instant_ddl",
                                                              "discard_foreign_keys",
                                                              "include_triggers",
                                                              "allow_zero_in_date",
                                                              "approve_renamed_columns",
                                                              "ok_to_drop_table",
                                                              "old_table_retention"};

DdlFailure not_supported(const std::string& why) {
  return {1846, "0A000",
          "An online schema change is not supported. Reason: " + why + ". Try /* sluice: direct */ in front of it."};
}

std::string with_table_named(std::string text, const std::string& table) {
  const std::string shadow = migrator::shadow_table({"", table}).table;
  for (auto at = text.find(shadow); at != std::string::npos; at = text.find(shadow, at + table.size())) {
    text.replace(at, shadow.size(), table);
  }
  return text;
}

DdlFailure in_servers_words(const migrator::ServerRefusal& refusal, const std::string& table) {
  return {static_cast<std::uint16_t>(refusal.code), refusal.sqlstate, with_table_named(refusal.text, table)};
}

}  // namespace

migrator::OptionResult<migrator::Options> options_of_ddl(const proxy::DdlOptions& given,
                                                         proxy::DdlRequest::ZeroDates zero_dates) {
  std::map<std::string, std::string> values{
      {"attempt_instant_ddl", "true"}, {"ok_to_drop_table", "true"}, {"old_table_retention", "\"0s\""}};
  if (zero_dates == proxy::DdlRequest::ZeroDates::allowed) values["allow_zero_in_date"] = "true";
  for (const auto& [name, text] : given) {
    const auto known = migrator::known_options();
    const auto option = std::ranges::find(known, name, &migrator::OptionInfo::name);
    const bool is_clients = std::ranges::find(OPTIONS_OF_CLIENTS, name) != OPTIONS_OF_CLIENTS.end();
    if (option != known.end() && !is_clients) {
      return migrator::Problem{"invalid_option",
                               "option " + name + " can't be set in a comment, only by POST /migrate"};
    }
    // Of an unknown one the reader of the options says so.
    values[name] = option == known.end() ? "null" : migrator::flag_to_json_text(*option, text);
  }
  std::string json;
  for (const auto& [name, value] : values) {
    const bool is_plain =
        std::ranges::all_of(name, [](char c) { return c == '_' || (c >= '0' && c <= 'z' && c != '\\'); });
    if (!is_plain) return migrator::Problem{"unknown_option", "an option's name has letters and _ only"};
    json += (json.empty() ? "{\"" : ",\"") + name + "\":" + value;
  }
  return migrator::options_from_json_text(json + "}");
}

DdlFailure failure_of_options(const migrator::Problem& problem) {
  return {1064, "42000", "You have an error in the comment for Sluice: " + problem.message};
}

DdlFailure failure_of(const std::vector<migrator::Problem>& problems, const std::string& table) {
  std::string why;
  for (const auto& problem : problems) {
    if (problem.server) return in_servers_words(*problem.server, table);
    why += (why.empty() ? "" : "; ") + problem.message;
  }
  return not_supported(why);
}

DdlFailure failure_of(const migrator::Status& status) {
  if (status.error && status.error->server) return in_servers_words(*status.error->server, status.table);
  const std::string migration = "migration " + status.id;
  if (status.error) return {1105, "HY000", "Sluice " + migration + " failed: " + status.error->message};
  return {1317, "70100",
          "Query execution was interrupted: Sluice " + migration + " was " + migrator::to_string(status.state)};
}

}  // namespace sluice::app
