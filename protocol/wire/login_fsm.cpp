#include "protocol/wire/login_fsm.hpp"

#include <algorithm>

#include "protocol/wire/capabilities.hpp"

namespace sluice::protocol {
namespace {

constexpr std::uint8_t OK = 0x00;
constexpr std::uint8_t MORE_DATA = 0x01;
constexpr std::uint8_t AUTH_SWITCH = 0xFE;
// caching_sha2_password's own words.
constexpr std::uint8_t FAST_AUTH_OK = 0x03;
constexpr std::uint8_t FULL_AUTH = 0x04;
// What a client asks the server's RSA key with.
constexpr std::uint8_t CACHING_SHA2_KEY_REQUEST = 0x02;
constexpr std::uint8_t SHA256_KEY_REQUEST = 0x01;

constexpr std::uint32_t NEEDED_CAPABILITIES = capability::PROTOCOL_41 | capability::SECURE_CONNECTION |
                                              capability::PLUGIN_AUTH | capability::PLUGIN_AUTH_LENENC_DATA;
constexpr std::uint32_t LARGEST_PACKET_BYTES = 1U << 30;
constexpr std::uint8_t UTF8MB4_GENERAL_CI = 45;  // known to every server that is supported
constexpr std::size_t FILLER_BYTES = 23;
constexpr std::size_t LENGTHS_AND_ZEROS_BYTES = 12;

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sluice.login"; }
  std::string message(int code) const override {
    switch (static_cast<LoginErrc>(code)) {
      case LoginErrc::tls_unavailable:
        return "TLS is required, and the server offers none";
      case LoginErrc::unknown_plugin:
        return "the server asks for an authentication plugin that is not supported";
      case LoginErrc::clear_password:
        return "the server asks for the password in clear over a connection without TLS";
      case LoginErrc::bad_server_key:
        return "the server's RSA key can't be used";
      case LoginErrc::too_many_rounds:
        return "the server does not come to an end of the login";
      case LoginErrc::unexpected_packet:
        return "the server sent a packet that does not belong into a login";
    }
    return "unknown error";
  }
};

Secret single_byte(std::uint8_t byte) {
  return Secret{std::vector<std::uint8_t>{byte}};
}

}  // namespace

const boost::system::error_category& login_category() noexcept {
  static const Category instance;
  return instance;
}

LoginFsm::Step LoginFsm::on_packet(const Packet& packet) {
  // An ERR that the server sends of its own accord (shutdown, time-out) is not always numbered.
  if (is_error(packet.payload)) return fail_with(packet.payload);
  if (packet.sequence != sequence_) return fail(WireErrc::out_of_order);
  if (++rounds_ > ROUNDS_MAX) return fail(LoginErrc::too_many_rounds);
  ++sequence_;
  switch (expects_) {
    case Expects::greeting:
      return on_greeting(packet.payload);
    case Expects::answer:
    case Expects::server_key:
      return on_answer(packet.payload);
    case Expects::upgrade:
      break;
  }
  return fail(LoginErrc::unexpected_packet);
}

LoginFsm::Step LoginFsm::on_greeting(Bytes payload) {
  auto greeting = parse_greeting(payload);
  if (!greeting) return fail(greeting.error());
  greeting_ = std::move(*greeting);
  if (!greeting_.can(NEEDED_CAPABILITIES)) return fail(WireErrc::unsupported_protocol);
  // Of a default that is not known here the account may still have another: the server then asks for a switch.
  plugin_ = auth_plugin(greeting_.plugin).value_or(AuthPlugin::native);
  scramble_ = greeting_.scramble;

  const bool offers_tls = greeting_.can(capability::SSL);
  const bool wants_tls = request_.tls == LoginTls::required ||
                         (request_.tls == LoginTls::preferred && request_.transport == Transport::plain && offers_tls);
  if (!wants_tls) return log_in();
  if (!offers_tls) return fail(LoginErrc::tls_unavailable);
  is_tls_ = true;
  expects_ = Expects::upgrade;
  std::vector<std::uint8_t> ssl_request;
  Writer writer{ssl_request};
  write_head(writer);
  return send(ssl_request, Next::upgrade);
}

LoginFsm::Step LoginFsm::on_upgraded() {
  if (expects_ != Expects::upgrade) return fail(LoginErrc::unexpected_packet);
  return log_in();
}

LoginFsm::Step LoginFsm::log_in() {
  expects_ = Expects::answer;
  auto response = first_response();
  if (!response) return fail(response.error());
  const auto plugin = name_of(plugin_);
  std::vector<std::uint8_t> payload;
  // All at once: growing would leave parts of a password behind.
  payload.reserve(PACKET_HEADER_BYTES * 2 + 1 + FILLER_BYTES + request_.user.size() + response->bytes().size() +
                  request_.database.size() + plugin.size() + LENGTHS_AND_ZEROS_BYTES);
  Writer writer{payload};
  write_head(writer);
  writer.zero_terminated(request_.user);
  writer.length_encoded_bytes(response->bytes());
  if (!request_.database.empty()) writer.zero_terminated(request_.database);
  writer.zero_terminated(plugin);
  const Secret secret{std::move(payload)};
  return send(secret.bytes(), Next::read);
}

