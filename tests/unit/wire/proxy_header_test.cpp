// The PROXY protocol: what is written is read again, whatever it is cut at; what lies or is malformed is refused.
#include "protocol/wire/proxy_header.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice::protocol {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

ClientConnection connection(const char* client, const char* server) {
  return {{parse_ip_address(client).value(), 51234}, {parse_ip_address(server).value(), 3306}};
}

const ClientConnection V4 = connection("203.0.113.7", "10.0.0.1");
const ClientConnection V6 = connection("2001:db8::7", "fd00::1");

std::vector<std::uint8_t> binary(std::uint8_t command, std::uint8_t family, std::vector<std::uint8_t> body) {
  auto header = bytes_of(std::string_view{"\r\n\r\n\0\r\nQUIT\n", 12});
  header.insert(header.end(), {command, family, static_cast<std::uint8_t>(body.size() >> 8),
                               static_cast<std::uint8_t>(body.size() & 0xFF)});
  header.insert(header.end(), body.begin(), body.end());
  return header;
}

void expect_refused(const std::vector<std::uint8_t>& bytes, const std::string& what) {
  EXPECT_FALSE(read_proxy_header(bytes)) << what;
}
void expect_refused(std::string_view text) {
  expect_refused(bytes_of(text), std::string{text});
}

TEST(ProxyHeader, what_is_written_is_read_again_whatever_follows_and_wherever_it_is_cut) {
  for (const auto version : {ProxyHeaderVersion::v1, ProxyHeaderVersion::v2}) {
    for (const auto& told : {std::optional{V4}, std::optional{V6}, std::optional<ClientConnection>{}}) {
      auto bytes = write_proxy_header(version, told);
      const auto size = bytes.size();
      for (std::size_t cut = 0; cut < size; ++cut) {
        const auto part = read_proxy_header(Bytes{bytes}.first(cut));
        ASSERT_TRUE(part) << "cut at " << cut;
        EXPECT_FALSE(*part) << "cut at " << cut;
      }
      bytes.insert(bytes.end(), {'P', 'R', 'O', 'X', 'Y', ' ', '\r', '\n'});  // the client's own
      const auto header = read_proxy_header(bytes);
      ASSERT_TRUE(header && *header);
      EXPECT_EQ((*header)->bytes, size);
      EXPECT_EQ((*header)->connection, told);
    }
  }
}

TEST(ProxyHeader, is_as_the_specification_shows_it) {
  EXPECT_EQ(write_proxy_header(ProxyHeaderVersion::v1, V4), bytes_of("PROXY TCP4 203.0.113.7 10.0.0.1 51234 3306\r\n"));
  EXPECT_EQ(write_proxy_header(ProxyHeaderVersion::v1, V6), bytes_of("PROXY TCP6 2001:db8::7 fd00::1 51234 3306\r\n"));
  EXPECT_EQ(write_proxy_header(ProxyHeaderVersion::v2, V4),
            binary(0x21, 0x11, {203, 0, 113, 7, 10, 0, 0, 1, 0xC8, 0x22, 0x0C, 0xEA}));
  EXPECT_EQ(write_proxy_header(ProxyHeaderVersion::v2, {}), binary(0x20, 0x00, {}));
}

TEST(ProxyHeader, connection_whose_ends_are_of_two_families_is_not_told) {
  const ClientConnection mixed{V4.client, V6.server};
  EXPECT_EQ(write_proxy_header(ProxyHeaderVersion::v1, mixed), bytes_of("PROXY UNKNOWN\r\n"));
}

TEST(ProxyHeader, of_a_client_without_an_address_holds_none) {
  for (const auto& bytes : {bytes_of("PROXY UNKNOWN ffff:f... whatever\r\n"), binary(0x20, 0x11, {1, 2, 3}),
                            binary(0x21, 0x31, std::vector<std::uint8_t>(216)), binary(0x21, 0x00, {})}) {
    const auto header = read_proxy_header(bytes);
    ASSERT_TRUE(header && *header);
    EXPECT_FALSE((*header)->connection);
    EXPECT_EQ((*header)->bytes, bytes.size());
  }
}

TEST(ProxyHeader, more_than_addresses_is_passed_over) {
  std::vector<std::uint8_t> body{203, 0, 113, 7, 10, 0, 0, 1, 0xC8, 0x22, 0x0C, 0xEA, 0x03, 0, 4, 1, 2, 3, 4};
  const auto header = read_proxy_header(binary(0x21, 0x11, body));
  ASSERT_TRUE(header && *header);
  EXPECT_EQ((*header)->connection, V4);
}

TEST(ProxyHeader, lengths_that_lie_are_refused_or_waited_for_but_never_read_beyond) {
  for (std::size_t length = 0; length < 12; ++length) {
    expect_refused(binary(0x21, 0x11, std::vector<std::uint8_t>(length)), std::to_string(length));
    expect_refused(binary(0x21, 0x21, std::vector<std::uint8_t>(length + 24)), std::to_string(length));
  }
  auto longer = binary(0x21, 0x11, std::vector<std::uint8_t>(12));
  longer[15] = 13;
  EXPECT_FALSE(read_proxy_header(longer).value());
  longer[14] = 0xFF;
  EXPECT_EQ(read_proxy_header(longer).error(), WireErrc::packet_too_large);
}

TEST(ProxyHeader, nonsense_is_refused) {
  for (const char* text : {"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
                           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
                           "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
                           "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
                           "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXX", "GET / HTTP/1.0\r\n", "\r\n\r\nX"}) {
    expect_refused(text);
  }
  expect_refused("PROXY TCP4 " + std::string(200, '1'));
  expect_refused(binary(0x11, 0x11, std::vector<std::uint8_t>(12)), "version 1 in binary");
  expect_refused(binary(0x22, 0x11, std::vector<std::uint8_t>(12)), "an unknown command");
  expect_refused(binary(0x21, 0x12, std::vector<std::uint8_t>(12)), "datagrams");
}

TEST(ProxyHeader, random_bytes_behind_a_signature_are_read_within_their_bounds) {
  std::mt19937 random{1};
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = round % 2 == 0 ? bytes_of("PROXY ") : binary(0x21, 0x11, {});
    if (round % 2 == 1) bytes.resize(12);
    for (std::size_t more = random() % 64; more > 0; --more) bytes.push_back(static_cast<std::uint8_t>(random()));
    const auto header = read_proxy_header(bytes);
    if (header && *header) EXPECT_LE((*header)->bytes, bytes.size());
  }
}

TEST(IpNetwork, holds_the_addresses_that_begin_alike) {
  const auto contains = [](const char* network, const char* address) {
    return parse_ip_network(network).value().contains(parse_ip_address(address).value());
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("10.0.0.4/31", "10.0.0.5"));
  EXPECT_FALSE(contains("10.0.0.4/31", "10.0.0.6"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.7"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("fd00::/7", "fc00::1"));
  EXPECT_TRUE(contains("10.0.0.7", "::ffff:10.0.0.7"));
  EXPECT_FALSE(contains("10.0.0.7", "10.0.0.8"));
  EXPECT_TRUE(contains("fe80::1", "fe80::1%eth0"));
}

TEST(IpNetwork, nonsense_is_refused) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "db1", "10.0.0.0/-1", "10.0.0.0/8x"}) {
    EXPECT_FALSE(parse_ip_network(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::protocol
