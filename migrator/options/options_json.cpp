#include "migrator/options/options_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "migrator/options/option_table.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;

constexpr std::size_t TYPING_ERRORS_MAX = 3;  // further than that is another word
constexpr std::size_t NAME_BYTES_SHOWN_MAX = 64;

// Levenshtein's distance.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const auto replaced = diagonal + (left[i] == right[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string suggestion(std::string_view name) {
  std::string_view best;
  std::size_t best_distance = TYPING_ERRORS_MAX + 1;
  for (const auto& option : known_options()) {
    const auto errors = distance(name, option.name);
    if (errors >= best_distance) continue;
    best = option.name;
    best_distance = errors;
  }
  return best.empty() ? "" : "; did you mean " + std::string{best} + "?";
}

Problem no_such_option(std::string_view name) {
  const std::string shown{name.substr(0, NAME_BYTES_SHOWN_MAX)};
  return {"unknown_option", "unknown option " + shown + suggestion(shown)};
}

enum class For : std::uint8_t { start, change };

std::optional<Problem> read_member(Options& options, std::string_view name, const json::value& value, For purpose) {
  const auto rows = option_rows();
  const auto row = std::ranges::find_if(rows, [&](const OptionRow& known) { return known.info.name == name; });
  if (row == rows.end()) return no_such_option(name);
  if (purpose == For::change && row->info.changes == Changes::at_start_only) {
    return Problem{"not_changeable", "option " + std::string{name} + " can only be set when the migration is created"};
  }
  if (row->read_parts != nullptr) return row->read_parts(options, value);
  if (!row->read(options, value)) {
    return Problem{"invalid_option", "option " + std::string{name} + " must be " + std::string{row->info.allowed}};
  }
  return std::nullopt;
}

OptionResult<Options> read_all(Options options, std::string_view text, For purpose) {
  if (text.size() > OPTIONS_TEXT_BYTES_MAX) return Problem{"malformed_json", "the options are too long"};
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error) return Problem{"malformed_json", "the options are not valid JSON: " + error.message()};
  if (!value.is_object()) return Problem{"invalid_option", "options must be a JSON object"};
  for (const auto& member : value.get_object()) {
    if (auto problem = read_member(options, member.key(), member.value(), purpose)) return *problem;
  }
  return options;
}

}  // namespace

std::span<const OptionInfo> known_options() noexcept {
  static const auto infos = [] {
    std::vector<OptionInfo> result;
    for (const auto& row : option_rows()) result.push_back(row.info);
    return result;
  }();
  return infos;
}

std::string flag_name(std::string_view option_name) {
  std::string name = "--" + std::string{option_name};
  std::ranges::replace(name, '_', '-');
  return name;
}

OptionResult<Options> options_from_json_text(std::string_view json) {
  return read_all({}, json, For::start);
}

std::string options_to_json_text(const Options& options) {
  json::object object;
  for (const auto& row : option_rows()) object.emplace(row.info.name, row.print(options));
  return json::serialize(object);
}

std::optional<Problem> change_options(Options& options, std::string_view json) {
  auto changed = read_all(options, json, For::change);
  if (!changed) return changed.error();
  options = std::move(*changed);
  return std::nullopt;
}

std::string flag_to_json_text(const OptionInfo& option, std::string_view text) {
  switch (option.form) {
    case OptionForm::flag:
      if (text.empty() || text == "true") return "true";
      if (text == "false") return "false";
      break;
    case OptionForm::number: {
      boost::system::error_code error;
      const auto value = json::parse(text, error);
      if (!error && value.is_number()) return json::serialize(value);
      break;
    }
    case OptionForm::text:
    case OptionForm::load:
      break;
    case OptionForm::text_list:
      return json::serialize(json::array{json::value(json::string{text})});
    case OptionForm::json_list: {
      boost::system::error_code error;
      const auto value = json::parse(text, error);
      if (!error && value.is_array()) return json::serialize(value);
      if (!error && value.is_object()) return json::serialize(json::array{value});
      return json::serialize(json::array{json::value(json::string{text})});
    }
  }
  return json::serialize(json::value(json::string{text}));
}

void throw_exception_from_error(const Problem& problem, const boost::source_location& where) {
  std::fprintf(stderr, "%s: there is no result but an error: %s\n", where.to_string().c_str(), problem.message.c_str());
  std::abort();
}

}  // namespace sluice::migrator
