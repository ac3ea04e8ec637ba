// The exchange between the client's login response (or COM_CHANGE_USER) and the server's OK or ERR. Pure: payloads in,
// payloads out.
//
// Everything is passed on as it is, except where the two legs differ in security and the plugin sends a password in
// clear over a secure leg: then it is encrypted for the server, or decrypted for it with a key of the proxy's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/greeting.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/wire/rsa_key.hpp"
#include "protocol/wire/secret.hpp"

namespace sluice::protocol {

enum class Side : std::uint8_t { client, server };

// The client's half of the plugin sends the password readable, for a secure connection only.
[[nodiscard]] bool sends_clear_password(std::string_view plugin) noexcept;

class AuthRelay {
 public:
  enum class Security : std::uint8_t { none, unix_socket, tls };
  // Of the client's connection and of the one to the server.
  struct Way {
    Security client = Security::none;
    Security server = Security::none;
  };
  // How the two differ for a plugin: to sha256_password a unix socket is not safe enough for a password in clear.
  enum class Legs : std::uint8_t { alike, client_secure_only, server_secure_only };
  [[nodiscard]] static Legs legs_of(Way way, std::string_view plugin) noexcept;

  enum class Done : std::uint8_t {
    not_yet,
    ok,       // the server's OK is the payload
    denied,   // the server's ERR is the payload
    refused,  // by the proxy: `reason`
  };
  struct Step {
    Side to = Side::client;             // where the payload goes
    std::vector<std::uint8_t> payload;  // may hold a password: the driver wipes it
    Side read_next = Side::client;
    Done done = Done::not_yet;
    std::string reason;
  };

  // Whether CLIENT_MULTI_FACTOR was agreed upon: then the server may ask for a next factor.
  enum class MultiFactor : std::uint8_t { no, yes };

  // `key` is needed where the legs may be Legs::server_secure_only and must outlive this.
  AuthRelay(Way way, MultiFactor factors, std::string plugin, const Scramble& scramble, const RsaKey* key)
      : way_(way), factors_(factors), plugin_(std::move(plugin)), scramble_(scramble), key_(key) {}

  [[nodiscard]] Step from_server(Bytes payload);
  [[nodiscard]] Step from_client(Bytes payload);

  // What the server asked for last: COM_CHANGE_USER goes on with it.
  [[nodiscard]] const Scramble& scramble() const noexcept { return scramble_; }
  // Whose turn it is.
  [[nodiscard]] const std::string& plugin() const noexcept { return plugin_; }

 private:
  enum class Expects : std::uint8_t { plugins_own, servers_key, clients_key_request, clients_password };

  [[nodiscard]] Step pass(Side to, Bytes payload, Side read_next) const;
  [[nodiscard]] static Step refuse(std::string reason);
  [[nodiscard]] Step switch_plugin(Bytes payload);
  [[nodiscard]] Step hold_password(Bytes payload);
  [[nodiscard]] Step encrypt_for_server(Bytes key_packet);
  [[nodiscard]] Step decrypt_for_server(Bytes payload);

  [[nodiscard]] Legs legs() const noexcept { return legs_of(way_, plugin_); }

  Way way_;
  MultiFactor factors_;
  std::string plugin_;
  Scramble scramble_;
  const RsaKey* key_;
  Expects expects_ = Expects::plugins_own;
  std::optional<Secret> password_;
};

}  // namespace sluice::protocol
