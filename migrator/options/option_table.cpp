#include "migrator/options/option_table.hpp"

#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "migrator/options/compatibility_query_json.hpp"
#include "migrator/options/guard_json.hpp"
#include "migrator/options/http_url.hpp"
#include "migrator/options/option_values.hpp"
#include "migrator/options/webhook_json.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;

constexpr std::uint64_t CHUNK_ROWS_MAX = 100'000;
constexpr std::size_t COPY_THREADS_MAX = 32;
constexpr std::int64_t MILLIS_MAX = 600'000;
constexpr double NICE_RATIO_MAX = 100;
constexpr std::size_t RENAMES_MAX = 1000;
constexpr std::size_t REPLICAS_MAX = 32;

template <bool Options::* Field>
bool read_flag(Options& options, const json::value& value) {
  if (!value.is_bool()) return false;
  options.*Field = value.get_bool();
  return true;
}

template <std::string Options::* Field>
bool read_text(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  options.*Field = json::value_to<std::string>(value);
  return true;
}

template <Millis Options::* Field>
bool read_millis(Options& options, const json::value& value) {
  const auto number = whole_number(value);
  if (!number || *number < 1 || *number > static_cast<std::uint64_t>(MILLIS_MAX)) return false;
  options.*Field = Millis{static_cast<std::int64_t>(*number)};
  return true;
}

// 0: none.
template <Millis Options::* Field>
bool read_limit(Options& options, const json::value& value) {
  if (whole_number(value) != 0) return read_millis<Field>(options, value);
  options.*Field = Millis{0};
  return true;
}

template <Load Options::* Field>
bool read_load(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  auto load = load_from(std::string_view{value.get_string()});
  if (!load) return false;
  options.*Field = std::move(*load);
  return true;
}

bool read_replicas(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  auto replicas = addresses_from(std::string_view{value.get_string()});
  if (!replicas || replicas->size() > REPLICAS_MAX) return false;
  options.throttle_control_replicas = std::move(*replicas);
  return true;
}

bool read_http_url(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  const std::string_view text{value.get_string()};
  if (!text.empty() && !http_url_from(text)) return false;
  options.throttle_http = text;
  return true;
}

bool read_chunk_size(Options& options, const json::value& value) {
  const auto number = whole_number(value);
  if (!number || *number < 1 || *number > CHUNK_ROWS_MAX) return false;
  options.chunk_size = *number;
  return true;
}

bool read_copy_threads(Options& options, const json::value& value) {
  const auto number = whole_number(value);
  if (!number || *number < 1 || *number > COPY_THREADS_MAX) return false;
  options.copy_threads = *number;
  return true;
}

bool read_nice_ratio(Options& options, const json::value& value) {
  if (!value.is_number()) return false;
  const auto ratio = value.to_number<double>();
  if (!std::isfinite(ratio) || ratio < 0 || ratio > NICE_RATIO_MAX) return false;
  options.nice_ratio = ratio;
  return true;
}

bool read_retention(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  const auto duration = duration_from(std::string_view{value.get_string()});
  if (!duration) return false;
  options.old_table_retention = *duration;
  return true;
}

bool read_window(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  auto window = cut_over_window_from(std::string_view{value.get_string()});
  if (!window) return false;
  options.cut_over_window = std::move(*window);
  return true;
}

std::optional<Problem> read_queries(Options& options, const json::value& value) {
  auto queries = compatibility_queries_from(value);
  if (!queries) return queries.error();
  options.compatibility_queries = std::move(*queries);
  return std::nullopt;
}
json::value print_queries(const Options& options) {
  return compatibility_queries_json(options.compatibility_queries);
}

std::optional<Problem> read_guards(Options& options, const json::value& value) {
  auto guards = guards_from(value);
  if (!guards) return guards.error();
  options.guards = std::move(*guards);
  return std::nullopt;
}
json::value print_guards(const Options& options) {
  return guards_json(options.guards);
}

std::optional<Problem> read_webhooks(Options& options, const json::value& value) {
  auto webhooks = webhooks_from(value);
  if (!webhooks) return webhooks.error();
  options.webhooks = std::move(*webhooks);
  return std::nullopt;
}
json::value print_webhooks(const Options& options) {
  return webhooks_json(options.webhooks);
}

