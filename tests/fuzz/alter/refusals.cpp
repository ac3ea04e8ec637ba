#include "tests/fuzz/alter/refusals.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace sluice::alters {

std::vector<std::string> codes_of(const std::string& body) {
  std::vector<std::string> codes;
  const auto parsed = boost::json::parse(body);
  for (const auto& problem : parsed.at("error").at("problems").as_array()) {
    std::string code{problem.at("code").as_string()};
    if (code == "alter.refused") {  // which refusal of the server's
      const std::string message{problem.at("message").as_string()};
      code += "." + message.substr(message.rfind('(') + 1, message.rfind(')') - message.rfind('(') - 1);
    }
    codes.push_back(std::move(code));
  }
  return codes;
}

std::string_view reason_for(std::string_view code) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> known{{
      {"key.missing", "rows can't be followed without a key that names them"},
      {"key.dropped", "no key is in both shapes of the table"},
      {"key.converted", "the key's values may change, so that rows can't be found by them"},
      {"plan.conversion", "ALTER TABLE converts by rules that an INSERT ... SELECT can't follow"},
      {"plan.new_column_default", "the server would fill in a zero date, which its own sql_mode refuses"},
      {"alter.refused.1059", "a check of the shadow table would have too long a name"},
      {"table.triggers", "the option to take them over was not given"},
      {"table.cascades", "the server's binlog does not tell of them"},
      {"table.foreign_keys_copied", "MariaDB gives a table with a hashed unique key no foreign key in place"},
      {"alter.foreign_key", "one that rows have not been held to can't be checked at the swap"},
      {"alter.refused.3507", "the same of a table that is made LIKE the source"},
      {"alter.refused.1176", "MariaDB alters an index in place before it drops it with its last column"},
      {"orphans", "MySQL's own cascades left a row without its parent, which its own ALTER trips over"},
      {"foreign_key_column", "MySQL makes a foreign key's column NOT NULL in place, but not with ALGORITHM = COPY"},
      {"row_image", "the client's binlog_row_image leaves out the key that is in both shapes"},
      {"plan.time_zone", "a TIMESTAMP key and the server's time zone can't be copied exactly together"},
  }};
  for (const auto& [name, reason] : known) {
    if (name == code) return reason;
  }
  return {};
}

}  // namespace sluice::alters
