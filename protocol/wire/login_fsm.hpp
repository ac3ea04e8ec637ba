// The login of a client, from the server's greeting to its OK. Pure: packets in, packets out; the driver moves them.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
//
// The connection that comes of it speaks EOF packets, one statement and one result at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/wire/auth.hpp"
#include "protocol/wire/error.hpp"
#include "protocol/wire/greeting.hpp"
#include "protocol/wire/packet.hpp"
#include "protocol/wire/secret.hpp"
#include "protocol/wire/server_reply.hpp"

namespace sluice::protocol {

enum class LoginErrc {
  tls_unavailable = 1,  // TLS is required, the server has none
  unknown_plugin,       // the server asks for an authentication plugin that is not known here
  clear_password,       // the server asks for the password in clear, over a connection without TLS
  bad_server_key,       // the server's RSA key can't be used
  too_many_rounds,      // the server goes on asking: ROUNDS_MAX
  unexpected_packet,    // no packet of a login, or not now
};
[[nodiscard]] const boost::system::error_category& login_category() noexcept;
[[nodiscard]] inline error_code make_error_code(LoginErrc code) noexcept {
  return {static_cast<int>(code), login_category()};
}

enum class LoginTls : std::uint8_t {
  off,
  preferred,  // where the server offers it and the transport is not secure already
  required,
};
// Whether a password may be sent in clear before any upgrade: a unix socket is secure.
enum class Transport : std::uint8_t { plain, secure };

struct LoginRequest {
  std::string user;
  Secret password;
  std::string database;  // empty: none
  LoginTls tls = LoginTls::preferred;
  Transport transport = Transport::plain;
};

struct LoginError {
  // WireErrc::server_error when the server says no (`server` has its words); else LoginErrc or WireErrc.
  error_code code;
  ServerError server;
  std::string plugin;  // LoginErrc::unknown_plugin: the one that is asked for
};

class LoginFsm {
 public:
  enum class Next : std::uint8_t {
    read,     // the next packet, for on_packet()
    upgrade,  // to TLS, then on_upgraded()
    done,     // the server said OK
    failed,   // see `error`; close the connection
  };
  struct Step {
    Next next = Next::read;
    Secret send;  // framed; to be written first, where not empty
    LoginError error;
  };

  // Packets of a server during one login; a caching_sha2_password login with an auth switch needs 5.
  static constexpr unsigned ROUNDS_MAX = 16;

  explicit LoginFsm(LoginRequest request) noexcept : request_(std::move(request)) {}

  // Begin by reading: the first packet is the greeting, or an ERR of a server that wants no connection.
  [[nodiscard]] Step on_packet(const Packet& packet);
  // The stream is TLS now. Right after a step that said so.
  [[nodiscard]] Step on_upgraded();

  // Of the server; valid once the first packet was one.
  [[nodiscard]] const Greeting& greeting() const noexcept { return greeting_; }

 private:
  enum class Expects : std::uint8_t { greeting, upgrade, answer, server_key };

  [[nodiscard]] Step on_greeting(Bytes payload);
  [[nodiscard]] Step on_answer(Bytes payload);
  [[nodiscard]] Step on_auth_switch(Bytes payload);
  [[nodiscard]] Step on_more_data(Bytes data);
  [[nodiscard]] Step full_authentication();
  [[nodiscard]] Step log_in();
  // The plugin's first words, in answer to the scramble; fails for a clear password that may not be sent.
  [[nodiscard]] result<Secret> first_response();
  [[nodiscard]] std::uint32_t capabilities() const noexcept;
  [[nodiscard]] bool is_secure() const noexcept;
  void write_head(Writer& writer) const;

  [[nodiscard]] Step send(Bytes payload, Next next);
  [[nodiscard]] static Step fail(error_code code);
  [[nodiscard]] static Step fail_with(Bytes error_payload);

  LoginRequest request_;
  Greeting greeting_;
  AuthPlugin plugin_ = AuthPlugin::caching_sha2;
  Scramble scramble_{};
  Expects expects_ = Expects::greeting;
  bool is_tls_ = false;
  std::uint8_t sequence_ = 0;  // of the next packet, whoever sends it
  unsigned rounds_ = 0;
};

}  // namespace sluice::protocol

template <>
struct boost::system::is_error_code_enum<sluice::protocol::LoginErrc> : std::true_type {};
