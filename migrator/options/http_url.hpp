// Where an HTTP check is asked. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.hpp"

namespace sluice::migrator {

struct HttpUrl {
  enum class Scheme : std::uint8_t { http, https };
  Scheme scheme = Scheme::http;
  net::Address address;
  std::string host;    // the header's: with the port where the URL has one
  std::string target;  // path and query
};

// "http://HOST[:PORT][/PATH][?QUERY]" or https; nothing for anything else, a user name or a fragment in it included.
[[nodiscard]] std::optional<HttpUrl> http_url_from(std::string_view text);

}  // namespace sluice::migrator
