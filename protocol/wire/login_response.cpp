#include "protocol/wire/login_response.hpp"

#include <algorithm>

namespace sluice::protocol {
namespace {

constexpr std::size_t SCRAMBLE_HEAD_BYTES = 8;
constexpr std::size_t RESERVED_BYTES = 6;
constexpr std::uint32_t COMPRESSION = capability::COMPRESS | capability::ZSTD_COMPRESSION;

// Of the low capability word: behind protocol version, server version, connection and scramble.
std::size_t capabilities_offset(Bytes greeting) {
  const auto version_end = std::ranges::find(greeting.subspan(1), std::uint8_t{0});
  return static_cast<std::size_t>(version_end - greeting.begin()) + 1 + 4 + SCRAMBLE_HEAD_BYTES + 1;
}

}  // namespace

void write_greeting_capabilities(std::span<std::uint8_t> greeting, std::uint32_t capabilities) {
  const std::size_t low = capabilities_offset(greeting);
  const std::size_t high = low + 2 + 1 + 2;
  greeting[low] = static_cast<std::uint8_t>(capabilities);
  greeting[low + 1] = static_cast<std::uint8_t>(capabilities >> 8);
  greeting[high] = static_cast<std::uint8_t>(capabilities >> 16);
  greeting[high + 1] = static_cast<std::uint8_t>(capabilities >> 24);
  if ((capabilities & capability::LONG_PASSWORD) != 0) return;
  const std::size_t extended = high + 2 + 1 + RESERVED_BYTES;
  for (std::size_t i = 0; i < 4; ++i) {
    greeting[extended + i] &= static_cast<std::uint8_t>(RELAYED_OF_MARIADB >> (8 * i));
  }
}

std::uint32_t capabilities_of(Bytes response) {
  return Reader{response}.u32();
}

void write_relayed_capabilities(std::span<std::uint8_t> response, std::uint32_t offered, LegTls tls) {
  const std::uint32_t taken_out = NOT_RELAYED | capability::SSL | (COMPRESSION & ~offered);
  const std::uint32_t capabilities =
      (capabilities_of(response) & ~taken_out) | (tls == LegTls::on ? capability::SSL : 0);
  for (std::size_t i = 0; i < 4; ++i) response[i] = static_cast<std::uint8_t>(capabilities >> (8 * i));
}

std::optional<LoginResponse> read_login_response(Bytes payload) {
  Reader reader{payload};
  LoginResponse login;
  login.capabilities = reader.u32();
  reader.skip(4);  // largest packet
  login.collation = reader.u8();
  reader.skip(19);
  login.mariadb_capabilities = reader.u32();
  login.user = reader.zero_terminated_or_rest();
  if ((login.capabilities & capability::PLUGIN_AUTH_LENENC_DATA) != 0) {
    login.auth_bytes = reader.length_encoded_bytes().size();
  } else if ((login.capabilities & capability::SECURE_CONNECTION) != 0) {
    login.auth_bytes = reader.take(reader.u8()).size();
  } else {
    login.auth_bytes = reader.zero_terminated_or_rest().size();
  }
  if ((login.capabilities & capability::CONNECT_WITH_DB) != 0) login.database = reader.zero_terminated_or_rest();
  if ((login.capabilities & capability::PLUGIN_AUTH) != 0) login.plugin = reader.zero_terminated_or_rest();
  if ((login.capabilities & capability::LONG_PASSWORD) != 0) login.mariadb_capabilities = 0;
  if (!reader.ok()) return std::nullopt;
  return login;
}

std::vector<std::uint8_t> nobodys_login(Bytes auth) {
  constexpr std::uint32_t PACKET_MAX_BYTES = 1U << 24;
  constexpr std::uint8_t UTF8MB4 = 45;
  std::vector<std::uint8_t> payload;
  Writer writer{payload};
  writer.u32(capability::LONG_PASSWORD | capability::PROTOCOL_41 | capability::SECURE_CONNECTION |
             capability::PLUGIN_AUTH);
  writer.u32(PACKET_MAX_BYTES);
  writer.u8(UTF8MB4);
  writer.zeros(SSL_REQUEST_BYTES - payload.size());
  writer.zero_terminated("sluice-client-left");
  writer.u8(static_cast<std::uint8_t>(auth.size()));
  writer.bytes(auth);
  writer.zero_terminated("mysql_native_password");
  return payload;
}

std::vector<std::uint8_t> nobodys_answer(std::string_view plugin) {
  constexpr std::uint8_t WRONG = 0xAA;
  // To MariaDB a wrong password is one more of max_password_errors, and none is not.
  if (plugin == "mysql_native_password") return {};
  // To MariaDB any other length is a broken handshake, one more of max_connect_errors.
  constexpr std::size_t SIGNATURE_BYTES = 64;
  if (plugin == "client_ed25519") return std::vector<std::uint8_t>(SIGNATURE_BYTES, WRONG);
  // Right for none of the others: a password in clear, a scramble and a public key's request have other lengths.
  constexpr std::size_t OTHER_BYTES = 20;
  return std::vector<std::uint8_t>(OTHER_BYTES, WRONG);
}

std::optional<ChangeUser> read_change_user(Bytes payload) {
  Reader reader{payload};
  reader.skip(1);
  ChangeUser change;
  change.user = reader.zero_terminated_or_rest();
  reader.skip(reader.u8());  // the answer to the scramble
  change.database = reader.zero_terminated_or_rest();
  if (reader.left() >= 2) change.collation = reader.u16();
  change.plugin = reader.zero_terminated_or_rest();
  if (!reader.ok()) return std::nullopt;
  return change;
}

}  // namespace sluice::protocol
