// The API as a function from requests to answers, as docs/http-api.md and openapi.yaml say. No sockets, no threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "control/http.hpp"
#include "control/latency_history.hpp"
#include "migrator/api.hpp"

namespace sluice::control {

struct Services {
  migrator::Migrations& migrations;
  std::function<std::string()> metrics_text;  // Prometheus text
  std::function<bool()> ready;                // what /readyz says
  std::function<LatencyHistory::Part(std::uint64_t after)> latency;
};

// The answer is a stream: the progress and the journal of a migration, entries numbered above `after`.
struct Subscription {
  migrator::MigrationId id;
  std::uint64_t after = 0;
};

// The answer is a stream: all migrations, and the clients' latency.
struct Overview {};

using Answer = std::variant<Response, Subscription, Overview>;

// How long route() may take, so that the slow do not stand in the way of the quick.
enum class Cost : std::uint8_t {
  none,    // constant text
  quick,   // a look at the migrations or the metrics, a wish noted: a panic must not queue behind preflights
  asking,  // blocks for queries: creating, cleaning up
};
[[nodiscard]] Cost cost_of(const Request& request);

// What is wrong with a request is in the answer; never throws on its account.
[[nodiscard]] Answer route(const Request& request, const Services& services);

}  // namespace sluice::control
