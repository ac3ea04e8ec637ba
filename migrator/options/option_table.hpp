// The one table of options. Only the files of this folder include it.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "migrator/options/options_json.hpp"

namespace sluice::migrator {

struct OptionRow {
  OptionInfo info;
  // False: the value is not what `info.allowed` says, and the options are as they were.
  bool (*read)(Options&, const boost::json::value&);
  boost::json::value (*print)(const Options&);
  // In the place of read, for values that can be wrong in many ways: what is wrong, or nothing.
  std::optional<Problem> (*read_parts)(Options&, const boost::json::value&) = nullptr;
};

[[nodiscard]] std::span<const OptionRow> option_rows() noexcept;

}  // namespace sluice::migrator
