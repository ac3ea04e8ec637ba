// Options as JSON and as flags: one table gives each option of the contract its name, its form, its reader and its
// printer, and whether it may change while a migration runs. Pure; errors are sentences for the person who asked.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "migrator/api.hpp"

namespace sluice::migrator {

// The longest text of options that is read.
inline constexpr std::size_t OPTIONS_TEXT_BYTES_MAX = 1024 * 1024;

// A Problem's codes here: malformed_json, unknown_option, unsupported_option, invalid_option, not_changeable.
template <class T>
using OptionResult = boost::system::result<T, Problem>;

// Aborts with a message. Boost.System's hook for reading a value that is not there: `value()`, and after 1.81 `*` too.
[[noreturn]] void throw_exception_from_error(const Problem& problem, const boost::source_location& where);

enum class OptionForm : std::uint8_t { flag, number, text, load, text_list, json_list };
enum class Changes : std::uint8_t { at_start_only, while_running };

struct OptionInfo {
  std::string_view name;  // in JSON; the flag is "--" and the name with dashes
  OptionForm form;
  Changes changes;
  std::string_view allowed;  // ends the sentence "… must be"
};

// Everything that migrator::Options has, in the contract's order.
[[nodiscard]] std::span<const OptionInfo> known_options() noexcept;

// "chunk_size" -> "--chunk-size"
[[nodiscard]] std::string flag_name(std::string_view option_name);

// A JSON object whose members are options; those left out keep their defaults.
[[nodiscard]] OptionResult<Options> options_from_json_text(std::string_view json);

// Every option, so that a default that changes later does not change a migration that exists.
[[nodiscard]] std::string options_to_json_text(const Options& options);

// Applies the members of `json` to `options`, where all of them may change while a migration runs. Nothing is changed
// where a Problem comes back.
[[nodiscard]] std::optional<Problem> change_options(Options& options, std::string_view json);

// What stands behind a flag, as the JSON value of the option: "250" -> 250, "" of a flag -> true. The value itself is
// judged by whoever reads the JSON. `name` must be one of known_options().
[[nodiscard]] std::string flag_to_json_text(const OptionInfo& option, std::string_view text);

}  // namespace sluice::migrator
