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
  follow(options);
  if (flag_is_set(options.throttle_flag_file))
    return Brakes{.throttled_by = "throttle_flag_file " + options.throttle_flag_file};
  if (!looked_at_ || now - *looked_at_ >= kInterval) {
    looked_at_ = now;
    auto asked = ask(connection, options);
    if (asked.has_error()) return asked.error();
    brakes_ = std::move(*asked);
  }
  Brakes brakes = brakes_;
  if (brakes.throttled_by.empty() && replica_lag_) brakes.throttled_by = replica_lag_->verdict(now);
  if (brakes.throttled_by.empty() && http_check_) brakes.throttled_by = http_check_->verdict();
  return brakes;
}

std::optional<ReplicaLag::State> Throttle::replicas(TimePoint now) const {
  return replica_lag_ ? std::optional(replica_lag_->state(now)) : std::nullopt;
}

void Throttle::stop() {
  follow({});
}

void Throttle::follow(const Options& options) {
  if (options.throttle_control_replicas != replicas_ || options.max_lag_millis != max_lag_) {
    replicas_ = options.throttle_control_replicas;
    max_lag_ = options.max_lag_millis;
    if (replica_lag_) retired_.take(std::move(replica_lag_));
    if (!replicas_.empty()) replica_lag_ = std::make_unique<ReplicaLag>(primary_, id_, replicas_, max_lag_);
  }
  if (options.throttle_http != url_) {
    url_ = options.throttle_http;
    if (http_check_) retired_.take(std::move(http_check_));
    if (auto url = http_url_from(url_)) http_check_ = std::make_unique<HttpCheck>("throttle_http", std::move(*url));
  }
}

SqlResult<Brakes> Throttle::ask(Connection& connection, const Options& options) const {
  for (const auto& [variable, most] : options.critical_load) {
    auto value = status_variable(connection, variable);
    if (value.has_error()) return value.error();
    if (*value < static_cast<double>(most)) continue;
    return Brakes{.critical =
                      Problem{"critical_load", variable + " has reached " + std::to_string(most) +
                                                   ", the critical_load of this migration; nothing was swapped"}};
  }
  for (const auto& [variable, most] : options.max_load) {
    auto value = status_variable(connection, variable);
    if (value.has_error()) return value.error();
    if (*value < static_cast<double>(most)) continue;
    return Brakes{.throttled_by = "max_load " + variable + " >= " + std::to_string(most)};
  }
  if (options.throttle_query.empty()) return Brakes{};
  auto rows = connection.query(options.throttle_query);
  if (rows.has_error()) {
    if (rows.error().outcome == Outcome::unknown) return rows.error();
    // Without its words, which repeat the query. Whoever asks for a brake is not to be left without one.
    return Brakes{.throttled_by = "throttle_query fails with error " + std::to_string(rows.error().code)};
  }
  const bool holds_back = !rows->rows.empty() && number(rows->rows[0].at(0)) > 0;
  return Brakes{.throttled_by = holds_back ? "throttle_query" : ""};
}

}  // namespace sluice::migrator
