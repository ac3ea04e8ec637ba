#include "protocol/wire/greeting.hpp"

#include <gtest/gtest.h>

#include "greetings.hpp"

namespace sluice::protocol {
namespace {

using test::greeting_of;
using test::scramble_of;
using test::SCRAMBLE_TEXT;
using test::Server;

TEST(Greeting, TellsAllOfAMySqlServer) {
  const auto greeting = parse_greeting(greeting_of({})).value();
  EXPECT_EQ(greeting.version, "9.7.0");
  EXPECT_EQ(greeting.thread_id, 4711U);
  EXPECT_EQ(greeting.scramble, scramble_of(SCRAMBLE_TEXT));
  EXPECT_EQ(greeting.charset, 255U);
  EXPECT_EQ(greeting.status, 2U);
  EXPECT_EQ(greeting.plugin, "caching_sha2_password");
  EXPECT_EQ(greeting.capabilities, 0xFFFFFFFF & ~capability::SSL);
  EXPECT_FALSE(greeting.is_mariadb());
  EXPECT_TRUE(greeting.can(capability::PLUGIN_AUTH));
  EXPECT_FALSE(greeting.can(capability::SSL));
}

TEST(Greeting, TellsMariaDbByItsFlagAndDropsThePrefix) {
  const auto greeting = parse_greeting(greeting_of({.version = "5.5.5-10.11.6-MariaDB-log",
                                                    .plugin = "mysql_native_password",
                                                    .capabilities = 0xFFFFFFFE,
                                                    .mariadb_capabilities = mariadb_capability::CACHE_METADATA}))
                            .value();
  EXPECT_TRUE(greeting.is_mariadb());
  EXPECT_EQ(greeting.version, "10.11.6-MariaDB-log");
  EXPECT_EQ(greeting.mariadb_capabilities, mariadb_capability::CACHE_METADATA);
}

TEST(Greeting, LeavesAnOldMySqlItsVersion) {
  const auto greeting = parse_greeting(greeting_of({.version = "5.5.5-log", .mariadb_capabilities = 7})).value();
  EXPECT_EQ(greeting.version, "5.5.5-log");
  EXPECT_EQ(greeting.mariadb_capabilities, 0U);
}

TEST(Greeting, IsRefusedWhereverItIsCutBeforeThePlugin) {
  const auto payload = greeting_of({});
  const auto plugin_bytes = std::string_view{"caching_sha2_password"}.size() + 1;
  for (std::size_t size = 0; size < payload.size() - plugin_bytes; ++size) {
    EXPECT_EQ(parse_greeting(Bytes{payload}.first(size)).error(), WireErrc::truncated) << size;
  }
}

TEST(Greeting, MayLackTheZeroBehindThePluginAndMayHaveMoreBehindIt) {
  auto payload = greeting_of({});
  EXPECT_EQ(parse_greeting(Bytes{payload}.first(payload.size() - 1))->plugin, "caching_sha2_password");
  payload.push_back(42);
  EXPECT_EQ(parse_greeting(payload)->plugin, "caching_sha2_password");
}

TEST(Greeting, IsRefusedWhenTheScrambleIsSaidToBeLongerThanThePacket) {
  EXPECT_EQ(parse_greeting(greeting_of({.scramble_bytes = 255})).error(), WireErrc::truncated);
}

TEST(Greeting, HasAScrambleOfTwentyBytesWhateverShorterLengthItTells) {
  EXPECT_EQ(parse_greeting(greeting_of({.scramble_bytes = 0}))->scramble, scramble_of(SCRAMBLE_TEXT));
}

TEST(Greeting, OfAnotherProtocolIsRefused) {
  auto payload = greeting_of({});
  payload[0] = 9;
  EXPECT_EQ(parse_greeting(payload).error(), WireErrc::unsupported_protocol);
  EXPECT_EQ(parse_greeting(greeting_of({.capabilities = ~capability::SECURE_CONNECTION})).error(),
            WireErrc::unsupported_protocol);
}

}  // namespace
}  // namespace sluice::protocol
