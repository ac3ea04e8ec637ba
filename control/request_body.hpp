// The bodies of requests, read strictly: a field that is not known or of another type is an error that says what is
// allowed. Pure. A Problem's codes here: malformed_json, unknown_field, missing_field, invalid_field, and those of
// migrator/options/options_json.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/options/options_json.hpp"

namespace sluice::control {

struct CreateRequest {
  std::vector<migrator::Specification> tables;  // at least one
  migrator::Migrations::Run run = migrator::Migrations::Run::start;
};

struct ChangeRequest {
  std::string options;  // a JSON object, for migrator::change_options
};

// {"database","table","alter","options":{…},"dry_run":false}; the first three must be there. Or, in the place of table
// and alter, "tables":[{"table","alter"}, …]: they swap together or not at all.
[[nodiscard]] migrator::OptionResult<CreateRequest> create_request(std::string_view body);

// {"options":{…}}
[[nodiscard]] migrator::OptionResult<ChangeRequest> change_request(std::string_view body);

// Of an action that takes no parameters: nothing, or {}.
[[nodiscard]] std::optional<migrator::Problem> empty_request(std::string_view body);

}  // namespace sluice::control
