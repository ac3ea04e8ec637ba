#include "net/address.hpp"

#include <gtest/gtest.h>

#include "net/error.hpp"

namespace sluice::net {
namespace {

TEST(AddressText, host_and_port) {
  EXPECT_EQ(*parse_address("db.example:3307", 3306), (Address{"db.example", 3307}));
}
TEST(AddressText, host_alone_has_the_default_port) {
  EXPECT_EQ(*parse_address("db", 3306), (Address{"db", 3306}));
}
TEST(AddressText, ipv6_in_brackets) {
  EXPECT_EQ(*parse_address("[::1]:3307", 3306), (Address{"::1", 3307}));
}
TEST(AddressText, path_is_a_unix_socket) {
  EXPECT_TRUE(parse_address("/run/mysqld.sock", 3306)->is_unix());
  EXPECT_EQ(*parse_address("unix:/run/mysqld.sock", 3306), (Address{"/run/mysqld.sock", 0}));
}
TEST(AddressText, unix_alone_is_a_host) {
  EXPECT_EQ(*parse_address("unix:3307", 3306), (Address{"unix", 3307}));
}

TEST(AddressText, nonsense_is_refused) {
  for (const auto* text : {"", ":3306", "db:", "db:x", "db:70000", "db:-1", "[::1", "[::1]3306", "[]:1", "db:3306x"}) {
    const auto parsed = parse_address(text, 3306);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error(), Errc::bad_address) << text;
  }
}

TEST(AddressText, prints_what_it_parses) {
  for (const auto* text : {"db:3307", "[::1]:3307", "/run/mysqld.sock"})
    EXPECT_EQ(to_string(*parse_address(text, 1)), text);
}

}  // namespace
}  // namespace sluice::net
