// Who may ask. With a token: whoever shows it. Without one only loopback is bound, and what has to be kept out are web
// pages that a browser on this machine has open: they may not reach the API by their own origin or by a DNS name of
// theirs that leads to loopback. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "control/http.hpp"

namespace sluice::control {

// 401 or 403 with a sentence, or nothing: go on. `token` is the configured one, empty: none. The probes, the page and
// the contract are open to all.
[[nodiscard]] std::optional<Response> refusal(const Request& request, std::string_view token);

// In a time that says nothing about where the two differ.
[[nodiscard]] bool same_secret(std::string_view left, std::string_view right);

// Whether a Host field's value names this machine: localhost, 127.0.0.0/8 or [::1], with or without a port.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace sluice::control