std::uint32_t LoginFsm::capabilities() const noexcept {
  // Claimed of MariaDB too, though it does not offer it: without, it would read the filler as extended flags.
  auto flags = capability::LONG_PASSWORD | NEEDED_CAPABILITIES |
               (greeting_.capabilities & (capability::LONG_FLAG | capability::TRANSACTIONS));
  if (!request_.database.empty()) flags |= capability::CONNECT_WITH_DB;
  if (is_tls_) flags |= capability::SSL;
  return flags;
}

// What an SSLRequest and a HandshakeResponse41 both begin with.
void LoginFsm::write_head(Writer& writer) const {
  writer.u32(capabilities());
  writer.u32(LARGEST_PACKET_BYTES);
  writer.u8(UTF8MB4_GENERAL_CI);
  writer.zeros(FILLER_BYTES);
}

result<Secret> LoginFsm::first_response() {
  const auto password = request_.password.bytes();
  switch (plugin_) {
    case AuthPlugin::native:
      return Secret{native_response(password, scramble_)};
    case AuthPlugin::caching_sha2:
      if (password.empty()) return single_byte(0);
      return Secret{caching_sha2_response(password, scramble_)};
    case AuthPlugin::sha256:
      if (is_secure() || password.empty()) return clear_response(password);
      expects_ = Expects::server_key;
      return single_byte(SHA256_KEY_REQUEST);
    case AuthPlugin::clear:
      if (is_secure()) return clear_response(password);
      break;
  }
  return LoginErrc::clear_password;
}

LoginFsm::Step LoginFsm::on_answer(Bytes payload) {
  if (payload.empty()) return fail(LoginErrc::unexpected_packet);
  switch (payload.front()) {
    case OK: {
      const auto ok = parse_ok(payload);
      if (!ok) return fail(ok.error());
      request_.password.wipe();
      return {.next = Next::done};
    }
    case MORE_DATA:
      return on_more_data(payload.subspan(1));
    case AUTH_SWITCH:
      return on_auth_switch(payload.subspan(1));
    default:
      return fail(LoginErrc::unexpected_packet);
  }
}

// The plugin's name, the scramble and, not always, a zero behind it.
LoginFsm::Step LoginFsm::on_auth_switch(Bytes payload) {
  Reader reader{payload};
  const auto name = reader.zero_terminated_or_rest();
  const auto plugin = auth_plugin(name);
  if (!plugin) {
    return {.next = Next::failed, .error = {.code = LoginErrc::unknown_plugin, .plugin = std::string{name}}};
  }
  plugin_ = *plugin;
  if (plugin_ != AuthPlugin::clear) {
    const auto scramble = reader.take(SCRAMBLE_BYTES);
    if (!reader.ok()) return fail(WireErrc::truncated);
    std::ranges::copy(scramble, scramble_.begin());
  }
  expects_ = Expects::answer;
  const auto response = first_response();
  if (!response) return fail(response.error());
  return send(response->bytes(), Next::read);
}

LoginFsm::Step LoginFsm::on_more_data(Bytes data) {
  if (expects_ == Expects::server_key) {
    expects_ = Expects::answer;
    const auto encrypted = rsa_response(request_.password.bytes(), scramble_, as_text(data));
    return encrypted ? send(*encrypted, Next::read) : fail(LoginErrc::bad_server_key);
  }
  if (plugin_ != AuthPlugin::caching_sha2 || data.size() != 1) return fail(LoginErrc::unexpected_packet);
  if (data.front() == FAST_AUTH_OK) return {.next = Next::read};
  if (data.front() == FULL_AUTH) return full_authentication();
  return fail(LoginErrc::unexpected_packet);
}

LoginFsm::Step LoginFsm::full_authentication() {
  if (is_secure()) return send(clear_response(request_.password.bytes()).bytes(), Next::read);
  expects_ = Expects::server_key;
  return send(single_byte(CACHING_SHA2_KEY_REQUEST).bytes(), Next::read);
}

bool LoginFsm::is_secure() const noexcept {
  return is_tls_ || request_.transport == Transport::secure;
}

LoginFsm::Step LoginFsm::send(Bytes payload, Next next) {
  return {.next = next, .send = Secret{frame(payload, sequence_++)}};
}

LoginFsm::Step LoginFsm::fail(error_code code) {
  return {.next = Next::failed, .error = {.code = code}};
}

LoginFsm::Step LoginFsm::fail_with(Bytes error_payload) {
  auto error = parse_error(error_payload);
  if (!error) return fail(error.error());
  return {.next = Next::failed, .error = {.code = WireErrc::server_error, .server = std::move(*error)}};
}

}  // namespace sluice::protocol
