#include "protocol/wire/auth_relay.hpp"

#include <algorithm>

#include "protocol/wire/auth.hpp"

namespace sluice::protocol {
namespace {

constexpr std::uint8_t OK = 0x00;
constexpr std::uint8_t MORE_DATA = 0x01;
constexpr std::uint8_t NEXT_FACTOR = 0x02;
constexpr std::uint8_t SWITCH = 0xFE;
constexpr std::uint8_t ERR = 0xFF;
// caching_sha2_password's own words.
constexpr std::uint8_t FAST_AUTH_OK = 0x03;
constexpr std::uint8_t FULL_AUTH = 0x04;
constexpr std::uint8_t CACHING_KEY_REQUEST = 0x02;
constexpr std::uint8_t SHA256_KEY_REQUEST = 0x01;

constexpr std::string_view CACHING_SHA2 = "caching_sha2_password";
constexpr std::string_view SHA256 = "sha256_password";

std::uint8_t key_request_of(std::string_view plugin) {
  return plugin == CACHING_SHA2 ? CACHING_KEY_REQUEST : SHA256_KEY_REQUEST;
}

}  // namespace

bool sends_clear_password(std::string_view plugin) noexcept {
  return plugin == SHA256 || plugin == "mysql_clear_password" || plugin == "dialog" ||
         plugin == "authentication_openid_connect_client";
}

AuthRelay::Legs AuthRelay::legs_of(Way way, std::string_view plugin) noexcept {
  const auto is_secure = [&](Security leg) {
    return leg == Security::tls || (leg == Security::unix_socket && plugin != SHA256);
  };
  if (is_secure(way.client) == is_secure(way.server)) return Legs::alike;
  return is_secure(way.client) ? Legs::client_secure_only : Legs::server_secure_only;
}

AuthRelay::Step AuthRelay::from_server(Bytes payload) {
  if (payload.empty()) return pass(Side::client, payload, Side::client);
  auto step = pass(Side::client, payload, Side::client);
  switch (payload[0]) {
    case OK:
      step.done = Done::ok;
      return step;
    case ERR:
      step.done = Done::denied;
      return step;
    case SWITCH:
      return switch_plugin(payload);
    case NEXT_FACTOR:
      return factors_ == MultiFactor::yes ? switch_plugin(payload) : step;
    case MORE_DATA:
      break;
    default:
      return step;
  }
  if (expects_ == Expects::servers_key) return encrypt_for_server(payload);
  if (plugin_ == CACHING_SHA2 && payload.size() == 2) {
    if (payload[1] == FAST_AUTH_OK) step.read_next = Side::server;
    if (payload[1] == FULL_AUTH) {
      expects_ = legs() == Legs::server_secure_only ? Expects::clients_key_request : Expects::clients_password;
    }
  }
  return step;
}

AuthRelay::Step AuthRelay::from_client(Bytes payload) {
  const Expects expects = expects_;
  const bool is_key_request = payload.size() == 1 && payload[0] == key_request_of(plugin_);
  switch (legs()) {
    case Legs::alike:
      break;
    case Legs::client_secure_only:
      if (expects == Expects::clients_password && payload.size() > 1) return hold_password(payload);
      break;
    case Legs::server_secure_only:
      if (expects == Expects::plugins_own) break;
      if (is_key_request && key_ != nullptr) {
        auto step = pass(Side::client, payload, Side::client);
        step.payload.assign(1, MORE_DATA);
        step.payload.insert(step.payload.end(), key_->public_pem().begin(), key_->public_pem().end());
        expects_ = Expects::clients_password;
        return step;
      }
      // A short answer is the empty password, which nobody encrypts.
      if (payload.size() > 1) return decrypt_for_server(payload);
      break;
  }
  return pass(Side::server, payload, Side::server);
}

AuthRelay::Step AuthRelay::hold_password(Bytes payload) {
  password_.emplace(std::vector<std::uint8_t>{payload.begin(), payload.end()});
  expects_ = Expects::servers_key;
  Step step{.to = Side::server, .payload = {key_request_of(plugin_)}, .read_next = Side::server};
  return step;
}

AuthRelay::Step AuthRelay::encrypt_for_server(Bytes key_packet) {
  Bytes password = password_->bytes();
  if (password.back() == 0) password = password.first(password.size() - 1);  // it is put there again
  auto encrypted = rsa_response(password, scramble_, as_text(key_packet.subspan(1)));
  password_.reset();
  expects_ = Expects::plugins_own;
  if (!encrypted) return refuse("the server's RSA key can't be used");
  return {.to = Side::server, .payload = std::move(*encrypted), .read_next = Side::server};
}

AuthRelay::Step AuthRelay::decrypt_for_server(Bytes payload) {
  const auto password = key_ == nullptr ? std::nullopt : key_->decrypt_password(payload, scramble_);
  expects_ = Expects::plugins_own;
  if (!password) return refuse("the password was encrypted for another key than the proxy's");
  return pass(Side::server, password->bytes(), Side::server);
}

AuthRelay::Step AuthRelay::pass(Side to, Bytes payload, Side read_next) const {
  return {.to = to, .payload = {payload.begin(), payload.end()}, .read_next = read_next};
}

AuthRelay::Step AuthRelay::refuse(std::string reason) {
  return {.to = Side::client, .payload = {}, .done = Done::refused, .reason = std::move(reason)};
}

// The header, the plugin's name and its zero, the scramble and (not always) a zero.
AuthRelay::Step AuthRelay::switch_plugin(Bytes payload) {
  // An old server asks for its old password by the header alone: it keeps the scramble, and no plugin is named.
  Reader reader{payload.subspan(1)};
  plugin_ = reader.zero_terminated_or_rest();
  expects_ = plugin_ == SHA256 ? Expects::clients_password : Expects::plugins_own;
  const auto data = reader.take_rest();
  if (!data.empty()) {
    scramble_ = {};
    std::ranges::copy(data.first(std::min(data.size(), SCRAMBLE_BYTES)), scramble_.begin());
  }
  // sha256_password can encrypt as well; the others can't.
  if (plugin_ != SHA256 && sends_clear_password(plugin_)) {
    switch (legs()) {
      case Legs::alike:
        break;
      case Legs::client_secure_only:
        return refuse("the server asks by " + plugin_ +
                      " for a password in clear, and the connection to it has no TLS");
      case Legs::server_secure_only:
        return refuse("the server asks by " + plugin_ +
                      " for a password in clear, and the client's connection has no TLS");
    }
  }
  return pass(Side::client, payload, Side::client);
}

}  // namespace sluice::protocol
