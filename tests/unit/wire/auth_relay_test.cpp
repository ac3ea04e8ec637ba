// A login that is passed on, where both legs are alike in security and where they are not.
#include "protocol/wire/auth_relay.hpp"

#include <gmock/gmock.h>

#include "protocol/wire/auth.hpp"

namespace sluice::protocol {
namespace {

using Payload = std::vector<std::uint8_t>;
using Done = AuthRelay::Done;
using Legs = AuthRelay::Legs;
using MultiFactor = AuthRelay::MultiFactor;
using Security = AuthRelay::Security;
using testing::ElementsAre;
using testing::HasSubstr;

const Payload OK{0x00, 0, 0, 2, 0, 0, 0};
const Payload DENIED{0xFF, 0x15, 0x04, '#', '2', '8', '0', '0', '0', 'n', 'o'};
const Payload FAST_OK{0x01, 0x03};
const Payload FULL{0x01, 0x04};
const Payload PASSWORD{'p', 'w', 0};

Payload asks(std::uint8_t header, std::string_view plugin) {
  Payload payload{header};
  payload.insert(payload.end(), plugin.begin(), plugin.end());
  payload.push_back(0);
  for (std::uint8_t i = 0; i < SCRAMBLE_BYTES; ++i) payload.push_back(static_cast<std::uint8_t>('a' + i));
  payload.push_back(0);
  return payload;
}
Payload with_key(std::string_view pem) {
  Payload payload{0x01};
  payload.insert(payload.end(), pem.begin(), pem.end());
  return payload;
}

class Relay : public testing::Test {
 protected:
  static AuthRelay relay(Legs legs, MultiFactor factors = MultiFactor::no) {
    return {way(legs), factors, "caching_sha2_password", Scramble{1, 2, 3}, &key()};
  }
  static AuthRelay::Way way(Legs legs) {
    switch (legs) {
      case Legs::alike:
        return {};
      case Legs::client_secure_only:
        return {.client = Security::tls};
      case Legs::server_secure_only:
        return {.server = Security::tls};
    }
    return {};
  }
  static const RsaKey& key() {
    static const RsaKey made;
    return made;
  }
};

TEST_F(Relay, unix_socket_is_safe_enough_for_a_password_in_clear_but_not_to_sha256_password) {
  using Way = AuthRelay::Way;
  const Way from_socket{.client = Security::unix_socket, .server = Security::none};
  EXPECT_EQ(AuthRelay::legs_of(from_socket, "caching_sha2_password"), Legs::client_secure_only);
  EXPECT_EQ(AuthRelay::legs_of(from_socket, "sha256_password"), Legs::alike);
  const Way to_socket{.client = Security::none, .server = Security::unix_socket};
  EXPECT_EQ(AuthRelay::legs_of(to_socket, "caching_sha2_password"), Legs::server_secure_only);
  EXPECT_EQ(AuthRelay::legs_of(to_socket, "sha256_password"), Legs::alike);
  const Way socket_to_tls{.client = Security::unix_socket, .server = Security::tls};
  EXPECT_EQ(AuthRelay::legs_of(socket_to_tls, "caching_sha2_password"), Legs::alike);
  EXPECT_EQ(AuthRelay::legs_of(socket_to_tls, "sha256_password"), Legs::server_secure_only);
}

TEST_F(Relay, passes_on_everything_between_legs_that_are_alike) {
  auto login = relay(Legs::alike);
  auto step = login.from_server(FULL);
  EXPECT_EQ(step.to, Side::client);
  EXPECT_EQ(step.payload, FULL);
  EXPECT_EQ(step.read_next, Side::client);
  step = login.from_client(PASSWORD);
  EXPECT_EQ(step.to, Side::server);
  EXPECT_EQ(step.payload, PASSWORD);
  EXPECT_EQ(login.from_server(OK).done, Done::ok);
}

TEST_F(Relay, reads_the_server_again_behind_a_fast_ok) {
  auto login = relay(Legs::alike);
  EXPECT_EQ(login.from_server(FAST_OK).read_next, Side::server);
}

TEST_F(Relay, tells_the_servers_no) {
  auto login = relay(Legs::alike);
  const auto step = login.from_server(DENIED);
  EXPECT_EQ(step.done, Done::denied);
  EXPECT_EQ(step.payload, DENIED);
}

TEST_F(Relay, encrypts_for_a_server_without_tls) {
  auto login = relay(Legs::client_secure_only);
  (void)login.from_server(FULL);
  auto step = login.from_client(PASSWORD);
  EXPECT_THAT(step.payload, ElementsAre(0x02));  // asks for the key; the password does not go out
  EXPECT_EQ(step.read_next, Side::server);
  step = login.from_server(with_key(key().public_pem()));
  EXPECT_EQ(step.to, Side::server);
  const auto decrypted = key().decrypt_password(step.payload, Scramble{1, 2, 3});
  ASSERT_TRUE(decrypted);
  EXPECT_EQ(as_text(decrypted->bytes()), std::string_view("pw\0", 3));
}

TEST_F(Relay, refuses_a_servers_key_that_is_none) {
  auto login = relay(Legs::client_secure_only);
  (void)login.from_server(FULL);
  (void)login.from_client(PASSWORD);
  EXPECT_EQ(login.from_server(with_key("no PEM")).done, Done::refused);
}

TEST_F(Relay, decrypts_for_a_server_with_tls) {
  auto login = relay(Legs::server_secure_only);
  (void)login.from_server(asks(0xFE, "sha256_password"));
  const Payload key_request{0x01};
  auto step = login.from_client(key_request);
  EXPECT_EQ(step.to, Side::client);
  EXPECT_EQ(step.payload, with_key(key().public_pem()));
  const auto encrypted = rsa_response(as_bytes("pw"), login.scramble(), key().public_pem());
  ASSERT_TRUE(encrypted);
  step = login.from_client(*encrypted);
  EXPECT_EQ(step.to, Side::server);
  EXPECT_EQ(step.payload, PASSWORD);
}

TEST_F(Relay, refuses_what_is_encrypted_for_another_key) {
  auto login = relay(Legs::server_secure_only);
  (void)login.from_server(FULL);
  EXPECT_EQ(login.from_client(Payload(256, 'x')).done, Done::refused);
}

TEST_F(Relay, refuses_to_have_a_password_sent_in_clear_on_either_leg) {
  for (const auto* plugin : {"mysql_clear_password", "dialog", "authentication_openid_connect_client"}) {
    for (const auto legs : {Legs::client_secure_only, Legs::server_secure_only}) {
      const auto step = relay(legs).from_server(asks(0xFE, plugin));
      EXPECT_EQ(step.done, Done::refused) << plugin;
      EXPECT_THAT(step.reason, HasSubstr(plugin));
    }
    EXPECT_EQ(relay(Legs::alike).from_server(asks(0xFE, plugin)).done, Done::not_yet) << plugin;
  }
}

TEST_F(Relay, next_factor_is_one_only_where_it_was_agreed_upon) {
  const auto factor = asks(0x02, "mysql_clear_password");
  EXPECT_EQ(relay(Legs::server_secure_only, MultiFactor::yes).from_server(factor).done, Done::refused);
  const auto step = relay(Legs::server_secure_only, MultiFactor::no).from_server(factor);
  EXPECT_EQ(step.done, Done::not_yet);
  EXPECT_EQ(step.payload, factor);
}

TEST_F(Relay, scramble_of_a_switch_is_the_one_to_go_on_with) {
  auto login = relay(Legs::alike);
  (void)login.from_server(asks(0xFE, "caching_sha2_password"));
  EXPECT_EQ(as_text(login.scramble()), "abcdefghijklmnopqrst");
}

TEST_F(Relay, switch_cut_at_any_byte_is_passed_on_as_it_came) {
  const auto whole = asks(0xFE, "caching_sha2_password");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    auto login = relay(Legs::client_secure_only);
    const Payload cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto step = login.from_server(cut);
    EXPECT_EQ(step.payload, cut);
    EXPECT_EQ(step.done, Done::not_yet);
  }
}

}  // namespace
}  // namespace sluice::protocol
