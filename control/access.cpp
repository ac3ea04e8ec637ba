#include "control/access.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>

#include "control/embedded.hpp"
#include "control/json_text.hpp"

namespace sluice::control {
namespace {

constexpr std::array<std::string_view, 4> OPEN_TO_ALL{"/", "/healthz", "/readyz", "/openapi.yaml"};
constexpr std::string_view BEARER = "bearer ";

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest(std::string_view text) {
  Digest result{};
  // A view's characters are read as the bytes they are.
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

bool shows(const Request& request, std::string_view token) {
  const std::string_view shown = request.authorization;
  if (shown.size() < BEARER.size() || !equal_ignoring_case(shown.substr(0, BEARER.size()), BEARER)) return false;
  return same_secret(shown.substr(BEARER.size()), token);
}

bool is_of_this_page(const Request& request) {
  return request.origin.empty() || request.origin == "http://" + request.host ||
         request.origin == "https://" + request.host;
}

}  // namespace

bool same_secret(std::string_view left, std::string_view right) {
  // Digests have one length, so that the length of the secret does not show either.
  const auto left_digest = digest(left);
  const auto right_digest = digest(right);
  return CRYPTO_memcmp(left_digest.data(), right_digest.data(), left_digest.size()) == 0;
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  host = host.substr(0, host.find(':'));
  if (equal_ignoring_case(host, "localhost")) return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<Response> refusal(const Request& request, std::string_view token) {
  if (token.empty()) {
    if (!request.host.empty() && !is_loopback_host(request.host)) {
      return error_response(403, {"foreign_host", "without a token only requests to localhost are answered"});
    }
    if (!is_of_this_page(request)) {
      return error_response(403, {"foreign_origin", "requests from pages of another origin are not answered"});
    }
    return std::nullopt;
  }
  const auto path = std::string_view{request.target}.substr(0, request.target.find('?'));
  if (std::ranges::find(OPEN_TO_ALL, path) != OPEN_TO_ALL.end() || page_file(path) != nullptr) return std::nullopt;
  if (shows(request, token)) return std::nullopt;
  return error_response(401, {"unauthorized", "a valid token is needed: send \"Authorization: Bearer TOKEN\""});
}

}  // namespace sluice::control
