// Where a server listens: host and port, or the path of a unix socket. Std and Boost.System only.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::net {

struct Address {
  std::string host;  // a name, an IPv4 or IPv6 address without brackets; a path, beginning with '/', for a unix socket
  std::uint16_t port = 0;

  [[nodiscard]] bool is_unix() const noexcept { return !host.empty() && host.front() == '/'; }
  bool operator==(const Address&) const = default;
};

// "HOST", "HOST:PORT", "[IPV6]:PORT", "/path/of.sock" or "unix:/path/of.sock". Errc::bad_address for anything else.
[[nodiscard]] boost::system::result<Address> parse_address(std::string_view text, std::uint16_t default_port);

// The same form again, e.g. "[::1]:3306".
[[nodiscard]] std::string to_string(const Address& address);

// The name that a certificate met there must carry: of a unix socket "localhost", as client libraries have it.
[[nodiscard]] std::string certificate_name(const Address& address);

}  // namespace sluice::net