bool read_renames(Options& options, const json::value& value) {
  if (!value.is_array() || value.get_array().size() > RENAMES_MAX) return false;
  std::vector<std::string> renames;
  for (const auto& rename : value.get_array()) {
    if (!rename.is_string()) return false;
    const std::string_view text = rename.get_string();
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 == text.size()) return false;
    renames.emplace_back(text);
  }
  options.approve_renamed_columns = std::move(renames);
  return true;
}

template <class Enum>
struct Word {
  std::string_view text;
  Enum value;
};
constexpr std::array<Word<Fence>, 3> FENCES{
    {{"auto", Fence::automatic}, {"gate", Fence::gate}, {"gate+lock", Fence::gate_and_lock}}};
constexpr std::array<Word<Verify>, 2> VERIFIES{{{"full", Verify::full}, {"off", Verify::off}}};
constexpr std::array<Word<BackupKind>, 3> BACKUPS{
    {{"none", BackupKind::none}, {"definition", BackupKind::definition}, {"data", BackupKind::data}}};
constexpr std::array<Word<OnBlocker>, 3> BLOCKER_POLICIES{
    {{"wait", OnBlocker::wait}, {"kill", OnBlocker::kill}, {"abort", OnBlocker::abort}}};

template <auto Field, const auto& Words>
bool read_word(Options& options, const json::value& value) {
  if (!value.is_string()) return false;
  for (const auto& word : Words) {
    if (value.get_string() != word.text) continue;
    options.*Field = word.value;
    return true;
  }
  return false;
}

template <auto Field, const auto& Words>
json::value print_word(const Options& options) {
  for (const auto& word : Words) {
    if (word.value == options.*Field) return json::string{word.text};
  }
  return nullptr;
}

template <auto Field>
json::value print_plain(const Options& options) {
  return json::value_from(options.*Field);
}
template <Millis Options::* Field>
json::value print_millis(const Options& options) {
  return (options.*Field).count();
}
template <Load Options::* Field>
json::value print_load(const Options& options) {
  return json::string{load_text(options.*Field)};
}
json::value print_replicas(const Options& options) {
  return json::string{addresses_text(options.throttle_control_replicas)};
}
json::value print_retention(const Options& options) {
  return json::string{duration_text(options.old_table_retention)};
}
json::value print_window(const Options& options) {
  return json::string{options.cut_over_window.text};
}

template <bool Options::* Field>
constexpr OptionRow flag(std::string_view name, Changes changes) {
  return {{name, OptionForm::flag, changes, "true or false"}, read_flag<Field>, print_plain<Field>};
}
template <std::string Options::* Field>
constexpr OptionRow text(std::string_view name) {
  return {{name, OptionForm::text, Changes::while_running, "a string"}, read_text<Field>, print_plain<Field>};
}
template <Millis Options::* Field>
constexpr OptionRow millis(std::string_view name) {
  return {{name, OptionForm::number, Changes::while_running, "a whole number of milliseconds from 1 to 600000"},
          read_millis<Field>,
          print_millis<Field>};
}
template <Load Options::* Field>
constexpr OptionRow load(std::string_view name) {
  return {
      {name, OptionForm::load, Changes::while_running, "a string like \"Threads_running=25,Threads_connected=500\""},
      read_load<Field>,
      print_load<Field>};
}
template <auto Field, const auto& Words>
constexpr OptionRow word(std::string_view name, Changes changes, std::string_view allowed) {
  return {{name, OptionForm::text, changes, allowed}, read_word<Field, Words>, print_word<Field, Words>};
}

constexpr auto START = Changes::at_start_only;
constexpr auto RUNNING = Changes::while_running;

