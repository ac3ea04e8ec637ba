#include "protocol/wire/auth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "greetings.hpp"
#include "rsa_key.hpp"

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string hex(Bytes bytes) {
  constexpr std::string_view DIGITS = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += DIGITS[byte >> 4];
    text += DIGITS[byte & 15];
  }
  return text;
}

// The scrambles and responses that go-sql-driver/mysql tests with.
constexpr Scramble NATIVE_SCRAMBLE{70, 114, 92, 94, 1, 38, 11, 116, 63, 114, 23, 101, 126, 103, 26, 95, 81, 17, 24, 21};
constexpr Scramble SHA2_SCRAMBLE{10, 47, 74, 111, 75, 73, 34, 48, 88, 76, 114, 74, 37, 13, 3, 80, 82, 2, 23, 21};

TEST(NativePassword, AnswersTheKnownScramble) {
  EXPECT_THAT(
      native_response(as_bytes("secret"), NATIVE_SCRAMBLE),
      ElementsAre(53, 177, 140, 159, 251, 189, 127, 53, 109, 252, 172, 50, 211, 192, 240, 164, 26, 48, 207, 45));
  EXPECT_THAT(native_response({}, NATIVE_SCRAMBLE), IsEmpty());
}

TEST(CachingSha2, AnswersTheKnownScramble) {
  EXPECT_EQ(hex(caching_sha2_response(as_bytes("secret"), SHA2_SCRAMBLE)),
            "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c");
  EXPECT_EQ(hex(caching_sha2_response(as_bytes("secret2"), SHA2_SCRAMBLE)),
            "abc3934a012cf342e876071c8ee202de51785b430258a7a0138bc79c4d800bc6");
  EXPECT_THAT(caching_sha2_response({}, SHA2_SCRAMBLE), IsEmpty());
}

TEST(ClearPassword, EndsWithAZero) {
  EXPECT_EQ(as_text(clear_response(as_bytes("pw")).bytes()), std::string_view("pw\0", 3));
}

TEST(RsaPassword, IsReadByTheHolderOfTheKeyOnly) {
  const test::RsaKey key;
  const std::string password = "a password that is longer than the scramble";
  const auto encrypted = rsa_response(as_bytes(password), SHA2_SCRAMBLE, key.public_pem());
  ASSERT_TRUE(encrypted.has_value());
  EXPECT_EQ(key.password(*encrypted, SHA2_SCRAMBLE), password + '\0');
  EXPECT_EQ(test::RsaKey{}.password(*encrypted, SHA2_SCRAMBLE), "");
}

TEST(RsaPassword, NeedsAKeyAndRoomInIt) {
  const test::RsaKey key;
  const auto pem = key.public_pem();
  EXPECT_FALSE(rsa_response(as_bytes("pw"), SHA2_SCRAMBLE, "").has_value());
  EXPECT_FALSE(rsa_response(as_bytes("pw"), SHA2_SCRAMBLE, "no PEM").has_value());
  EXPECT_FALSE(rsa_response(as_bytes("pw"), SHA2_SCRAMBLE, pem.substr(0, pem.size() / 2)).has_value());
  EXPECT_FALSE(rsa_response(as_bytes(std::string(214, 'x')), SHA2_SCRAMBLE, pem).has_value());
  EXPECT_TRUE(rsa_response(as_bytes(std::string(213, 'x')), SHA2_SCRAMBLE, pem).has_value());
}

TEST(AuthPlugins, AreFoundByTheirNames) {
  for (const auto plugin : {AuthPlugin::native, AuthPlugin::caching_sha2, AuthPlugin::sha256, AuthPlugin::clear}) {
    EXPECT_EQ(auth_plugin(name_of(plugin)), plugin);
  }
  EXPECT_EQ(auth_plugin("client_ed25519"), std::nullopt);
}

TEST(Secrets, LeaveNothingWhereTheyWere) {
  Secret first{std::string_view{"pw"}};
  Secret second{std::move(first)};
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the promise
  EXPECT_EQ(as_text(second.bytes()), "pw");
  second.wipe();
  EXPECT_TRUE(second.empty());
}

}  // namespace
}  // namespace sluice::protocol
