// What a client says of itself, read and changed on its way.
#include "protocol/wire/login_response.hpp"

#include <gmock/gmock.h>

#include "tests/unit/wire/greetings.hpp"

namespace sluice::protocol {
namespace {

using Payload = std::vector<std::uint8_t>;

constexpr std::uint32_t ASKED = capability::PROTOCOL_41 | capability::CONNECT_WITH_DB | capability::SECURE_CONNECTION |
                                capability::PLUGIN_AUTH | capability::COMPRESS | capability::ZSTD_COMPRESSION |
                                capability::CAPABILITY_EXTENSION | capability::SSL;

Payload response(std::uint32_t capabilities = ASKED) {
  Payload payload;
  Writer writer{payload};
  writer.u32(capabilities);
  writer.u32(1 << 24);
  writer.u8(255);
  writer.zeros(19);
  writer.u32(mariadb_capability::CACHE_METADATA);
  writer.zero_terminated("eve");
  writer.length_encoded_bytes(as_bytes("secret"));
  writer.zero_terminated("shop");
  writer.zero_terminated("mysql_native_password");
  return payload;
}

TEST(LoginResponse, is_read) {
  const auto login = read_login_response(response());
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "eve");
  EXPECT_EQ(login->auth_bytes, 6U);
  EXPECT_EQ(login->database, "shop");
  EXPECT_EQ(login->plugin, "mysql_native_password");
  EXPECT_EQ(login->collation, 255);
  EXPECT_EQ(login->mariadb_capabilities, mariadb_capability::CACHE_METADATA);
  EXPECT_EQ(read_login_response(response(ASKED | capability::LONG_PASSWORD))->mariadb_capabilities, 0U);
}

TEST(LoginResponse, cut_in_its_fixed_part_or_its_auth_data_is_none) {
  const auto whole = response();
  for (std::size_t size = 0; size < 32 + 4 + 1 + 6; ++size) {
    EXPECT_FALSE(read_login_response(Bytes{whole}.first(size))) << size;
  }
}

TEST(LoginResponse, whose_auth_length_lies_is_none) {
  auto lies = response();
  lies[32 + 4] = 250;
  EXPECT_FALSE(read_login_response(lies));
}

TEST(LoginResponse, is_relayed_without_what_can_not_be_followed_or_was_not_offered) {
  constexpr std::uint32_t OFFERED = capability::PROTOCOL_41 | capability::COMPRESS;
  constexpr std::uint32_t TAKEN_OUT = NOT_RELAYED | capability::ZSTD_COMPRESSION;
  for (const auto size : {std::size_t{SSL_REQUEST_BYTES}, response().size()}) {
    auto sent = response();
    sent.resize(size);
    const auto before = sent;
    write_relayed_capabilities(sent, OFFERED, LegTls::off);
    EXPECT_EQ(capabilities_of(sent), ASKED & ~(TAKEN_OUT | capability::SSL));
    write_relayed_capabilities(sent, OFFERED, LegTls::on);
    EXPECT_EQ(capabilities_of(sent), ASKED & ~TAKEN_OUT);
    EXPECT_TRUE(std::equal(sent.begin() + 4, sent.end(), before.begin() + 4));
  }
}

TEST(GreetingsCapabilities, are_changed_and_nothing_else) {
  auto payload = test::greeting_of({});
  const auto before = parse_greeting(payload);
  write_greeting_capabilities(payload, capability::SECURE_CONNECTION | capability::PLUGIN_AUTH);
  const auto after = parse_greeting(payload);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->capabilities, capability::SECURE_CONNECTION | capability::PLUGIN_AUTH);
  EXPECT_EQ(after->version, before->version);
  EXPECT_EQ(after->scramble, before->scramble);
  EXPECT_EQ(after->plugin, before->plugin);
  EXPECT_EQ(after->status, before->status);
}

TEST(ChangeOfUser, is_read_or_is_none_where_its_auth_length_lies) {
  Payload payload{0x11};
  Writer writer{payload};
  writer.zero_terminated("eve");
  writer.length_encoded_bytes(as_bytes("secret"));
  writer.zero_terminated("shop");
  writer.u16(45);
  writer.zero_terminated("mysql_native_password");
  const auto change = read_change_user(payload);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->user, "eve");
  EXPECT_EQ(change->database, "shop");
  EXPECT_EQ(change->collation, 45);
  EXPECT_EQ(change->plugin, "mysql_native_password");
  for (std::size_t size = 0; size < 1 + 4 + 1 + 6; ++size) {
    const auto cut = read_change_user(Bytes{payload}.first(size));
    // The name's end serves as its zero; behind it the length must be there.
    EXPECT_FALSE(cut) << size;
  }
  payload[5] = 250;
  EXPECT_FALSE(read_change_user(payload));
}

TEST(NobodysAnswer, has_the_length_that_the_server_holds_against_nobodys_address) {
  EXPECT_EQ(nobodys_answer("mysql_native_password").size(), 0U);
  EXPECT_EQ(nobodys_answer("client_ed25519").size(), 64U);
  for (const auto* plugin : {"caching_sha2_password", "sha256_password", "mysql_clear_password", "dialog", ""}) {
    EXPECT_EQ(nobodys_answer(plugin).size(), 20U) << plugin;
  }
}

}  // namespace
}  // namespace sluice::protocol
