// Guards as JSON. Pure. Only the files of this folder include it.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "migrator/options/guard.hpp"
#include "migrator/options/options_json.hpp"

namespace sluice::migrator {

// A list of at most kGuardsMax {"name","when","threshold","for","action" or "severity","if_unevaluable"}. The problem
// names the guard and the member.
[[nodiscard]] OptionResult<std::vector<Guard>> guards_from(const boost::json::value& value);
[[nodiscard]] boost::json::value guards_json(const std::vector<Guard>& guards);

}  // namespace sluice::migrator