constexpr std::array ROWS{
    OptionRow{{"chunk_size", OptionForm::number, RUNNING, "a whole number of rows from 1 to 100000"},
              read_chunk_size,
              print_plain<&Options::chunk_size>},
    millis<&Options::chunk_time_ms>("chunk_time_ms"),
    OptionRow{{"copy_threads", OptionForm::number, RUNNING, "a whole number of connections from 1 to 32"},
              read_copy_threads,
              print_plain<&Options::copy_threads>},
    load<&Options::max_load>("max_load"),
    load<&Options::critical_load>("critical_load"),
    millis<&Options::max_lag_millis>("max_lag_millis"),
    OptionRow{{"throttle_control_replicas", OptionForm::text, RUNNING,
               "at most 32 addresses like \"replica1:3306,replica2:3306\""},
              read_replicas,
              print_replicas},
    text<&Options::throttle_query>("throttle_query"),
    OptionRow{{"throttle_http", OptionForm::text, RUNNING,
               "a URL like \"http://127.0.0.1:8500/may-go-on\", without a user name in it"},
              read_http_url,
              print_plain<&Options::throttle_http>},
    text<&Options::throttle_flag_file>("throttle_flag_file"),
    flag<&Options::defer_secondary_indexes>("defer_secondary_indexes", START),
    flag<&Options::attempt_instant_ddl>("attempt_instant_ddl", START),
    OptionRow{{"nice_ratio", OptionForm::number, RUNNING, "a number from 0 to 100"},
              read_nice_ratio,
              print_plain<&Options::nice_ratio>},
    OptionRow{{"max_client_latency_ms", OptionForm::number, RUNNING,
               "a whole number of milliseconds from 1 to 600000, or 0 for no limit"},
              read_limit<&Options::max_client_latency_ms>,
              print_millis<&Options::max_client_latency_ms>},
    text<&Options::panic_flag_file>("panic_flag_file"),
    flag<&Options::postpone_cut_over>("postpone_cut_over", RUNNING),
    text<&Options::postpone_cut_over_flag_file>("postpone_cut_over_flag_file"),
    OptionRow{{"cut_over_window", OptionForm::text, RUNNING,
               "times of the day like \"22:00-04:00\" or \"sat,sun 00:00-24:00; mon-fri 02:00-04:30 UTC\""},
              read_window,
              print_window},
    millis<&Options::hold_timeout_ms>("hold_timeout_ms"),
    millis<&Options::drain_timeout_ms>("drain_timeout_ms"),
    word<&Options::on_blocker, BLOCKER_POLICIES>("on_blocker", RUNNING, "\"wait\", \"kill\" or \"abort\""),
    word<&Options::fence, FENCES>("fence", START, "\"auto\", \"gate\" or \"gate+lock\""),
    word<&Options::verify, VERIFIES>("verify", START, "\"full\" or \"off\""),
    flag<&Options::discard_foreign_keys>("discard_foreign_keys", START),
    flag<&Options::include_triggers>("include_triggers", START),
    OptionRow{{"approve_renamed_columns", OptionForm::text_list, START, "a list of strings like \"old=new\""},
              read_renames,
              print_plain<&Options::approve_renamed_columns>},
    flag<&Options::allow_zero_in_date>("allow_zero_in_date", START),
    flag<&Options::initially_drop_ghost_table>("initially_drop_ghost_table", START),
    flag<&Options::initially_drop_old_table>("initially_drop_old_table", START),
    flag<&Options::ok_to_drop_table>("ok_to_drop_table", RUNNING),
    OptionRow{{"old_table_retention", OptionForm::text, RUNNING, "a duration like \"90s\", \"15m\", \"1h\" or \"7d\""},
              read_retention,
              print_retention},
    word<&Options::backup, BACKUPS>("backup", RUNNING, "\"none\", \"definition\" or \"data\""),
    OptionRow{{"compatibility_queries", OptionForm::json_list, RUNNING,
               R"(a list of at most 100 SQL strings, or objects like {"sql","max_rows","max_ratio"})"},
              nullptr,
              print_queries,
              read_queries},
    OptionRow{{"guards", OptionForm::json_list, RUNNING,
               R"(a list of objects like {"name","when","threshold","for","action"})"},
              nullptr,
              print_guards,
              read_guards},
    OptionRow{{"webhooks", OptionForm::json_list, RUNNING, R"(a list of URLs, or objects like {"url","events"})"},
              nullptr,
              print_webhooks,
              read_webhooks},
};

}  // namespace

std::span<const OptionRow> option_rows() noexcept {
  return ROWS;
}

}  // namespace sluice::migrator
