// One call at a time of Sluice's HTTP API, for the commands. Beast stays in the .cpp file.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "app/serve_config.hpp"
#include "net/address.hpp"

namespace sluice::app {

inline constexpr std::chrono::seconds HTTP_CALL_LIMIT{30};
inline constexpr std::size_t HTTP_ANSWER_BYTES_MAX = 64 * 1024 * 1024;

struct Api {
  net::Address address{"127.0.0.1", 8080};
  std::string token;  // empty: none is sent
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// How long an answer may take.
struct Patience {
  std::chrono::seconds limit = HTTP_CALL_LIMIT;
  std::function<bool()> is_over;  // asked several times a second once HTTP_CALL_LIMIT has passed; empty: never
};

// Blocks for so long. A reason if there was no whole answer. `body`: JSON, or empty for none.
[[nodiscard]] Reasoned<HttpAnswer> call(const Api& api, const std::string& method, const std::string& target,
                                        const std::string& body = "", const Patience& patience = {});

}  // namespace sluice::app
