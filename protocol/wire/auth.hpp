// What a client answers to the server's authentication plugins. Pure.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/wire/greeting.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/wire/secret.hpp"

namespace sluice::protocol {

enum class AuthPlugin : std::uint8_t { native, caching_sha2, sha256, clear };

[[nodiscard]] std::optional<AuthPlugin> auth_plugin(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(AuthPlugin plugin) noexcept;

// mysql_native_password: SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password))). Empty for an empty password.
[[nodiscard]] std::vector<std::uint8_t> native_response(Bytes password, const Scramble& scramble);

// caching_sha2_password's fast path: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + scramble). Empty for an
// empty password.
[[nodiscard]] std::vector<std::uint8_t> caching_sha2_response(Bytes password, const Scramble& scramble);

// The password and a final zero, as it is sent in clear over TLS.
[[nodiscard]] Secret clear_response(Bytes password);

// The password and a final zero, covered with the scramble and encrypted (RSA, OAEP) for the holder of the key.
// Nothing: the PEM is no RSA key, or the password is too long for it.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> rsa_response(Bytes password, const Scramble& scramble,
                                                                    std::string_view public_key_pem);

}  // namespace sluice::protocol
