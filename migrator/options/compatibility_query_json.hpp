// Compatibility queries as JSON. Pure. Only the files of this folder include it.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "migrator/options/compatibility_query.hpp"
#include "migrator/options/options_json.hpp"

namespace sluice::migrator {

// A list of at most 100 strings or {"sql","max_rows","max_ratio"}. The problem names the query by its number.
[[nodiscard]] OptionResult<std::vector<CompatibilityQuery>> compatibility_queries_from(const boost::json::value& value);
[[nodiscard]] boost::json::value compatibility_queries_json(const std::vector<CompatibilityQuery>& queries);

}  // namespace sluice::migrator
