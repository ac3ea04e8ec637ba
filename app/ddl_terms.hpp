// A client's DDL in the migrator's terms, and the migrator's problems in a server's. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/options/options_json.hpp"
#include "proxy/online_ddl.hpp"

namespace sluice::app {

// Of those of POST /migrate a client may set the ones that concern its own table, and nothing that Sluice would do with
// rights of its own: run a query, call a URL, read a file, connect elsewhere, drop another table, kill a connection.
// Where it does not say otherwise what can be done in an instant is, and no old table is kept, as by ALTER TABLE.
[[nodiscard]] migrator::OptionResult<migrator::Options> options_of_ddl(const proxy::DdlOptions& options,
                                                                       proxy::DdlRequest::ZeroDates zero_dates);

[[nodiscard]] proxy::DdlFailure failure_of_options(const migrator::Problem& problem);
// `table`: whose name stands in the server's words for its shadow's.
[[nodiscard]] proxy::DdlFailure failure_of(const std::vector<migrator::Problem>& problems, const std::string& table);
// Of a migration that has ended otherwise than by completing.
[[nodiscard]] proxy::DdlFailure failure_of(const migrator::Status& status);

}  // namespace sluice::app
