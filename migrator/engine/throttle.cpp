#include "migrator/engine/throttle.hpp"

#include <charconv>
#include <filesystem>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

double number(const Value& value) {
  double result = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), result);
  return result;
}

SqlResult<double> status_variable(Connection& connection, const std::string& name) {
  auto rows = connection.query("SHOW GLOBAL STATUS LIKE " + quote_string(name));
  if (rows.has_error()) return rows.error();
  return {boost::system::in_place_value, rows->rows.empty() ? 0.0 : number(rows->rows[0].at(1))};
}

}  // namespace

bool flag_is_set(const std::string& file) {
  std::error_code ignored;
  return !file.empty() && std::filesystem::exists(file, ignored);
}

SqlResult<Brakes> Throttle::look(Connection& connection, const Options& options, TimePoint now) {
  if (flag_is_set(options.throttle_flag_file))
    return Brakes{.throttled_by = "throttle_flag_file " + options.throttle_flag_file};
  if (looked_at_ && now - *looked_at_ < kInterval) return brakes_;
  looked_at_ = now;
  brakes_ = {};
  for (const auto& [variable, most] : options.critical_load) {
    auto value = status_variable(connection, variable);
    if (value.has_error()) return value.error();
    if (*value < static_cast<double>(most)) continue;
    brakes_.critical = Problem{"critical_load", variable + " has reached " + std::to_string(most) +
                                                    ", the critical_load of this migration; nothing was swapped"};
    return brakes_;
  }
  for (const auto& [variable, most] : options.max_load) {
    auto value = status_variable(connection, variable);
    if (value.has_error()) return value.error();
    if (*value >= static_cast<double>(most))
      brakes_.throttled_by = "max_load " + variable + " >= " + std::to_string(most);
  }
  if (brakes_.throttled_by.empty() && !options.throttle_query.empty()) {
    auto rows = connection.query(options.throttle_query);
    if (rows.has_error()) return rows.error();
    if (!rows->rows.empty() && number(rows->rows[0].at(0)) > 0) brakes_.throttled_by = "throttle_query";
  }
  return brakes_;
}

}  // namespace sluice::migrator
