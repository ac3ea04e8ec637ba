// IP addresses and networks as values: from text and to text. Std and Boost.System only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/wire/error.hpp"

namespace sluice::protocol {

struct IpAddress {
  enum class Family : std::uint8_t { v4, v6 };

  Family family = Family::v4;
  std::array<std::uint8_t, 16> bytes{};  // of v4 the first four

  [[nodiscard]] std::size_t size() const noexcept { return family == Family::v4 ? 4 : 16; }
  bool operator==(const IpAddress&) const = default;
};

// "10.0.0.7", "fd00::7", "fe80::1%eth0"; an IPv4 address in IPv6's clothes (::ffff:10.0.0.7) is that IPv4 address.
// WireErrc::bad_value for anything else.
[[nodiscard]] result<IpAddress> parse_ip_address(std::string_view text);
[[nodiscard]] std::string to_string(const IpAddress& address);

struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  bool operator==(const IpEndpoint&) const = default;
};
// A client's TCP connection, by its two ends.
struct ClientConnection {
  IpEndpoint client;
  IpEndpoint server;
  bool operator==(const ClientConnection&) const = default;
};

// All addresses that begin with the same bits.
struct IpNetwork {
  IpAddress address;
  unsigned prefix_bits = 0;

  [[nodiscard]] bool contains(const IpAddress& other) const noexcept;
  bool operator==(const IpNetwork&) const = default;
};

// "10.0.0.0/8", "fd00::/8"; an address alone is a network of one. WireErrc::bad_value for anything else.
[[nodiscard]] result<IpNetwork> parse_ip_network(std::string_view text);

}  // namespace sluice::protocol
